"""What of Open Library's answer belongs into a book, and whether the answer is about it at all."""

from collections.abc import Iterable, Sequence
from typing import Any

from catalog.models import Book, BookIdentifier
from catalog.normalize import may_be_same_person, title_key
from catalog.openlibrary.parse import Work

SOURCE = "Open Library"
#: Fields that enrichment fills; a book in which a curator locked them all is never asked for.
FILLED = (
    "description",
    "cover_id",
    "open_library_key",
    "year",
    "subjects",
    "page_count",
)


def is_by_its_author(book: Book, work: Work) -> bool:
    """Whether an author of the book is one of the work; true where one of them names nobody."""
    names = book.author_names
    return not (names and work.authors) or any(
        may_be_same_person(name, other) for name in names for other in work.authors
    )


def has_its_title(book: Book, work: Work) -> bool:
    """Whether the work is called as the book is, or was at first."""
    return title_key(work.title) in {book.title_key, book.original_title_key} - {""}


def is_surely(book: Book, work: Work) -> bool:
    """Whether the work is the book by title and author, and not by a number alone."""
    return bool(work.authors) and is_by_its_author(book, work) and has_its_title(book, work)


def best_of(book: Book, works: Iterable[Work], numbers: set[str]) -> Work | None:
    """The work with one of the book's numbers and an author of it; None where there is none.

    Open Library has doubles: the one that bears the title comes first, then the one with more of
    the numbers, then the one with more editions.
    """
    fitting = [
        work
        for work in works
        if numbers & {*work.isbns, *work.goodreads_ids} and is_by_its_author(book, work)
    ]
    return max(
        fitting,
        key=lambda work: (
            has_its_title(book, work),
            len(numbers & {*work.isbns, *work.goodreads_ids}),
            work.editions,
            work.key,
        ),
        default=None,
    )


def best_by_title(book: Book, works: Iterable[Work]) -> Work | None:
    """The one work that is surely the book; None where several are, or none."""
    sure = [work for work in works if is_surely(book, work)]
    return sure[0] if len(sure) == 1 else None


def wants_description(book: Book) -> bool:
    """Whether Open Library's may be shown: no other source's and no curator's gives way to it."""
    if {"description", "description_source"} & set(book.locked_fields):
        return False
    return not book.description or book.description_source == SOURCE


def fill(book: Book, work: Work, description: str | None) -> list[str]:
    """Set what the work says and neither a curator nor a loader has; return the changed fields.

    ``description`` is None where it was not asked for or has not changed.
    """
    values: dict[str, Any] = {
        "open_library_key": work.key,
        "cover_id": work.cover_id,
        "subjects": list(work.subjects),
        "page_count": work.page_count,
    }
    if book.year is None:
        values["year"] = work.first_year
    if description and wants_description(book):
        values |= {"description": description, "description_source": SOURCE}
    locked = set(book.locked_fields)
    changed = [
        name
        for name, value in values.items()
        if value and name not in locked and getattr(book, name) != value
    ]
    for name in changed:
        setattr(book, name, values[name])
    return changed


def add_identifiers(book: Book, work: Work) -> tuple[int, int]:
    """Add the numbers of the work's other editions: how many are new, how many another book has.

    Only for a work that `is_surely` the book, as every number decides about readers' rows.
    """
    scheme = BookIdentifier.Scheme
    wanted = [
        *((scheme.ISBN13, value) for value in work.isbns),
        *((scheme.GOODREADS, value) for value in work.goodreads_ids),
    ]
    present = _holders(wanted)
    new = [pair for pair in wanted if pair not in present]
    BookIdentifier.objects.bulk_create(
        (BookIdentifier(book=book, scheme=scheme, value=value) for scheme, value in new),
        ignore_conflicts=True,  # another worker may add the same number at this moment
    )
    return len(new), sum(holder != book.pk for holder in present.values())


def _holders(wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for scheme in {scheme for scheme, _ in wanted}:
        values = [value for other, value in wanted if other == scheme]
        rows = BookIdentifier.objects.filter(scheme=scheme, value__in=values).order_by()
        found |= {(scheme, value): pk for value, pk in rows.values_list("value", "book_id")}
    return found
