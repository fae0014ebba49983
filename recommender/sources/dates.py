"""Dates as files have them, column by column: whether day or month comes first, the file tells."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

#: Nobody has read anything here before, and a year of two or three digits is a slip of the pen.
EARLIEST = date(1900, 1, 1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ].*)?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?: .*)?")
_MONTH_NAMED = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?: .*)?")
_DAY_AND_MONTH_NAMED = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4}|\d{2})(?: .*)?"
)


def last_day_begun() -> date:
    """The last day that has begun anywhere."""
    return datetime.now(UTC).date() + timedelta(days=1)


class DoubtfulDate(ValueError):
    """A day in the one reading is a month in the other, and nothing in the file tells which."""


@dataclass(slots=True)
class DateOrder:
    """Whether day or month comes first in a file, whose dates one program wrote all alike."""

    day_first: bool = False
    month_first: bool = False
    latest: date = field(default_factory=last_day_begun)

    def learn(self, texts: Iterable[str]) -> None:
        """Learn the order from dates that can be read in one way only."""
        for text in texts:
            if found := _YEAR_LAST.fullmatch(_bare(text)):
                first, separator, second = int(found[1]), found[2], int(found[3])
                # With points between them, the day comes first.
                self.day_first |= separator == "." or first > 12 >= second
                self.month_first |= second > 12 >= first

    def read(self, text: str) -> date | None:
        """The day that a text names; None for nothing, for what is no date, and absurd ones.

        Raises `DoubtfulDate` where two days may be meant.
        """
        parts = self._parts(_bare(text))
        if parts is None:
            return None
        try:
            day = date(*parts)
        except ValueError:
            return None
        return plausible(day, latest=self.latest)

    def _parts(self, text: str) -> tuple[int, int, int] | None:
        """Year, month and day."""
        if found := _YEAR_FIRST.fullmatch(text):
            return int(found[1]), int(found[3]), int(found[4])
        if found := _MONTH_NAMED.fullmatch(text):
            return int(found[3]), _month(found[1]), int(found[2])
        if found := _DAY_AND_MONTH_NAMED.fullmatch(text):
            return _year(found[3]), _month(found[2]), int(found[1])
        found = _YEAR_LAST.fullmatch(text)
        if found is None:
            return None
        first, second, year = int(found[1]), int(found[3]), _year(found[4])
        if first == second or (self.month_first and not self.day_first):
            return year, first, second
        if self.day_first and not self.month_first:
            return year, second, first
        if first > 12 or second > 12:
            return (year, second, first) if first > 12 else (year, first, second)
        raise DoubtfulDate(text)


def plausible(day: date, *, latest: date | None = None) -> date | None:
    """The day, None if nobody can have read anything on it: the latest is today, unless given."""
    return day if EARLIEST <= day <= (latest or last_day_begun()) else None


def _bare(text: str) -> str:
    return text.strip(" []\u200e\u200f")


def _month(name: str) -> int:
    """The number of a month by its English name; 0, which no date has, for another word."""
    return _MONTHS.index(name[:3].lower()) + 1 if name[:3].lower() in _MONTHS else 0


def _year(text: str) -> int:
    """A year of two digits lies within the last hundred years."""
    year = int(text)
    if len(text) == 4:
        return year
    this_year = datetime.now(UTC).year
    year += this_year // 100 * 100
    return year if year <= this_year else year - 100
