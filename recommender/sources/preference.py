"""Which of several rows about one book counts; one rule for pages, files and the command line."""

from datetime import date
from typing import Protocol

from recommender.shelves import is_unread

Rank = tuple[bool, bool, date, date]


class RatedRow(Protocol):
    """A row of a shelf, from a source or the database."""

    @property
    def stars(self) -> object: ...
    @property
    def shelf(self) -> str: ...
    @property
    def read_on(self) -> date | None: ...
    @property
    def added_on(self) -> date | None: ...


def preference(row: RatedRow) -> Rank:
    """A rank; the best row has the largest.

    Rated rows come before unrated ones, then read books before unread ones, then the latest
    reading, then what was added last.
    """
    return (
        row.stars is not None,
        not is_unread(row.shelf),
        row.read_on or date.min,
        row.added_on or date.min,
    )
