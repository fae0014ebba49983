"""Delimited text as services and spreadsheets write it: its encoding, its heading, its rows.

A file is read as a stream, from its start each time; nothing here knows Django.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import BinaryIO, Literal, NamedTuple
from unicodedata import combining, name

from charset_normalizer import from_bytes

#: What may stand between cells; spreadsheets of some countries write semicolons.
DELIMITERS = ",;\t"
#: A longer cell is a quote that nobody closed. The csv module knows one limit for the process.
LONGEST_CELL = 4_000_000
#: The longest line and heading: a cell takes more memory than it has letters.
LONGEST_LINE, LONGEST_HEADING = 1_000_000, 50_000
csv.field_size_limit(LONGEST_CELL)
#: Spreadsheets leave thousands of lines after a table; millions would only take time to read.
MOST_EMPTY_LINES = 100_000

_CHUNK = 256 * 1024
#: How many bytes of lines beyond ASCII are enough to guess their encoding.
_SAMPLE = 64 * 1024
_SAMPLE_ROWS = 500
_HIGH = re.compile(rb"[\x80-\xff]+")
#: Encodings of one language or group of languages, the most common ones first.
LEGACY_ENCODINGS = (
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1257",
    "cp1255",
    "cp1256",
    "koi8_r",
    "mac_roman",
    "shift_jis",
    "gb18030",
    "big5",
    "euc_kr",
)
#: Differences in "chaos" that say nothing about a few words.
_AS_GOOD = 0.03
_WORD = re.compile(r"[^\s\x00-\x40\x5b-\x60\x7b-\x7f]+")
#: Letters in places where no language that is written in the encoding has them; they are those of
#: Czech, Hungarian, Croatian or Turkish in the one, of French, Spanish or Swedish in the other.
_UNLIKELY = {
    "cp1252": re.compile(
        r"[ìò]\w|\wþ|^Ý|\wù\w|[šž]|ø\w*[áíèýúé]|[áíèýúé]\w*ø|õ(?!e)|[aeiou]æ$|è[^e\W]*[áíýú]",
        re.IGNORECASE,
    ),
    "cp1250": re.compile(r"[ŕĺ]|ń[aeiouy]|ăo$|ď[^\W]|č\w*e$|ęt", re.IGNORECASE),
}
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


class UnreadableTable(ValueError):
    """The file is not delimited text."""


class TooManyEmptyLines(UnreadableTable):
    """There is hardly anything between the line breaks."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding by its name in Python; guessed where the bytes allow others too."""

    name: str
    is_guessed: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """One way to read the first line of a table."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    lines: int  # of the file, up to and with the heading
    is_quoted: bool = True  # whether quotes mean anything between the cells


class Row(NamedTuple):
    """The cells of a row, and the line of the file on which it begins."""

    line: int
    cells: list[str]


def _odd_byte(error: UnicodeError) -> tuple[str, int]:
    """Stand in for a byte that is no UTF-8: a letter of western Europe, where it may be one.

    The bytes that begin a letter of such languages in UTF-8 are what is left of one.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    odd = error.object[error.start : error.end]
    is_cut_off = len(odd) > 1 or 0xC2 <= odd[0] <= 0xC5 or odd[0] < 0xA0
    return ("\ufffd" if is_cut_off else odd.decode("cp1252")), error.end


codecs.register_error("odd_byte", _odd_byte)


def find_encoding(file: BinaryIO) -> Encoding | None:
    """How the text of a file is encoded; None where it is not text.

    1. A byte order mark names it.
    2. If every second byte of the heading is zero, it is UTF-16 without such a mark.
    3. If most runs of bytes beyond ASCII are valid UTF-8, it is UTF-8, even if a few are not.
    4. Otherwise charset-normalizer guesses, from the lines that have such bytes.
    """
    file.seek(0)
    start = file.read(4096)
    if start.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8-sig")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16")
    if b"\0" in start:
        return _utf_16_without_mark(start)
    valid, runs, has_zero = _count_utf_8(file)
    if has_zero:
        return None
    if 2 * valid >= runs:
        return Encoding("utf-8")
    return Encoding(_guess(_lines_beyond_ascii(file)), is_guessed=True)


def _utf_16_without_mark(start: bytes) -> Encoding | None:
    """The letters of a heading are ASCII, so that every second byte is zero."""
    halves = {"utf-16-be": start[::2], "utf-16-le": start[1::2]}
    for encoding, half in halves.items():
        if half.count(0) > 0.9 * len(half):
            return Encoding(encoding)
    return None


def _count_utf_8(file: BinaryIO) -> tuple[int, int, bool]:
    """Runs beyond ASCII that are valid UTF-8, all such runs, and whether there is a NUL."""
    file.seek(0)
    valid = runs = 0
    rest = b""
    while chunk := file.read(_CHUNK):
        if b"\0" in chunk:
            return valid, runs, True
        chunk = rest + chunk
        # A run at the end may go on in the next chunk.
        end = len(chunk)
        while end and chunk[end - 1] >= 0x80 and len(chunk) - end < _CHUNK:
            end -= 1
        rest, chunk = chunk[end:], chunk[:end]
        for run in _HIGH.findall(chunk):
            runs += 1
            valid += _is_utf_8(run)
    for run in _HIGH.findall(rest):
        runs += 1
        valid += _is_utf_8(run)
    return valid, runs, False


def _is_utf_8(run: bytes) -> bool:
    try:
        run.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines_beyond_ascii(file: BinaryIO) -> bytes:
    file.seek(0)
    sample = bytearray()
    for line in iter(lambda: file.readline(_CHUNK), b""):
        if not line.isascii():
            sample += line
        if len(sample) > _SAMPLE:
            break
    return bytes(sample)


def _guess(sample: bytes) -> str:
    """The encoding in which a sample looks least garbled; of equals the more common one.

    charset-normalizer leaves several for few words, as library files have them.
    """
    matches = list(from_bytes(sample, cp_isolation=list(LEGACY_ENCODINGS)))
    if not matches:
        return LEGACY_ENCODINGS[0]
    least = min(match.chaos for match in matches)
    likely = {
        name
        for match in matches
        if match.chaos <= least + _AS_GOOD
        for name in match.could_be_from_charset
    }
    return min(
        (name for name in LEGACY_ENCODINGS if name in likely),
        key=lambda name: _garbled_words(sample.decode(name, "replace"), name),
        default=matches[0].encoding,
    )


def _garbled_words(text: str, encoding: str) -> int:
    """How many words can't be part of a title or a name in a language of the encoding."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    unlikely = _UNLIKELY.get(encoding)
    garbled = sum(bool(_is_garbled(word) or (unlikely and unlikely.search(word))) for word in words)
    initials = [word[0] for word in words if not word[0].isascii()]
    # Titles and names have capitals, where the script has such.
    has_no_capital = bool(initials) and all(initial.islower() for initial in initials)
    return garbled + has_no_capital * len(initials)


def _is_garbled(word: str) -> bool:
    """Whether a word has signs or capitals inside, begins with an accent, or mixes scripts."""
    scripts = {name(letter, "?").partition(" ")[0] for letter in word if letter.isalpha()}
    return (
        len(scripts - {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}) > 1
        or combining(word[0]) > 0
        or any(not (letter.isalpha() or combining(letter)) for letter in word)
        or any(a.islower() and b.isupper() for a, b in pairwise(word) if not b.isascii())
    )


@contextmanager
def _as_text(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    """The file as text from its start; it stays open afterwards."""
    file.seek(0)
    errors = "odd_byte" if encoding.startswith("utf-8") else "replace"
    text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
    try:
        yield text
    finally:
        text.detach()


def headings(file: BinaryIO, encoding: str) -> list[Heading]:
    """Every way to split the first line that is not empty, the one with most columns first.

    A line `sep=;`, as spreadsheets write it for each other, names what stands between the cells. A
    heading that was put into quotes as a whole is taken out of them.
    """
    delimiters, first, lines = DELIMITERS, "", 0
    with _as_text(file, encoding) as text:
        for line in islice(iter(lambda: text.readline(LONGEST_HEADING), ""), MOST_EMPTY_LINES):
            lines += 1
            if named := _SEPARATOR_LINE.fullmatch(line):
                delimiters = named[1]
            elif line.strip():
                first = line.strip()
                break
    found = []
    for delimiter in delimiters:
        columns = [_column(cell) for cell in _cells_of(first, delimiter)]
        if any(columns):
            found.append(Heading(encoding, delimiter, tuple(columns), lines))
    found.sort(key=lambda heading: -len(heading.columns))
    return [_with_quoting(file, heading, first) for heading in found]


def _column(cell: str) -> str:
    return " ".join(cell.replace("\ufeff", "").split())


def _cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of a line, or of what stands in the one cell that it is."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
        if len(cells) == 1 and cells[0] != line and delimiter in cells[0]:
            cells = next(csv.reader([cells[0]], delimiter=delimiter), [])
    except csv.Error:
        return []
    return cells


def _with_quoting(file: BinaryIO, heading: Heading, first: str) -> Heading:
    """Find out whether quotes between tabs mean anything: one service writes none."""
    if heading.delimiter != "\t" or len(heading.columns) == 1 or '"' in first:
        return heading
    bare = Heading(heading.encoding, "\t", heading.columns, heading.lines, is_quoted=False)
    try:
        return heading if _is_quoted(file, bare) else bare
    except UnreadableTable:
        return heading


def _is_quoted(file: BinaryIO, bare: Heading) -> bool:
    """Whether cells in quotes are so by a rule: doubled inside, and put round commas.

    A cell that merely begins with a quote, as titles do, breaks the rule.
    """
    by_rule = 0
    for row in islice(rows(file, bare), _SAMPLE_ROWS):
        for cell in row.cells:
            if not cell.startswith('"'):
                continue
            inside = cell[1:-1] if len(cell) > 1 and cell.endswith('"') else None
            if inside is None or '"' in inside.replace('""', ""):
                return False
            by_rule += '""' in inside or "," in inside
    return by_rule > 0


def rows(file: BinaryIO, heading: Heading) -> Iterator[Row]:
    """The rows below a heading that have anything in them.

    A row that was put into quotes as a whole is taken out of them. Raises `UnreadableTable` where
    a quote is never closed, and `TooManyEmptyLines`.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if heading.is_quoted else csv.QUOTE_NONE
    with _as_text(file, heading.encoding) as text:
        for _ in range(heading.lines):
            text.readline(LONGEST_CELL)
        reader = csv.reader(_lines(text), delimiter=heading.delimiter, quoting=quoting)
        line, empty = heading.lines + 1, 0
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield Row(line, _unwrapped(cells, heading))
                elif (empty := empty + 1) > MOST_EMPTY_LINES:
                    raise TooManyEmptyLines(f"{empty} empty lines")
                line = heading.lines + reader.line_num + 1
        except csv.Error as error:
            raise UnreadableTable(f"line {line}: {error}") from error


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a file; raises `UnreadableTable` for one too long to be split into cells."""
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise UnreadableTable("a line without end")
        yield line


def _unwrapped(cells: list[str], heading: Heading) -> list[str]:
    """A row whose cells are all in its first one, with only empty ones after it."""
    if len(heading.columns) == 1 or heading.delimiter not in cells[0] or any(cells[1:]):
        return cells
    inside = _cells_of(cells[0], heading.delimiter)
    return inside if len(inside) > 1 else cells
