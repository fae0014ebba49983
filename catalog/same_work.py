"""Whether two titles name one work, or one of them a book about the other.

For what is not to be offered again, where a doubt costs one book of thousands; never to match a
line of a library, which gives it a rating (`catalog.matching`).
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from catalog.normalize import fold, split_title, title_key

TITLES_CACHED = 50_000

#: What stands behind the title proper.
_SUBTITLE = re.compile(
    r"\s*(?::|;|\s[-\u2013\u2014]|\s/|,?\s+or[,:;])\s+.*$", re.IGNORECASE | re.DOTALL
)
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_EDITION = re.compile(
    r"[\s,]+(?:(?:the|a)\s+)?(?:\d+\w*\s+)?(?:anniversary|deluxe|illustrated|annotated|special"
    r"|collector'?s|revised|expanded|complete|unabridged|abridged|movie[\s-]tie[\s-]in|kindle"
    r"|paperback|hardcover|audio)(?:\s+\w+)?\s+edition$|[\s,]+(?:un)?abridged$",
    re.IGNORECASE,
)
_VOLUME = re.compile(
    r"(?:\b(?:vol(?:ume)?s?|books?|parts?|issues?|tomes?|band|teil|libro)\b\.?\s*|#)"
    r"(?P<number>\d+|[ivxl]+\b|one|two|three|four|five|six)",
    re.IGNORECASE,
)
#: Words of books about other books, and of their other forms.
_COMPANION = re.compile(
    r"\b(?:study guide|spark ?notes|cliffs? ?notes|york notes|maxnotes|companion|summary"
    r"|analysis of|movie (?:storybook|guide|novel)|illustrated movie|official (?:guide|movie)"
    r"|screenplay|script|playscript|stage play|the play|sheet music|vocal selections?"
    r"|piano (?:solo|vocal)|colou?ring book|graphic novel|the graphic|graphic adaptation"
    r"|cookbook|unofficial|encyclopedia|encyclopaedia|handbook|making of|art of|trivia|quiz"
    r"|critical|casebook|readings on|essays on|notes on"
    r"|guide to|box(?:ed)? ?set|boxset|omnibus|trilogy|quartet|collection|complete|ultimate"
    r"|bundle|abridged)\b",
    re.IGNORECASE,
)
_FEWEST_LETTERS = 5


@dataclass(frozen=True, slots=True)
class Name:
    """A title taken apart, by keys that can be compared.

    `main` is the title without subtitle and words of its edition, but with the number of a volume.
    """

    main: str
    full: str
    series: str = ""
    number: Decimal | None = None

    def is_same_title(self, other: "Name") -> bool:
        """Whether both have the title proper, and no two different subtitles.

        Books of one series may have its name as the title and all else as subtitle.
        """
        if not self.main or self.main != other.main:
            return False
        return self.full in (self.main, other.full) or other.full == other.main

    def is_same_volume(self, other: "Name") -> bool:
        """Whether both are the same volume of a series, as a translation is."""
        is_volume = bool(self.series) and self.number is not None
        return is_volume and (self.series, self.number) == (other.series, other.number)


@lru_cache(maxsize=TITLES_CACHED)
def name_of(title: str) -> Name:
    """A title as a source or the catalog writes it, perhaps with its series in brackets."""
    split = split_title(title)
    bare = _BRACKETS.sub("", split.title).strip() or split.title
    proper = _EDITION.sub("", _SUBTITLE.sub("", bare)).strip() or bare
    main, full = title_key(proper), title_key(_EDITION.sub("", bare))
    behind = _VOLUME.search(bare[len(proper) :])
    if behind and not _VOLUME.search(proper):
        main = f"{main} {behind['number'].lower()}"
    is_range = split.last is not None or split.is_box_set
    return Name(main, full, series_key(split.series), None if is_range else split.number)


def series_key(name: str) -> str:
    """The key by which names of series are compared."""
    return title_key(name) if name else ""


def is_about_another(title: str) -> bool:
    """Whether a title is that of a companion, an adaptation or a collection of other books."""
    return bool(_COMPANION.search(title))


def names_work(title: str, main: str) -> bool:
    """Whether a title contains the title proper of another book, as a companion's does.

    A single word, or a short one, has to stand at its beginning or behind "of" or "to".
    """
    words = f" {fold(title)} "
    if " " in main and len(main) >= _FEWEST_LETTERS:
        return f" {main} " in words
    return bool(main) and bool(re.match(rf" (?:.* (?:of|to) )?(?:the )?{re.escape(main)} ", words))
