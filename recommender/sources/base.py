"""What every source of ratings has in common: rows, pages and the ways in which a pull can fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, NamedTuple, Protocol


class ShelfRow(NamedTuple):
    """One book on a reader's shelf, as its source gives it.

    Files have tens of thousands, and a tuple is made in a third of the time of a dataclass.
    """

    source_key: (
        str  # the edition id at Goodreads; a stable key made of title and author without one
    )
    title: str
    author: str
    stars: float | None  # None: on the shelf, but not rated
    shelf: str
    isbn10: str = ""
    isbn13: str = ""
    work_id: int | None = None
    edition_id: int | None = None
    added_on: date | None = None
    read_on: date | None = None
    year: int | None = None
    line: int | None = None  # where the row stands in an uploaded file
    note: str = ""  # what of it could not be read, or why another row of the file counts
    read_count: int = 0  # how often it was read; 0 where the source does not say
    review_id: int | None = None  # stays the same when the reader switches the edition


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that could not be read, and why, so that the reader can be told."""

    line: int | None
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """One page of a shelf.

    ``complete`` is true on the page that proves that the whole shelf was seen. Where no page of a
    pull does (too many pages, a page that came twice), a row that is missing means nothing.
    """

    number: int
    rows: tuple[ShelfRow, ...]
    problems: tuple[RowProblem, ...] = ()
    repeated: tuple[ShelfRow, ...] = ()  # of a file: another row of the same key counts
    repeats: int = 0
    total: int | None = None
    etag: str = ""
    complete: bool = False

    @property
    def skipped(self) -> int:
        return len(self.problems)


class ShelfSource(Protocol):
    """A shelf, page by page; each page is fetched when it is asked for."""

    name: str

    def pages(self) -> Iterator[ShelfPage]: ...


class BadRow(ValueError):
    """A row that cannot be used; the message says why."""


class SourceError(Exception):
    """Why ratings could not be read; ``str()`` is the sentence for the reader.

    ``code`` names the reason for a program, ``retryable`` says whether the same pull may succeed
    in a while, and ``retry_after`` after how many seconds, where the source named a time.
    """

    code: ClassVar[str] = "source_error"
    default: ClassVar[str] = "Your books could not be read. Please try again later."
    retryable: ClassVar[bool] = False

    def __init__(self, sentence: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(sentence or self.default)
        self.retry_after = retry_after


class PrivateOrNotFound(SourceError):
    code = "private_or_not_found"
    default = (
        "This Goodreads profile is private or does not exist. Check the number, or open your "
        "profile to everyone in Goodreads' settings, or upload your export file instead."
    )


class UnknownShelf(SourceError):
    code = "unknown_shelf"
    default = "Goodreads has no such shelf for this reader. Upload your export file instead."


class BotFilter(SourceError):
    code = "bot_filter"
    default = (
        "Goodreads' firewall does not let our site read shelves at the moment. Your profile is "
        "fine. Upload your export file instead: that always works."
    )


class CircuitOpen(BotFilter):
    code = "circuit_open"
    default = (
        "Goodreads has turned us away several times, so we are leaving it in peace for a while. "
        "Please try again later, or upload your export file: that always works."
    )


class SourceUnavailable(SourceError):
    code = "source_unavailable"
    default = "Goodreads is too busy to answer just now. Please try again in a few minutes."
    retryable = True


class NotModified(SourceError):
    code = "not_modified"
    default = "Nothing on this shelf has changed since we last looked."


class MalformedFeed(SourceError):
    code = "malformed_feed"
    default = (
        "Goodreads sent something we could not read. Please try again in a few minutes, or upload "
        "your export file."
    )
    retryable = True


class UnsafeFeed(MalformedFeed):
    """Markup that has no place in a feed: a DTD, entities."""

    code = "unsafe_feed"
    retryable = False


class PageTooLarge(SourceError):
    code = "page_too_large"
    default = "Goodreads sent far more than a shelf can hold. Upload your export file instead."


class RedirectRefused(SourceError):
    code = "redirect_refused"
    default = (
        "Goodreads sent us to another address, where we do not go. Please try again later, or "
        "upload your export file."
    )


class SwitchedOff(SourceError):
    code = "switched_off"
    default = (
        "Reading from Goodreads is switched off on this site: its operator has set no contact "
        "address. Upload your export file instead."
    )
