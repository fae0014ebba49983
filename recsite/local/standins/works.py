"""The works of the stand-in for Open Library: a folder's books, some others, and faulty ones."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

from recsite.local.standins.folder import GoodbooksFolder

_FIRST_KEY = 9_000_000_000  # beyond any number Open Library has given out
_SERIES = re.compile(r"\s*\([^()]*#[^()]*\)$")


class WorkFault(IntEnum):
    """Numbers of works, each with its own ISBN; from 403 to 433 the search for the work fails."""

    NO_DESCRIPTION = 1
    BARE_DESCRIPTION = 2
    TYPED_DESCRIPTION = 3
    MARKUP = 4
    NO_COVER = 5
    MERGED = 6
    OTHER_AUTHOR = 7
    ODD_VALUES = 8
    UNREADABLE = 9
    SEARCH_REFUSED = 403
    SEARCH_BUSY_FOR_SECONDS = 429
    SEARCH_BUSY_UNTIL_DATE = 430
    SEARCH_BUSY_FOR_LONG = 431
    SEARCH_TRUNCATED_ONCE = 432
    SEARCH_TRUNCATED_ALWAYS = 433
    UNAVAILABLE_ONCE = 503
    UNAVAILABLE_ALWAYS = 504
    TRUNCATED_ALWAYS = 505
    SLOW = 506
    HANG = 507
    GZIP_BOMB = 508
    REDIRECT_OFF_HOST = 509
    REDIRECT_ON_HOST = 510
    GONE = 511


NOTES: dict[WorkFault, str] = {
    WorkFault.NO_DESCRIPTION: "no description",
    WorkFault.BARE_DESCRIPTION: "the description is a string",
    WorkFault.TYPED_DESCRIPTION: "the description is an object of type and value",
    WorkFault.MARKUP: "a description with markup, links and notes",
    WorkFault.NO_COVER: "no cover",
    WorkFault.MERGED: "the work's page names the work it was merged into",
    WorkFault.OTHER_AUTHOR: "the ISBN is another author's book",
    WorkFault.ODD_VALUES: "values of the wrong types",
    WorkFault.UNREADABLE: "texts with NULs, halves of surrogate pairs, and letters that grow",
    WorkFault.SEARCH_REFUSED: "403 for the search",
    WorkFault.SEARCH_BUSY_FOR_SECONDS: "429 with Retry-After in seconds, then an answer",
    WorkFault.SEARCH_BUSY_UNTIL_DATE: "429 with Retry-After as a date, then an answer",
    WorkFault.SEARCH_BUSY_FOR_LONG: "429 with a Retry-After of ten minutes",
    WorkFault.SEARCH_TRUNCATED_ONCE: "JSON that breaks off, then an answer",
    WorkFault.SEARCH_TRUNCATED_ALWAYS: "JSON that breaks off",
    WorkFault.UNAVAILABLE_ONCE: "503 for the work's page, then an answer",
    WorkFault.UNAVAILABLE_ALWAYS: "503 for the work's page every time",
    WorkFault.TRUNCATED_ALWAYS: "a work's page that breaks off",
    WorkFault.SLOW: "a work's page that takes long",
    WorkFault.HANG: "a work's page that never comes",
    WorkFault.GZIP_BOMB: "a small page that unpacks to 64 MB",
    WorkFault.REDIRECT_OFF_HOST: "a redirect to another host",
    WorkFault.REDIRECT_ON_HOST: "a redirect to another work",
    WorkFault.GONE: "404",
}

MARKED_UP = (
    "<p>A **quiet** book about a [lighthouse](https://elsewhere.example/light) &amp; its "
    "keeper.</p><script>alert(1)</script>\r\n\r\nThe *second* part is louder. "
    "([source][1])\r\n\r\n  [1]: https://elsewhere.example/source\r\n\r\n----------\r\n"
    "Also contained in:\r\n[Everything](https://elsewhere.example/works/OL1W)\r\n"
)


#: Newer than goodbooks-10k, and not on the starter shelf: title, author, year, ISBN, subjects.
_ADDITIONAL = (
    (
        "Klara and the Sun",
        "Kazuo Ishiguro",
        2021,
        "9780593318171",
        ("Science fiction", "Robots", "Friendship"),
    ),
    (
        "The Testaments",
        "Margaret Atwood",
        2019,
        "9780385543781",
        ("Dystopian fiction", "Women", "Fiction"),
    ),
    (
        "Tomorrow, and Tomorrow, and Tomorrow",
        "Gabrielle Zevin",
        2022,
        "9780593321201",
        ("Friendship", "Video games", "Fiction"),
    ),
    (
        "The Thursday Murder Club",
        "Richard Osman",
        2020,
        "9781984880963",
        ("Mystery fiction", "Retirement communities"),
    ),
    (
        "Hamnet",
        "Maggie O'Farrell",
        2020,
        "9780525657606",
        ("Fiction, historical, general", "Plague", "Twins"),
    ),
    (
        "Where the Crawdads Sing",
        "Delia Owens",
        2018,
        "9780735219090",
        ("Fiction, coming of age", "North Carolina"),
    ),
)


@dataclass(frozen=True, slots=True)
class Work:
    """A work as the stand-in knows it."""

    key: str
    title: str
    author: str
    isbns: tuple[str, ...]
    goodreads_ids: tuple[str, ...] = ()
    year: int | None = None
    description: str = ""
    is_typed: bool = False  # the description comes as an object
    cover_id: int | None = None
    subjects: tuple[str, ...] = ()
    pages: int | None = None
    languages: tuple[str, ...] = ()
    shelves: int = 0  # of readers of Open Library
    fault: WorkFault | None = None
    odd: dict[str, object] = field(default_factory=dict)  # what the search answers instead


def isbn_of(fault: WorkFault) -> str:
    """The ISBN-13 of the work with this fault."""
    stem = f"979899{fault:06}"
    total = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(stem))
    return stem + str(-total % 10)


def works_of(folder: GoodbooksFolder) -> Iterator[Work]:
    """Works made from a folder's books, without what it lacks: no cover, no subjects."""
    for book in folder.books.values():
        yield Work(
            key=f"OL{_FIRST_KEY + book.book_id}W",
            title=_SERIES.sub("", book.title),
            author=book.author,
            isbns=(book.isbn,) if book.isbn else (),
            goodreads_ids=tuple(map(str, book.editions)),
            year=book.year,
            description=folder.descriptions.get(book.book_id, ""),
            is_typed=book.book_id % 2 == 0,
        )


def additional_works() -> Iterator[Work]:
    """Well-known works that the data sets lack, to be added to a catalog."""
    for number, (title, author, year, isbn, subjects) in enumerate(_ADDITIONAL, start=1):
        yield Work(
            key=f"OL{_FIRST_KEY * 9 + number}W",
            title=title,
            author=author,
            isbns=(isbn,),
            year=year,
            description=f"A novel by {author}, first published in {year}.",
            subjects=subjects,
            languages=("eng",),
            shelves=1000 * number,
        )


def faulty_works() -> Iterator[Work]:
    """One work for each fault."""
    for fault in WorkFault:
        odd: dict[str, object] = {}
        if fault == WorkFault.ODD_VALUES:
            odd = {"first_publish_year": "1984", "cover_i": -1, "subject": "Sea", "ebook_access": 7}
            odd |= {"number_of_pages_median": True, "isbn": [7, None, isbn_of(fault)]}
        if fault == WorkFault.UNREADABLE:
            odd = {"title": f"The Lighthouse {fault}\ud83d", "subject": ["Sea\0shore", "\udfff"]}
            odd |= {"author_name": ["Ada\0 Author"], "author_alternative_name": ["\u337f" * 300]}
        description = "The sea keeps what it is given."
        if fault == WorkFault.UNREADABLE:
            description = "The sea keeps\0 what it \ud83dis given."
        if fault == WorkFault.MARKUP:
            description = MARKED_UP
        yield Work(
            key=f"OL{_FIRST_KEY * 10 + fault}W",
            title=f"The Lighthouse {fault.value}",
            author="Otto Other" if fault == WorkFault.OTHER_AUTHOR else "Ada Author",
            isbns=(isbn_of(fault), "0-306-40615-2") if fault == 2 else (isbn_of(fault),),
            goodreads_ids=(str(70_000 + fault), str(80_000 + fault)),
            year=1984,
            description="" if fault == WorkFault.NO_DESCRIPTION else description,
            is_typed=fault == WorkFault.TYPED_DESCRIPTION,
            cover_id=None if fault == WorkFault.NO_COVER else 240_000 + fault,
            subjects=("Lighthouses", "Fiction", "lighthouses", "nyt:fiction=2011-01-01", "Sea"),
            pages=321,
            fault=fault,
            odd=odd,
        )


@cache
def gzip_bomb() -> bytes:
    return gzip.compress(b'{"description": "' + b" " * (64 * 1024 * 1024) + b'"}', 1)
