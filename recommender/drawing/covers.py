"""Drawn covers: cloth, ornament and lettering for books without a picture.

The same book always gets the same cover. `draw` lays it out in a box of 200 by 300 units, and
`recommender/_cover.html` turns it into SVG.
"""

import re
import unicodedata
import zlib
from dataclasses import dataclass

WIDTH, HEIGHT = 200, 300
#: More letters than a cover has room for; to cut a longer text down takes long.
LONGEST = 200
MARGIN = 24
TITLE_TOP, TITLE_HEIGHT = 40, 132
TITLE_SIZES = (30, 26, 22, 19, 16, 14)
AUTHOR_SIZES = (14, 12, 10)
LEADING = 1.16

#: What is not broken across lines, with the space before it: a word, or its part up to a hyphen.
_WORD = re.compile(r"(\s*)([^\s-]*-+|[^\s-]+)")

MOTIFS = ("frame", "bands", "arch", "sun", "hills", "fold", "grid", "moon")


@dataclass(frozen=True, slots=True)
class Cloth:
    """Colors that go together: the cloth, the lettering on it, and the ornament."""

    ground: str
    ink: str
    ornament: str


CLOTHS = (
    Cloth("#6e2230", "#f6e7c8", "#c98f5a"),  # oxblood
    Cloth("#23483a", "#f1e3bd", "#7fa06f"),  # forest
    Cloth("#22395b", "#f2e4c6", "#7f9cc0"),  # navy
    Cloth("#d09a3a", "#2a1a08", "#8a5a14"),  # ochre
    Cloth("#1f565a", "#f6e8cc", "#6fb0a6"),  # teal
    Cloth("#4e2a4f", "#f2dfcc", "#b07fa0"),  # plum
    Cloth("#96401f", "#fdf0d8", "#e0a060"),  # rust
    Cloth("#3c474f", "#f3e9d6", "#93a3ac"),  # slate
    Cloth("#dfcda8", "#3a2919", "#a8793f"),  # sand
    Cloth("#d29a8e", "#2e1512", "#8d4038"),  # rose
    Cloth("#545a2b", "#fbf4df", "#b5b56a"),  # moss
    Cloth("#27211d", "#e0bd7a", "#8f6b35"),  # ink
    Cloth("#b3c8cf", "#1b2b36", "#5f8797"),  # mist
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of lettering and its baseline."""

    text: str
    y: float


@dataclass(frozen=True, slots=True)
class Cover:
    """All parts of a drawn cover."""

    cloth: Cloth
    motif: str
    title: tuple[Line, ...]
    title_size: int
    author: str
    author_size: int


def draw(*, number: int, title: str, author: str) -> Cover:
    """Lay out the cover of a book; `number` chooses the cloth and the ornament."""
    title, author = title[:LONGEST], author[:LONGEST]
    seed = zlib.crc32(str(number).encode())
    size, lines = _set_title(title)
    top = TITLE_TOP + (TITLE_HEIGHT - len(lines) * size * LEADING) / 2
    author_size = next(
        (s for s in AUTHOR_SIZES if _width(author) * s <= _line_width()), AUTHOR_SIZES[-1]
    )
    return Cover(
        cloth=CLOTHS[seed % len(CLOTHS)],
        motif=MOTIFS[seed // len(CLOTHS) % len(MOTIFS)],
        title=tuple(
            Line(text, round(top + size * (0.9 + place * LEADING), 1))
            for place, text in enumerate(lines)
        ),
        title_size=size,
        author=_shorten(author, _line_width() / author_size),
        author_size=author_size,
    )


def _line_width() -> int:
    return WIDTH - 2 * MARGIN


def _set_title(title: str) -> tuple[int, list[str]]:
    """Choose the largest size at which the title fits; at the smallest, cut it to fit."""
    words = _WORD.findall(title)
    for size in TITLE_SIZES:
        lines = _wrap(words, _line_width() / size)
        fits = all(_width(line) * size <= _line_width() for line in lines)
        if fits and len(lines) * size * LEADING <= TITLE_HEIGHT:
            return size, lines
    size = TITLE_SIZES[-1]
    most = int(TITLE_HEIGHT / (size * LEADING))
    lines = _wrap(words, _line_width() / size)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]}…"]
    return size, [_shorten(line, _line_width() / size) for line in lines]


def _wrap(words: list[tuple[str, str]], width: float) -> list[str]:
    lines: list[str] = []
    for space, word in words:
        longer = f"{lines[-1]}{' ' if space else ''}{word}" if lines else ""
        if lines and _width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _shorten(text: str, width: float) -> str:
    if _width(text) <= width:
        return text
    while text and _width(text + "…") > width:
        text = text[:-1]
    return text.rstrip(" ,:;-") + "…"


def _width(text: str) -> float:
    """Estimate the width of a text in units of its size, rather too wide than too narrow."""
    return sum(_advance(character) for character in text)


def _advance(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in "iljtfI.,:;'’!|()[] ":
        return 0.36
    if character in "mwMW—…@":
        return 0.92
    return 0.72 if character.isupper() else 0.56
