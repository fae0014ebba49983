"""Genres for books that no reader has shelved: estimates, until somebody does.

They come from Open Library's subjects and the other volumes of the series; where these say
nothing, from the author's other books. They are marked, count a few readers at most, and are made
anew whenever a book's subjects change or a folder is loaded.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Exists, F, OuterRef, QuerySet

from catalog.goodbooks.genres import genres_of_subjects
from catalog.lookups import AnyOf
from catalog.models import (
    Book,
    BookAuthor,
    BookAuthorQuerySet,
    BookGenre,
    BookQuerySet,
    Genre,
    GenreAlias,
)

#: How many genres each kind of source gives a book, at most.
MOST_GENRES = 5
#: A genre counts for a book if at least this share of the books around it has the genre.
SHARE_OF_BOOKS = 0.5
BATCH = 2000

_SHELVED = BookGenre.objects.filter(book=OuterRef("pk"), is_derived=False)


def derive_genres(*, book_ids: Collection[int] | None = None) -> int:
    """Estimate the genres of books without any of their own; return how many books changed.

    All such books, or those of `book_ids`. Books whose genres a curator has locked stay.
    """
    books = _without_own(book_ids)
    sources = _Sources.of(books)
    wanted = {pk: sources.genres_of(pk) for pk in sources.books}
    present: defaultdict[int, dict[int, int]] = defaultdict(dict)
    rows = BookGenre.objects.filter(AnyOf(F("book_id"), list(wanted))).order_by("-count", "genre")
    for pk, genre, count in rows.values_list("book", "genre", "count"):
        present[pk][genre] = count
    stale = {pk: counts for pk, counts in wanted.items() if present[pk] != counts}
    BookGenre.objects.filter(AnyOf(F("book_id"), list(stale)), is_derived=True).delete()
    BookGenre.objects.bulk_create(
        (
            BookGenre(book_id=pk, genre_id=genre, count=count, is_derived=True)
            for pk, counts in stale.items()
            for genre, count in counts.items()
        ),
        batch_size=BATCH,
    )
    return len(stale)


def _without_own(book_ids: Collection[int] | None) -> BookQuerySet:
    books = Book.objects.standing().exclude(Exists(_SHELVED))
    books = books.exclude(locked_fields__contains=["genres"])
    return books if book_ids is None else books.filter(pk__in=book_ids)


@dataclass(slots=True)
class _Sources:
    """What is known of books without genres, and of the books around them."""

    books: dict[int, tuple[str, list[str]]]  # series and subjects
    authors: dict[int, set[int]]
    by_series: dict[tuple[str, int], list[dict[int, int]]] = field(default_factory=dict)
    by_author: dict[int, list[dict[int, int]]] = field(default_factory=dict)
    genre_ids: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, books: BookQuerySet) -> "_Sources":
        """In five queries for any number of books."""
        rows = books.order_by().values_list("pk", "series_name", "subjects")
        sources = cls({pk: (series, subjects) for pk, series, subjects in rows}, {})
        sources.authors = _authors(
            BookAuthor.objects.filter(AnyOf(F("book_id"), list(sources.books)))
        )
        writers = {author for authors in sources.authors.values() for author in authors}
        credited = _authors(BookAuthor.objects.filter(AnyOf(F("author_id"), list(writers))))
        shelved = BookGenre.objects.filter(AnyOf(F("book_id"), list(credited)), is_derived=False)
        genres = _genres(shelved)
        named = Book.objects.filter(AnyOf(F("pk"), list(genres)))
        names = dict(named.values_list("pk", "series_name"))
        for pk, counts in genres.items():
            for author in credited[pk]:
                sources.by_author.setdefault(author, []).append(counts)
                sources.by_series.setdefault((names[pk], author), []).append(counts)
        sources.genre_ids = _genre_ids()
        return sources

    def genres_of(self, pk: int) -> dict[int, int]:
        """The genres of a book, each with a small count, so that the likeliest comes first."""
        series, subjects = self.books[pk]
        authors = self.authors.get(pk, set())
        slugs = genres_of_subjects(subjects)[:MOST_GENRES]
        found = [self.genre_ids[slug] for slug in slugs if slug in self.genre_ids]
        if series:
            found += _shared(
                book for one in authors for book in self.by_series.get((series, one), [])
            )
        if not found:
            found = _shared(book for one in authors for book in self.by_author.get(one, []))
        ordered = list(dict.fromkeys(found))
        return {genre: len(ordered) - place for place, genre in enumerate(ordered)}


def _shared(books: Iterable[Mapping[int, int]]) -> list[int]:
    """The genres that at least half of some books have, most readers first."""
    listed = list(books)
    number: Counter[int] = Counter()
    share: Counter[int] = Counter()
    for counts in listed:
        number.update(counts.keys())
        for genre, count in counts.items():
            share[genre] += round(1000 * count / sum(counts.values()))
    fewest = SHARE_OF_BOOKS * len(listed)
    return [genre for genre, _ in share.most_common() if number[genre] >= fewest][:MOST_GENRES]


def _authors(credited: BookAuthorQuerySet) -> dict[int, set[int]]:
    authors: dict[int, set[int]] = {}
    rows = credited.authors().order_by().values_list("book", "author")
    for book, author in rows:
        authors.setdefault(book, set()).add(author)
    return authors


def _genres(shelvings: QuerySet[BookGenre]) -> dict[int, dict[int, int]]:
    genres: dict[int, dict[int, int]] = {}
    for book, genre, count in shelvings.order_by().values_list("book", "genre", "count"):
        genres.setdefault(book, {})[genre] = count
    return genres


def _genre_ids() -> dict[str, int]:
    """The genres by slug, and by the slugs of those that were merged into them."""
    known = dict(GenreAlias.objects.values_list("slug", "genre"))
    return known | dict(Genre.objects.values_list("slug", "pk"))
