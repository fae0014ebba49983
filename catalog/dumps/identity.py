"""Finds the book of the catalog that a work of the dumps is.

In this order, for all works of a batch at once:

1. the work's key, which a book or one of its identifiers has;
2. the number of an edition, where title and author agree;
3. exactly the title and an author, as `catalog.matching` compares them;
4. the number of an edition and an author of a book that no work was found for: a translation, or a
   title of another country. These are put off until all other works have found their books, as
   Open Library has stray numbers.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from django.db.models import F, Prefetch

from catalog.dumps.reader import DumpedWork
from catalog.editions import split_book_title
from catalog.kinds import kind_of
from catalog.lookups import AnyOf
from catalog.matching import Wanted, match
from catalog.models import Book, BookAuthor, BookIdentifier
from catalog.normalize import may_be_same_person
from catalog.openlibrary import fill
from catalog.same_work import name_of

Scheme = BookIdentifier.Scheme


class Why(StrEnum):
    """Why a work is a book that the catalog has."""

    KEY = "the work's key"
    NUMBER_AND_TITLE = "a number, title and author"
    TITLE_AND_AUTHOR = "exactly title and author"
    NUMBER_AND_AUTHOR = "a number and an author, another title"
    AGAIN_IN_DUMPS = "title and author of a better-known work of the dumps"


@dataclass(slots=True)
class Identified:
    """Which works the catalog has, and why; those put off are still without a book."""

    books: dict[str, tuple[Book, Why]] = field(default_factory=dict)
    put_off: set[str] = field(default_factory=set)


def identify(works: Sequence[DumpedWork]) -> Identified:
    """Find the books of a batch of works, in a constant number of queries."""
    found = Identified()
    for key, book in _by_key(works).items():
        found.books[key] = (book, Why.KEY)
    left = [one for one in works if one.key not in found.books]
    holders = _holders(left)
    for one in left:
        if holder := _best(one, holders[one.key], same_title):
            found.books[one.key] = (holder, Why.NUMBER_AND_TITLE)
    left = [one for one in left if one.key not in found.books]
    for key, book in _by_title(left).items():
        found.books[key] = (book, Why.TITLE_AND_AUTHOR)
    found.put_off = {
        one.key
        for one in left
        if one.key not in found.books and _best(one, holders[one.key], _is_free)
    }
    return found


def identify_put_off(works: Sequence[DumpedWork]) -> dict[str, tuple[Book, Why]]:
    """The books of works that were put off, as far as no other work has been found for them."""
    holders = _holders(works)
    found = ((one.key, _best(one, holders[one.key], _is_free)) for one in works)
    return {key: (book, Why.NUMBER_AND_AUTHOR) for key, book in found if book}


def same_title(book: Book, one: DumpedWork) -> bool:
    """Whether a book has the title or the original title of a work, subtitles aside."""
    name = name_of(one.work.title)
    return fill.shares_title(book, one.work) or any(
        name.is_same_title(name_of(title)) for title in (book.title, book.original_title) if title
    )


def _is_free(book: Book, one: DumpedWork) -> bool:
    return not book.open_library_key


def _best(
    one: DumpedWork, books: Iterable[Book], fits: Callable[[Book, DumpedWork], bool]
) -> Book | None:
    """The best known of the books by an author of the work that are the same kind of thing."""
    fitting = [
        book
        for book in books
        if fits(book, one) and fill.shares_author(book, one.work) and _may_be(book, one)
    ]
    return max(fitting, key=lambda book: (book.ratings_count, -book.pk), default=None)


def _may_be(book: Book, one: DumpedWork) -> bool:
    """Whether both are collections or neither is, and they are not two different volumes."""
    if book.status == Book.Status.WITHDRAWN or book.is_collection != is_collection(one):
        return False
    number = volume_of(one)
    return number is None or book.series_number is None or number == book.series_number


def is_collection(one: DumpedWork) -> bool:
    """Whether a work contains several works, by its title."""
    return kind_of(split_book_title(one.work.title)).kind in Book.COLLECTIONS


def volume_of(one: DumpedWork) -> Decimal | None:
    """The number of a volume, as the title says it or the editions do."""
    number = split_book_title(one.work.title).number
    return one.number if number is None else number


def _by_key(works: Sequence[DumpedWork]) -> dict[str, Book]:
    """Books that have the key of a work, or were merged into one that has.

    One that was taken back counts if there is no other, so that it does not come again.
    """
    keys = [one.key for one in works]
    pks: dict[str, int] = {}
    rows = Book.objects.filter(AnyOf(F("open_library_key"), keys)).order_by("status", "pk")
    for key, pk, into in rows.values_list("open_library_key", "pk", "merged_into"):
        pks.setdefault(key, into or pk)
    others = BookIdentifier.objects.filter(AnyOf(F("value"), keys), scheme=Scheme.OPEN_LIBRARY)
    for key, pk in others.order_by().values_list("value", "book_id"):
        pks.setdefault(key, pk)
    books = _with_credits(pks.values())
    return {key: books[pk] for key, pk in pks.items() if pk in books}


def _holders(works: Sequence[DumpedWork]) -> dict[str, list[Book]]:
    """The books that have a number of each work."""
    wanted: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in works:
        for value in one.work.isbns:
            wanted[Scheme.ISBN13.value, value].append(one.key)
        for value in one.work.goodreads_ids:
            wanted[Scheme.GOODREADS.value, value].append(one.key)
    pks: defaultdict[str, set[int]] = defaultdict(set)
    for scheme in (Scheme.ISBN13.value, Scheme.GOODREADS.value):
        values = [value for other, value in wanted if other == scheme]
        rows = BookIdentifier.objects.filter(AnyOf(F("value"), values), scheme=scheme).order_by()
        for value, pk in rows.values_list("value", "book_id"):
            for key in wanted[scheme, value]:
                pks[key].add(pk)
    books = _with_credits(pk for several in pks.values() for pk in several)
    return defaultdict(
        list, {key: [books[pk] for pk in sorted(several)] for key, several in pks.items()}
    )


def _by_title(works: Sequence[DumpedWork]) -> dict[str, Book]:
    """Books with exactly the title and an author; the best known of several."""
    wanted = [
        Wanted((one.key, name), title=one.work.title, author=name)
        for one in works
        for name in one.work.credited
    ]
    matched = match(wanted) if wanted else {}
    books = _with_credits(pk for one in matched.values() for pk in one.candidates)
    found: dict[str, Book] = {}
    for one in works:
        for name in one.work.credited:
            candidates = (books[pk] for pk in matched[one.key, name].candidates)
            fitting = next((book for book in candidates if _may_be(book, one)), None)
            if fitting and one.key not in found:
                found[one.key] = fitting
    return found


def _with_credits(pks: Iterable[int]) -> Mapping[int, Book]:
    """Books by primary key, in place of those that were merged the ones they were merged into."""
    wanted = set(pks)
    rows = Book.objects.filter(AnyOf(F("pk"), list(wanted))).values_list("pk", "merged_into")
    into = {pk: merged_into or pk for pk, merged_into in rows.order_by()}
    books = Book.objects.filter(AnyOf(F("pk"), list(into.values()))).prefetch_related(
        Prefetch("credits", BookAuthor.objects.select_related("author").order_by("position"))
    )
    standing = {book.pk: book for book in books}
    return {pk: standing[to] for pk, to in into.items() if to in standing}


class SameInDump:
    """The new books of a batch, to recognize later works of the batch that are the same."""

    def __init__(self) -> None:
        self._by_title: defaultdict[str, list[tuple[Book, DumpedWork]]] = defaultdict(list)

    def add(self, book: Book, one: DumpedWork) -> None:
        self._by_title[book.title_key].append((book, one))

    def find(self, key: str, one: DumpedWork) -> Book | None:
        """The new book with this title key and an author of the work."""
        return next((book for book, other in self._by_title[key] if _are_same(one, other)), None)


def _are_same(one: DumpedWork, other: DumpedWork) -> bool:
    numbers = volume_of(one), volume_of(other)
    return (
        is_collection(one) == is_collection(other)
        and (None in numbers or numbers[0] == numbers[1])
        and any(
            may_be_same_person(name, known)
            for name in one.work.credited
            for known in other.work.credited
        )
    )
