"""Which of several rows about one book counts; one rule for pages, files and the command line."""

from datetime import date
from typing import Protocol

from recommender.shelves import is_unread

Rank = tuple[bool, bool, date, date]


class Telling(Protocol):
    """A row of a shelf, as a source or the database has it."""

    @property
    def stars(self) -> object: ...
    @property
    def shelf(self) -> str: ...
    @property
    def read_on(self) -> date | None: ...
    @property
    def added_on(self) -> date | None: ...


def preference(row: Telling) -> Rank:
    """A rank by which the row that tells most is the largest.

    A rated row before an unrated one, a read book before one that is still to be read, the last
    reading, and what was added last.
    """
    return (
        row.stars is not None,
        not is_unread(row.shelf),
        row.read_on or date.min,
        row.added_on or date.min,
    )
