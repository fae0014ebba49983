"""What the re-ranking rules need to know of books, read for many books at once."""

from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Floor

from catalog.models import Book, BookAuthor, BookGenre
from catalog.normalize import series_key
from recommender.engine.rerank import BookFacts, RerankOptions

#: The columns that matter of books already read, but for their authors. A library has many books,
#: so there are as few as possible.
HISTORY_COLUMNS = (
    "series_name",
    "series_number",
    "language",
    "kind",
    "first_volume",
    "last_volume",
)
HISTORY_FACTS_CACHED = 20_000

_OF_BOOK = {"book": OuterRef("pk")}
_AUTHORS = ArraySubquery(
    BookAuthor.objects.authors().filter(**_OF_BOOK).order_by().values("author_id")
)
_NO_GENRE = ~Exists(BookGenre.objects.filter(**_OF_BOOK))
_GENRES = ArraySubquery(BookGenre.objects.filter(**_OF_BOOK).order_by().values("genre_id"))


def facts_of_candidates(
    *,
    book_ids: Collection[int],
    options: RerankOptions,
    without_genre: bool = False,
    with_accessories: bool = False,
) -> dict[int, BookFacts]:
    """All facts of the books that may be recommended, by `Book.goodbooks_id`.

    With `without_genre`, of those alone that have no genre; `with_accessories` also of parts,
    companions and guides, which are not recommended.

    The database applies the filters too, since they may leave a tenth of thousands. The length of
    a series takes another query, made only if a filter needs it.
    """
    rows = list(
        Book.objects.active()
        .known_as(book_ids)
        .exclude(kind__in=[] if with_accessories else Book.ACCESSORIES)
        .filter(_filters(options), *([_NO_GENRE] if without_genre else []))
        .order_by()
        .values_list("goodbooks_id", *HISTORY_COLUMNS, _AUTHORS, _GENRES, "year")
    )
    series_names = {row[1] for row in rows if row[1]}
    lengths = {} if options.longest_series is None else _series_lengths(series_names)
    return {
        goodbooks_id: BookFacts(
            author_ids=tuple(author_ids),
            genre_ids=tuple(genre_ids),
            year=year,
            series_length=lengths.get(series),
            language=language,
            series=series_key(series),
            number=_float(number),
            is_collection=kind in Book.COLLECTIONS,
            first_volume=_float(first),
            last_volume=_float(last),
        )
        for (
            goodbooks_id,
            series,
            number,
            language,
            kind,
            first,
            last,
            author_ids,
            genre_ids,
            year,
        ) in rows
        if goodbooks_id is not None
    }


def facts_of_history(*, book_ids: Collection[int]) -> dict[int, BookFacts]:
    """The facts of books already read, hidden ones too, with authors, by `Book.goodbooks_id`."""
    rows = Book.objects.known_as(book_ids).order_by()
    return {
        goodbooks_id: history_facts(*columns, tuple(author_ids))
        for goodbooks_id, *columns, author_ids in rows.values_list(
            "goodbooks_id", *HISTORY_COLUMNS, _AUTHORS
        )
        if goodbooks_id is not None
    }


@lru_cache(maxsize=HISTORY_FACTS_CACHED)
def history_facts(
    series: str,
    number: Decimal | None,
    language: str,
    kind: str,
    first_volume: Decimal | None,
    last_volume: Decimal | None,
    author_ids: tuple[int, ...] = (),
) -> BookFacts:
    """The facts of a book already read, from the values of `HISTORY_COLUMNS`.

    Cached, because most books of a library have the same values here.
    """
    return BookFacts(
        author_ids=author_ids,
        series=series_key(series),
        number=_float(number),
        language=language,
        is_collection=kind in Book.COLLECTIONS,
        first_volume=_float(first_volume),
        last_volume=_float(last_volume),
    )


def _float(number: Decimal | None) -> float | None:
    return None if number is None else float(number)


def _filters(options: RerankOptions) -> Q:
    filters = Q()
    if options.genre_ids:
        shelved = BookGenre.objects.filter(genre__in=options.genre_ids)
        of_genre = Q(pk__in=shelved.order_by().values("book"))
        filters &= of_genre | Q(_NO_GENRE) if options.with_unknown_genres else of_genre
    if options.languages:
        filters &= Q(language__in=options.languages)
    if options.year_from is not None:
        filters &= Q(year__gte=options.year_from)
    if options.year_to is not None:
        filters &= Q(year__lte=options.year_to)
    if options.pages_from is not None:
        filters &= Q(page_count__gte=options.pages_from)
    if options.pages_to is not None:
        filters &= Q(page_count__lte=options.pages_to)
    if options.longest_series == 0:
        filters &= Q(series_name="")
    return filters


def _series_lengths(names: Collection[str]) -> dict[str, int]:
    """How many numbered volumes the catalog has of each series."""
    rows = (
        Book.objects.filter(series_name__in=names, series_number__gte=1)
        .exclude(kind__in=Book.COLLECTIONS)
        .order_by()
        .values("series_name")
        .annotate(volumes=Count(Floor("series_number"), distinct=True))
    )
    return {row["series_name"]: row["volumes"] for row in rows}
