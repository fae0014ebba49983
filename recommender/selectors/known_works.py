"""Books that a reader has under another title, or that belong to one of theirs.

Another edition or translation of a book in the library, and plays, comics and collections of it,
are no news to its reader. So are the books that a line may mean which found none.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Max, Q

from catalog.kinds import MAX_VOLUME
from catalog.models import Book, BookAuthor
from catalog.normalize import may_be_same_person, series_key
from catalog.same_work import (
    Name,
    name_of,
    names_work,
    padded_words,
)
from recommender.engine.rerank import FIRST_VOLUME, BookFacts


class KnownLine(NamedTuple):
    """A line of a library: the titles it has here and there, its author, and its book if found."""

    titles: tuple[str, ...]
    author: str
    book_id: int | None = None
    is_read: bool = True
    #: Of the book.
    series: str = ""
    number: Decimal | None = None


def line_of(
    book_id: int | None,
    author: str,
    *titles: str | None,
    is_read: bool,
    series: str | None = None,
    volume: Decimal | None = None,
) -> KnownLine:
    """A line of a library, with the titles, the series and the volume of its book, if found."""
    own = tuple(dict.fromkeys(filter(None, titles)))
    return KnownLine(own, author, book_id, is_read, series or "", volume)


@dataclass(frozen=True, slots=True)
class Known:
    """Books that are no news, by `Book.goodbooks_id`; `read` are works that were read."""

    numbers: frozenset[int] = frozenset()
    read: frozenset[int] = frozenset()


@dataclass(slots=True)
class KnownWorks:
    """The works that a library's lines name."""

    _lines: Sequence[KnownLine]
    _by_title: dict[str, list[tuple[Name, KnownLine]]] = field(default_factory=dict)
    _by_volume: dict[tuple[str, Decimal], list[KnownLine]] = field(default_factory=dict)
    #: What the lines without a book say of the series that were begun.
    unmatched: list[BookFacts] = field(default_factory=list)

    @classmethod
    def of_lines(cls, lines: Sequence[KnownLine]) -> "KnownWorks":
        known = cls(lines)
        for line in lines:
            known._add(line)
        return known

    def _add(self, line: KnownLine) -> None:
        for title in line.titles:
            name = name_of(title)
            self._by_title.setdefault(name.main, []).append((name, line))
            if name.series:
                self._add_of_series(name, line)
        if line.series and line.number is not None:
            self._add_volume(series_key(line.series), line.number, line)

    def _add_of_series(self, name: Name, line: KnownLine) -> None:
        if name.is_volume and name.number is not None:
            self._add_volume(name.series, name.number, line)
        if line.is_read and line.book_id is None:
            self.unmatched.append(_facts_of(name))

    def _add_volume(self, series: str, number: Decimal, line: KnownLine) -> None:
        self._by_volume.setdefault((series, number), []).append(line)

    def among(self, books: Collection[Book]) -> Known:
        """Those of some books that the reader knows; prefetch `credits` first.

        In no query, mostly: a title may be one of the reader's by another author, and of a
        collection somebody has to see which of its volumes there are.
        """
        known = {book for book in books if book.kind == Book.Kind.ADAPTATION and self._has(book)}
        known |= self._collections(books)
        alike = {book: self._alike(book) for book in books if book not in known}
        same = _by_same_author({book: lines for book, lines in alike.items() if lines})
        read = {
            book
            for book, lines in same.items()
            if book.kind == Book.Kind.WORK and any(line.is_read for line in lines)
        }
        return Known(_numbers(known | same.keys()), _numbers(read))

    def _has(self, book: Book) -> bool:
        return any(names_work(book.title, main) for main in self._by_title)

    def _alike(self, book: Book) -> list[KnownLine]:
        """The lines that are a book, or something it is made of, if the author is the same."""
        names = {name_of(title) for title in (book.title, book.original_title) if title}
        lines = [
            line
            for name in names
            for other, line in self._by_title.get(name.main, ())
            if name.is_same_title(other)
        ]
        if book.series_name and book.series_number is not None:
            volume = series_key(book.series_name), book.series_number
            lines += self._by_volume.get(volume, ())
        if book.kind != Book.Kind.WORK:
            words = padded_words(book.title)
            lines += [
                line
                for main, named in self._by_title.items()
                if main and f" {main} " in words
                for _, line in named
            ]
        return lines

    def _collections(self, books: Iterable[Book]) -> set[Book]:
        """Collections that are no news: of an author who was read, or better begun by a volume."""
        collections = [book for book in books if book.is_collection]
        without_series = [book for book in collections if not book.series_name]
        by_author = {line.author: line for line in self._lines if line.author}
        lines = [*by_author.values(), *(one for one in self._lines if one.book_id)]
        known = set(_by_same_author(dict.fromkeys(without_series, lines)))
        known |= _better_begun([book for book in collections if book.series_name])
        return known | _better_known(set(without_series) - known)


def _facts_of(name: Name) -> BookFacts:
    """What a line that found no book tells about its series."""
    first, last = _volume(name.number), _volume(name.last)
    if first == last:
        return BookFacts(series=name.series, number=first)
    return BookFacts(series=name.series, is_collection=True, first_volume=first, last_volume=last)


def _volume(number: Decimal | None) -> float | None:
    """The number of a volume; readers may write anything."""
    return None if number is None or number > MAX_VOLUME else float(number)


def _better_begun(collections: Sequence[Book]) -> set[Book]:
    """Collections that begin with a volume which is there by itself, and known to more readers.

    A box set is no find beside its first volume, whoever knows it.
    """
    if not collections:
        return set()
    wanted = Q()
    for book in collections:
        wanted |= Q(series_name=book.series_name, series_number=_begins_with(book))
    volumes = Book.objects.active().filter(wanted, kind=Book.Kind.WORK).order_by()
    fame: defaultdict[tuple[str, Decimal | None], int] = defaultdict(lambda: -1)
    for series, number, readers in volumes.values_list(
        "series_name", "series_number", "ratings_count"
    ):
        fame[series, number] = max(fame[series, number], readers)
    return {
        book
        for book in collections
        if (readers := fame[book.series_name, _begins_with(book)]) >= 0
        and (book.kind == Book.Kind.BOX_SET or readers >= book.ratings_count)
    }


def _better_known(collections: Collection[Book]) -> set[Book]:
    """Collections of no series whose author has a work by itself that more readers know.

    A box set is no find beside any such work.
    """
    if not collections:
        return set()
    authors = {credit.author_id for book in collections for credit in book.author_credits}
    works = BookAuthor.objects.authors().filter(
        author__in=authors, book__status=Book.Status.ACTIVE, book__kind=Book.Kind.WORK
    )
    fame = dict(
        works.order_by()
        .values("author")
        .annotate(most=Max("book__ratings_count"))
        .values_list("author", "most")
    )
    return {
        book
        for book in collections
        for credit in book.author_credits
        if credit.author_id in fame
        and (book.kind == Book.Kind.BOX_SET or fame[credit.author_id] >= book.ratings_count)
    }


def _begins_with(book: Book) -> Decimal:
    return Decimal(FIRST_VOLUME) if book.first_volume is None else book.first_volume


def _by_same_author(alike: dict[Book, list[KnownLine]]) -> dict[Book, list[KnownLine]]:
    """The books by the author of one of their lines, with these lines; at most one query."""
    same = {}
    for book, lines in alike.items():
        names = book.credited_names
        same[book] = [line for line in lines if _is_by(line, names)]
    left = [book for book in alike if not same[book]]
    authors = _authors_of({line.book_id for book in left for line in alike[book]})
    for book in left:
        own = {credit.author_id for credit in book.author_credits}
        same[book] = [line for line in alike[book] if own & authors.get(line.book_id, set())]
    return {book: lines for book, lines in same.items() if lines}


def _is_by(line: KnownLine, authors: Sequence[str]) -> bool:
    """Whether one of a book's authors may be the one a line names; a line may name several.

    Who a line without author and book is by, nobody can tell.
    """
    if not line.author:
        return line.book_id is None
    names = {line.author, *(part for part in line.author.split(", ") if part)}
    return any(may_be_same_person(name, one) for name in names for one in authors)


def _authors_of(book_ids: Collection[int | None]) -> dict[int | None, set[int]]:
    """The authors of books by the books' keys."""
    if not any(book_ids):
        return {}
    authors: dict[int | None, set[int]] = {}
    rows = BookAuthor.objects.authors().filter(book__in=[pk for pk in book_ids if pk]).order_by()
    for book_id, author_id in rows.values_list("book", "author"):
        authors.setdefault(book_id, set()).add(author_id)
    return authors


def _numbers(books: Iterable[Book]) -> frozenset[int]:
    return frozenset(book.goodbooks_id for book in books if book.goodbooks_id is not None)
