"""The picture that stands for a shared list where its link is posted: name, reason, covers.

A PNG, because that is what other sites show; in the site's own paper, cloth and type.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from recommender.drawing.covers import HEIGHT as COVER_HEIGHT
from recommender.drawing.covers import WIDTH as COVER_WIDTH
from recommender.drawing.covers import Cover

#: What other sites show uncropped: 1.91 to 1.
WIDTH, HEIGHT = 1200, 630
MARGIN = 72
PAPER, INK, FADED, CLOTH, EDGE = "#f5ecdc", "#2a2018", "#665546", "#7c2530", "#9a8568"
COVERS, GAP = 5, 26
SHELF = 560
NAME_SIZES, NAME_LINES = (66, 54, 44), 2
#: Stands for a name in letters that the type does not have.
UNNAMED = "What to read next"
WHY_SIZE, WHY_LINES = 27, 2
#: More letters than two lines have room for; to measure a longer text takes long.
LONGEST = 300
#: Covers are drawn this much larger, then made small, which smooths their ornaments.
FINER = 2
REGULAR, BOLD = 400, 650

FONTS = Path(__file__).parents[2] / "static" / "fonts"
#: Which file has a letter, by the ranges that the stylesheet names for them.
LATIN = ((0x20, 0xFF), (0x131, 0x131), (0x152, 0x153), (0x2BB, 0x2DC), (0x2013, 0x2044))
LATIN_EXT = ((0x100, 0x2BA), (0x1E00, 0x1EFF), (0x20A0, 0x20CF))
FILES = {
    "literata-latin-wght-normal.woff2": LATIN,
    "literata-latin-ext-wght-normal.woff2": LATIN_EXT,
}

#: What each ornament consists of: kind, width of the stroke, places (of an arc its ends, too).
Shape = tuple[Any, ...]
TOP_LINE: Shape = ("line", 3, 24, 24, 176, 24)
ORNAMENTS: dict[str, tuple[Shape, ...]] = {
    "frame": (
        ("outline", 2, 12, 12, 188, 12, 188, 288, 12, 288),
        ("solid", 0, 100, 188, 114, 206, 100, 224, 86, 206),
        ("line", 2, 44, 206, 78, 206),
        ("line", 2, 122, 206, 156, 206),
    ),
    "bands": (
        *(("line", 3, 0, y, 200, y) for y in (24, 30, 188, 194, 228, 234)),
        *(("disk", 0, x, 208, x + 6, 214) for x in range(20, 180, 10)),
    ),
    "arch": (
        ("arc", 4, 14, 18, 186, 190, 180, 360),
        ("line", 4, 16, 104, 16, 300),
        ("line", 4, 184, 104, 184, 300),
        ("disk", 0, 90, 186, 110, 232),
    ),
    "sun": (("disk", 0, 85, 195, 115, 225), TOP_LINE),
    "moon": (("disk", 0, 85, 195, 115, 225), ("hole", 0, 95, 193, 121, 219), TOP_LINE),
    "hills": (
        ("disk", 0, 133, 183, 159, 209),
        ("arc", 2, -20, 216, 110, 300, 200, 340),
        ("arc", 2, 70, 226, 220, 310, 200, 340),
        TOP_LINE,
    ),
    "fold": (
        ("solid", 0, 200, 0, 200, 62, 138, 0),
        ("line", 3, 24, 196, 176, 196),
        ("line", 3, 24, 204, 120, 204),
    ),
    "grid": (
        *(("outline", 2, x, 182, x + 20, 202, x, 222, x - 20, 202) for x in (40, 80, 120, 160)),
        TOP_LINE,
    ),
}

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True)
class Type:
    """Literata in one size and weight, over all its files."""

    size: float
    weight: int = REGULAR

    def width(self, text: str) -> float:
        return sum(_font(name, self).getlength(part) for name, part in _parts(text))

    def write(
        self, draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, ink: str
    ) -> None:
        """Write a line from its left end; `at` is on the baseline."""
        x, y = at
        for name, part in _parts(text):
            draw.text((x, y), part, font=_font(name, self), fill=ink, anchor="ls")
            x += _font(name, self).getlength(part)


def draw_card(*, name: str, why: str, covers: Sequence[Cover]) -> bytes:
    """The picture of a list as a PNG; `why` may be empty, and letters no font has are left out."""
    card = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(card)
    room = WIDTH - 2 * MARGIN
    name_type, lines = _fit(name if _parts(name.replace(" ", "")) else UNNAMED, room)
    base = MARGIN + name_type.size * 0.75
    for line in lines:
        name_type.write(draw, (MARGIN, base), line, INK)
        base += name_type.size * 1.15
    base += WHY_SIZE * 0.2
    for line in _wrap(why, Type(WHY_SIZE), room)[:WHY_LINES]:
        Type(WHY_SIZE).write(draw, (MARGIN, base), line, FADED)
        base += WHY_SIZE * 1.4
    _put_covers(card, covers[:COVERS], top=base)
    draw.rectangle((0, SHELF, WIDTH, SHELF + 9), fill=EDGE)
    Type(27, BOLD).write(draw, (MARGIN, SHELF + 48), "Bookfold", CLOTH)
    file = io.BytesIO()
    card.save(file, "PNG", optimize=False, compress_level=6)
    return file.getvalue()


def _put_covers(card: Image.Image, covers: Sequence[Cover], *, top: float) -> None:
    """Stand the covers on the shelf, as large as the words above leave room for."""
    width = (WIDTH - 2 * MARGIN - (COVERS - 1) * GAP) / COVERS
    scale = min(width / COVER_WIDTH, (SHELF - top) / COVER_HEIGHT)
    size = round(COVER_WIDTH * scale), round(COVER_HEIGHT * scale)
    for place, cover in enumerate(covers):
        small = _draw_cover(cover).resize(size, Image.Resampling.LANCZOS)
        card.paste(small, (round(MARGIN + place * (width + GAP)), SHELF - size[1]))


def _draw_cover(cover: Cover) -> Image.Image:
    picture = Image.new("RGB", (COVER_WIDTH * FINER, COVER_HEIGHT * FINER), cover.cloth.ground)
    draw = ImageDraw.Draw(picture)
    _ornament(draw, cover)
    title = Type(cover.title_size * FINER, BOLD)
    lines = [(title, line.text, line.y) for line in cover.title]
    lines.append((Type(cover.author_size * FINER), cover.author, 268.0))
    for face, text, y in lines:
        left = (COVER_WIDTH * FINER - face.width(text)) / 2
        face.write(draw, (left, y * FINER), text, cover.cloth.ink)
    draw.line(_large(7, 0, 7, COVER_HEIGHT), fill=_darker(cover.cloth.ground), width=3 * FINER)
    return picture


def _ornament(draw: ImageDraw.ImageDraw, cover: Cover) -> None:
    """The ornament in the lines of `recommender/_cover.html`, without its finest strokes."""
    ink = cover.cloth.ornament
    for kind, stroke, *places in ORNAMENTS[cover.motif]:
        at, width = _large(*places), stroke * FINER
        match kind:
            case "line":
                draw.line(at, fill=ink, width=width)
            case "arc":
                draw.arc(at[:4], places[4], places[5], fill=ink, width=width)
            case "disk":
                draw.ellipse(at, fill=ink)
            case "hole":
                draw.ellipse(at, fill=cover.cloth.ground)
            case "solid":
                draw.polygon(at, fill=ink)
            case _:
                draw.polygon(at, outline=ink, width=width)


def _large(*places: float) -> list[float]:
    return [place * FINER for place in places]


def _darker(color: str) -> str:
    return "#" + "".join(f"{int(color[at : at + 2], 16) * 84 // 100:02x}" for at in (1, 3, 5))


def _fit(name: str, room: float) -> tuple[Type, list[str]]:
    """The largest size at which the name fits into two lines; at the smallest, the first two."""
    for size in NAME_SIZES:
        face = Type(size, BOLD)
        lines = _wrap(name, face, room)
        if len(lines) <= NAME_LINES:
            break
    return face, lines[:NAME_LINES]


def _wrap(text: str, face: Type, room: float) -> list[str]:
    """Break a text between words; a word that is wider than the room is cut."""
    lines: list[str] = []
    for word in text[:LONGEST].split():
        cut = word
        while cut and face.width(cut) > room:
            cut = cut[:-1]
        longer = f"{lines[-1]} {cut}" if lines else ""
        if lines and face.width(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(cut)
    return lines


def _parts(text: str) -> list[tuple[str, str]]:
    """The text in parts, each with the file that has its letters."""
    parts: list[tuple[str, str]] = []
    for letter in text:
        name = _file_of(letter)
        if name is None:
            continue
        if parts and parts[-1][0] == name:
            parts[-1] = (name, parts[-1][1] + letter)
        else:
            parts.append((name, letter))
    return parts


def _file_of(letter: str) -> str | None:
    code = ord(letter)
    return next(
        (name for name, ranges in FILES.items() if any(a <= code <= b for a, b in ranges)), None
    )


@cache
def _font(name: str, face: Type) -> Font:
    font = ImageFont.truetype(FONTS / name, face.size)
    font.set_variation_by_axes([face.weight])
    return font
