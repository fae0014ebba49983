"""What kind of thing a book is: a work of its own, or something made of other works.

The rules read titles, for books that nobody has looked at. Those of goodbooks-10k that the rules
catch have been looked through, and others that they miss; `goodbooks/kinds.csv` says what each is.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from catalog.models import Book
from catalog.normalize import SplitTitle

Kind = Book.Kind
MAX_VOLUME = 9999
CHECKED = Path(__file__).parent / "goodbooks" / "kinds.csv"


@dataclass(frozen=True, slots=True)
class Classified:
    """The kind of a book, and the first and last volume of a collection where they are known."""

    kind: Book.Kind = Kind.WORK
    first: Decimal | None = None
    last: Decimal | None = None


_GUIDE = re.compile(
    r"\b(?:study guide|literature guide|spark ?notes|cliffs? ?notes|cliffnotes|york notes|maxnotes"
    r"|monarch notes|bookrags|supersummary|shmoop|instaread|teacher'?s? guide|lesson plans?"
    r"|novel units|novel[- ]ties|lit ?plan|reading group guide|user'?s guide$"
    r"|summary (?:of|and analysis|& analysis)|summary:|(?:in-depth|chapter) summary"
    r"|conversation starters|critical (?:interpretations|insights)"
    r"|bloom'?s (?:notes|guides|reviews)|casebook)(?!\w)",
    re.IGNORECASE,
)
_COMPANION = re.compile(
    r"\b(?:(?:movie|film|visual|illustrated|official|unofficial|unauthorized|essential|reader'?s"
    r"|galaxy) companion|companion to|official (?:\w+ )?(?:movie )?guide"
    r"|(?:movie|fan|insider'?s|tribute) guide|: the ultimate guide|complete guide to middle-earth"
    r"|movie storybook|movie diary|director'?s notebook|unofficial .*\bcook ?book|colou?ring book"
    r"|sketchbook|(?:making|art) of the (?:movie|film)|making of (?:the )?(?:movie|film)"
    r"|film wizardry|page to screen|trivia (?:book|quiz)|quiz book|\w+ and philosophy:"
    r"|\(tv series|on the film phenomenon|companion$)(?!\w)",
    re.IGNORECASE,
)
_ADAPTATION = re.compile(
    r"\b(?:graphic novels?(?: adaptation)?|graphic adaptation|authorized adaptation|manga classics"
    r"|marvel illustrated|comic book, issue|junior noveli[sz]ation|screenplay|shooting script"
    r"|the play|playscript|stage play|drama[ts]i[sz]ation|sheet music|vocal selections?|vocal score"
    r"|piano[/ ]vocal|piano solos?|libretto|pop-up (?:book|adaptation)"
    r"|illustrated classics? editions?|great illustrated classics"
    r"|for (?:soprano|orchestra)|: (?:the )?manga)(?!\w)",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\bpart \w+ of \w+\b|, part \d+: |\bfree preview\b|\bsampler\b|: a story from |\w\s#\d+$",
    re.IGNORECASE,
)
_BOX_SET = re.compile(
    r"\b(?:box(?:ed)?[\s-]?sets?|boxsets?|\w+[- ](?:book|copy) (?:boxed |box )?"
    r"(?:set|collection|bundle)|books? \d+\s*[-\u2013]\s*\d+|bundle|box: the)\b"
    r"|: #\d+\s*[-\u2013]\s*\d+$",
    re.IGNORECASE,
)
_SOLD_TOGETHER = re.compile(r"\b(?:collection|complete series|books)\b", re.IGNORECASE)
_OMNIBUS = re.compile(
    r"\bomnibus\b|\btrilogy(?: collector'?s edition)?(?:$|:)|\b(?:duology|quartet|tetralogy)$"
    r"|\bcomplete (?:\w+ )?(?:novels|works|adventures)\b|, compendium \d|: a .* treasury$"
    r"|\b(?:two|three|four|five|six) (?:complete )?novels\b|[a-z]\s/\s[a-z]|[a-z]/the\b",
    re.IGNORECASE,
)


def classify(split: SplitTitle, original_title: str = "") -> Classified:
    """The kind of a book by its title taken apart."""
    named = f"{split.title} ({split.series})" if split.series else split.title
    for pattern, kind in (
        (_GUIDE, Kind.GUIDE),
        (_COMPANION, Kind.COMPANION),
        (_ADAPTATION, Kind.ADAPTATION),
    ):
        if pattern.search(named):
            return Classified(kind)
    if split.part or _PART.search(split.title):
        return Classified(Kind.PART)
    return _collection(split, original_title) or Classified()


def _collection(split: SplitTitle, original_title: str) -> Classified | None:
    # A range that ends before the first volume is of novellas, which were published together.
    several = split.last is not None and 1 <= split.last <= MAX_VOLUME
    first, last = (split.number, split.last) if several else (None, None)
    if _BOX_SET.search(split.title) or _BOX_SET.search(original_title):
        return Classified(Kind.BOX_SET, first, last)
    if several:
        is_box = bool(_SOLD_TOGETHER.search(split.title))
        return Classified(Kind.BOX_SET if is_box else Kind.OMNIBUS, first, last)
    return Classified(Kind.OMNIBUS) if _OMNIBUS.search(split.title) else None


@cache
def checked_kinds(path: Path = CHECKED) -> Mapping[int, Classified]:
    """The kinds of the works of goodbooks-10k that were looked through, by Goodreads' work id."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            int(row["goodreads_work_id"]): Classified(
                Kind(row["kind"]), _number(row["first"]), _number(row["last"])
            )
            for row in csv.DictReader(file)
        }


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def kind_of(
    split: SplitTitle, *, original_title: str = "", work_id: int | None = None
) -> Classified:
    """What a book is: as it was looked up where somebody did, else by the rules."""
    checked = checked_kinds().get(work_id) if work_id else None
    return checked or classify(split, original_title)


def volumes_problem(*, kind: str, series: str, first: Decimal | None, last: Decimal | None) -> str:
    """Why a book can't have this range of volumes; empty if it can."""
    if first is None and last is None:
        return ""
    if first is None or last is None:
        return "A range of volumes needs its first and its last volume."
    if first > last:
        return "The first volume comes after the last one."
    if kind not in Book.COLLECTIONS:
        return "Only an omnibus or a box set has a range of volumes."
    return "" if series else "A range of volumes needs the name of the series."
