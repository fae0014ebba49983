"""The cells of a CSV file: curated fields as text, and text as curated fields; without Django.

Values are those of `catalog.curation.acts.snapshots`, which JSON can hold. Parsing a formatted
cell gives back the value it was made from.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from catalog.credits import read_with_role, with_role
from catalog.languages import language_code
from catalog.normalize import clean_name

EARLIEST, LATEST = -3000, 2100
MAX_READERS = 2_147_483_647
MAX_SUBJECTS = 100
KINDS = ("work", "part", "omnibus", "box_set", "companion", "adaptation", "guide")

_INTEGER = re.compile(r"[0-9]{1,15}")
_YEAR = re.compile(r"[-\u2212]?[0-9]{1,4}")
_VOLUME = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,2})?")  # spreadsheets in some countries write 1,5
_WORK = re.compile(r"OL[0-9]{1,12}W")
_GENRE = re.compile(r"(?P<slug>[\w-]+)(?:\s*:\s*(?P<count>[0-9]{1,10}))?")


class BadCell(ValueError):
    """The cell has no valid value for its column; the message says what it should have."""


def format_cell(column: str, value: Any) -> str:
    """The text of a value; empty for None and for empty values."""
    if column == "genres":
        most_first = sorted(value.items(), key=lambda genre: (-genre[1], genre[0]))
        return _join(f"{slug}:{count}" for slug, count in most_first)
    if isinstance(value, list):
        return _join(value)
    return "" if value is None else str(value)


def parse_cell(column: str, text: str) -> Any:
    """The value of a cell; None as the count of a genre without one. Raises `BadCell`."""
    return PARSERS[column](text.strip())


def same_text(text: str, other: str) -> bool:
    """Whether two cells differ only in line endings, which spreadsheets change."""
    return text.replace("\r\n", "\n") == other.replace("\r\n", "\n")


def _join(items: Iterable[str]) -> str:
    return "; ".join(item.replace("\\", "\\\\").replace(";", "\\;") for item in items)


def _split(text: str) -> list[str]:
    """The items between semicolons; a semicolon after a backslash is part of an item."""
    items = [""]
    for piece in re.findall(r"\\[\\;]|;|[^\\;]+|\\", text):
        if piece == ";":
            items.append("")
        else:
            items[-1] += piece[-1] if piece in ("\\\\", "\\;") else piece
    return [name for name in map(clean_name, items) if name]


def _unique(items: list[str]) -> list[str]:
    twice = next((item for item in items if items.count(item) > 1), None)
    if twice is not None:
        raise BadCell(f"“{twice}” is listed twice; remove one.")
    return items


def _title(text: str) -> str:
    if not text:
        raise BadCell("A book needs a title; enter one, or leave the column out.")
    return clean_name(text)


def _authors(text: str) -> list[str]:
    credited = [read_with_role(item) for item in _split(text)]
    if not credited:
        raise BadCell("A book needs an author; enter one, or leave the column out.")
    _unique([name for name, _ in credited])
    return [with_role(name, role) for name, role in credited]


def _genres(text: str) -> dict[str, int | None]:
    genres: dict[str, int | None] = {}
    for item in _split(text):
        found = _GENRE.fullmatch(item)
        if found is None or int(found["count"] or 0) > MAX_READERS:
            raise BadCell(f"“{item}” is not a genre; write slugs, such as “fantasy:120; horror”.")
        if found["slug"] in genres:
            raise BadCell(f"“{found['slug']}” is listed twice; remove one.")
        genres[found["slug"]] = int(found["count"]) if found["count"] else None
    return genres


def _year(text: str) -> int | None:
    if not text:
        return None
    if not _YEAR.fullmatch(text) or not EARLIEST <= int(text.replace("\u2212", "-")) <= LATEST:
        raise BadCell(f"“{text}” is not a year; write a number such as 1969, or -750 for BCE.")
    return int(text.replace("\u2212", "-"))


def _language(text: str) -> str:
    code = language_code(text)
    if code is None or (text and not code):
        raise BadCell(f"“{text}” is not a language code; write one such as eng, fra or deu.")
    return code


def _volume(text: str) -> str | None:
    if not text:
        return None
    if not _VOLUME.fullmatch(text):
        raise BadCell(f"“{text}” is not a volume number; write one such as 3 or 1.5.")
    return f"{Decimal(text.replace(',', '.')).normalize():f}"


def _kind(text: str) -> str:
    kind = text.lower().replace(" ", "_")
    if kind not in KINDS:
        raise BadCell(f"“{text}” is not a kind of book; these are: {', '.join(KINDS)}.")
    return kind


def _integer(text: str) -> int | None:
    if not text:
        return None
    if not _INTEGER.fullmatch(text):
        raise BadCell(f"“{text}” is not a whole number; use digits only.")
    return int(text)


def _work_key(text: str) -> str:
    if text and not _WORK.fullmatch(text):
        raise BadCell(f"“{text}” is not an Open Library work; these look like OL45804W.")
    return text


def _subjects(text: str) -> list[str]:
    subjects = _unique(_split(text))
    if len(subjects) > MAX_SUBJECTS:
        raise BadCell(f"There are too many subjects; the limit is {MAX_SUBJECTS}.")
    return subjects


def _description(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


#: What parses a cell, by column, in the order of the file.
PARSERS: Mapping[str, Callable[[str], Any]] = {
    "title": _title,
    "original_title": clean_name,
    "authors": _authors,
    "genres": _genres,
    "year": _year,
    "language": _language,
    "series_name": clean_name,
    "series_number": _volume,
    "kind": _kind,
    "first_volume": _volume,
    "last_volume": _volume,
    "description": _description,
    "description_source": clean_name,
    "goodreads_work_id": _integer,
    "cover_id": _integer,
    "open_library_key": _work_key,
    "subjects": _subjects,
    "page_count": _integer,
    "locked_fields": _split,
}
