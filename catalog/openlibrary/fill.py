"""Decides which work of Open Library is a book, and fills the book with its details."""

from collections.abc import Iterable, Sequence
from typing import Any

from catalog.credits import Role
from catalog.models import Book, BookIdentifier
from catalog.normalize import may_be_same_person, title_key
from catalog.openlibrary.parse import Work
from catalog.work_language import AuthorLanguages, Evidence, language_of_editions, work_language

SOURCE = "Open Library"
#: Fields that enrichment fills; a book with locks on all of them is never looked up.
FILLED = (
    "description",
    "cover_id",
    "open_library_key",
    "year",
    "subjects",
    "page_count",
    "language",
)


def shares_author(book: Book, work: Work) -> bool:
    """Whether book and work share somebody who is named; true if one of them names nobody."""
    names = book.credited_names
    return not (names and work.authors) or any(
        may_be_same_person(name, other) for name in names for other in work.authors
    )


def shares_title(book: Book, work: Work) -> bool:
    """Whether the work has the title or the original title of the book."""
    return title_key(work.title) in {book.title_key, book.original_title_key} - {""}


def is_certain(book: Book, work: Work) -> bool:
    """Whether title and author show that the work is the book; a number alone does not."""
    return bool(work.authors) and shares_author(book, work) and shares_title(book, work)


def best_of(book: Book, works: Iterable[Work], numbers: set[str]) -> Work | None:
    """The work with one of the book's numbers and one of its authors; None if there is none.

    Open Library has duplicates: the one with the book's title comes first, then the one with more
    of the numbers, then the one with more editions.
    """
    fitting = [
        work
        for work in works
        if numbers & {*work.isbns, *work.goodreads_ids} and shares_author(book, work)
    ]
    return max(
        fitting,
        key=lambda work: (
            shares_title(book, work),
            len(numbers & {*work.isbns, *work.goodreads_ids}),
            work.editions,
            work.key,
        ),
        default=None,
    )


def best_by_title(book: Book, works: Iterable[Work]) -> Work | None:
    """The only work that is certainly the book; None if there are several or none."""
    certain = [work for work in works if is_certain(book, work)]
    return certain[0] if len(certain) == 1 else None


def language_of(book: Book, work: Work) -> str:
    """The language in which the book is offered; a single edition may say little about it."""
    credit = next(iter(book.credits.all()), None)
    known = Evidence(
        title=book.title,
        original_title=book.original_title,
        author=credit.author.name if credit else "",
        edition=language_of_editions(work.languages, title=book.title),
    )
    others = Book.objects.filter(credits__author=credit.author) if credit else Book.objects.none()
    rows = others.exclude(pk=book.pk).order_by().values_list("title", "original_title", "language")
    evidence = [Evidence(title, original, known.author, code) for title, original, code in rows]
    return work_language(known, AuthorLanguages([*evidence, known]))


def wants_description(book: Book) -> bool:
    """Whether Open Library may set the description: not over another source's or a curator's."""
    if {"description", "description_source"} & set(book.locked_fields):
        return False
    return not book.description or book.description_source == SOURCE


def fill(book: Book, work: Work, description: str | None) -> list[str]:
    """Set fields from the work, except locked ones and a year that is known; return what changed.

    ``description`` is None if it was not requested or has not changed.
    """
    values: dict[str, Any] = {
        "open_library_key": work.key,
        "cover_id": work.cover_id,
        "subjects": list(work.subjects),
        "page_count": work.page_count,
    }
    if book.year is None:
        values["year"] = work.first_year
    if not book.language:
        values["language"] = language_of(book, work)
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


def set_roles(book: Book, work: Work) -> int:
    """Give roles to those whom the work names as contributors; return how many changed.

    Whom the work names among its authors stays one, and so does a book's only author. Prefetch
    `credits` first.
    """
    if "authors" in book.locked_fields:
        return 0
    changed = 0
    authors = [credit for credit in book.credits.all() if credit.role == Role.AUTHOR]
    for credit in authors[1:]:
        role = _role_in(credit.author.name, work)
        if role and not any(may_be_same_person(credit.author.name, one) for one in work.credited):
            credit.role = role
            credit.save(update_fields=["role"])
            changed += 1
    return changed


def _role_in(name: str, work: Work) -> Role | None:
    roles = (role for other, role in work.contributors if may_be_same_person(name, other))
    return next(roles, None)


def add_identifiers(book: Book, work: Work) -> tuple[int, int]:
    """Add the numbers of the work's editions; return how many are new, how many another book has.

    Only for a work that is certainly the book (`is_certain`), as readers' rows are matched by them.
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
