"""Whether two titles name one work, or one of them something made of the other.

For what is not to be offered again, where a doubt costs one book of thousands; never to match a
line of a library, which gives it a rating (`catalog.matching`).
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from catalog.normalize import fold, series_key, split_title, title_key
from catalog.title_parts import (
    split_subtitle,
    volumes_in,
    without_brackets,
    without_edition_behind,
)

TITLES_CACHED = 50_000

#: What a collection adds to the title of the work it is named for.
_AND_OTHERS = re.compile(
    r"\s+(?:and|&)\s+(?:(?:two|three|four|five|six|eight) )?(?:other|selected)\s"
    r"(?:[\w-]+\s){0,2}(?:stories|tales|plays|poems|works|writings|essays|fictions?|pieces)\b.*$",
    re.IGNORECASE,
)
_FEWEST_LETTERS = 5


@dataclass(frozen=True, slots=True)
class Name:
    """A title taken apart, by keys that can be compared.

    `main` is the title without subtitle and words of its edition, but with the number of a volume.
    `number` and `last` are the first and the last volume of the series; mostly they are one.
    """

    main: str
    full: str
    series: str = ""
    number: Decimal | None = None
    last: Decimal | None = None

    @property
    def is_volume(self) -> bool:
        """Whether it is a single volume of a series."""
        return bool(self.series) and self.number is not None and self.number == self.last

    def is_same_title(self, other: "Name") -> bool:
        """Whether both have the title proper, and no two different subtitles.

        Books of one series may have its name as the title and all else as subtitle.
        """
        if not self.main or self.main != other.main:
            return False
        return self.full in (self.main, other.full) or other.full == other.main


@lru_cache(maxsize=TITLES_CACHED)
def name_of(title: str) -> Name:
    """A title as a source or the catalog writes it, perhaps with its series in brackets."""
    split = split_title(title)
    bare = without_brackets(split.title)
    proper, behind = split_subtitle(bare)
    proper = without_edition_behind(_AND_OTHERS.sub("", proper)).strip() or bare
    main, full = title_key(proper), title_key(without_edition_behind(bare))
    if (volumes := volumes_in(behind)) and not volumes_in(proper):
        main = f"{main} {volumes[0]}"
    last = split.last if split.last is not None else split.number
    return Name(main, full, series_key(split.series), split.number, last)


def names_work(title: str, main: str) -> bool:
    """Whether a title contains the title proper of another book, as an adaptation's does.

    A single word, or a short one, has to stand at its beginning or after "of" or "to".
    """
    words = padded_words(title)
    place = words.find(f" {main} ")
    if not main or place < 0:
        return False
    if " " in main and len(main) >= _FEWEST_LETTERS:
        return True
    before = words[:place].split()
    if before[-1:] == ["the"]:
        before.pop()
    return not before or before[-1] in ("of", "to")


@lru_cache(maxsize=TITLES_CACHED)
def padded_words(title: str) -> str:
    """The words of a title with a space around each, so that whole words can be found."""
    return f" {fold(title)} "
