"""What the rules after scoring look at, read for many books at once."""

from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q
from django.db.models.functions import Floor

from catalog.models import Book, BookAuthor, BookGenre
from recommender.engine.rerank import BookFacts, RerankOptions

_OWN = {"book": OuterRef("pk")}
_AUTHORS = ArraySubquery(BookAuthor.objects.filter(**_OWN).order_by().values("author_id"))
_GENRES = ArraySubquery(BookGenre.objects.filter(**_OWN).order_by().values("genre_id"))


def facts_of_candidates(numbers: Collection[int], options: RerankOptions) -> dict[int, BookFacts]:
    """All facts by `Book.goodbooks_id`, of the books that are not hidden.

    Filters are put to the database too, as they may leave a tenth of thousands. How long a
    series is takes another query, and is asked for where a filter wants to know.
    """
    rows = list(
        Book.objects.active()
        .known_as(numbers)
        .filter(_narrowed(options))
        .order_by()
        .values_list(
            "goodbooks_id",
            _AUTHORS,
            _GENRES,
            "series_name",
            "series_number",
            "language",
            "is_box_set",
            "year",
        )
    )
    series_names = {row[3] for row in rows if row[3]}
    lengths = {} if options.longest_series is None else _series_lengths(series_names)
    return {
        goodbooks_id: BookFacts(
            author_ids=tuple(author_ids),
            genre_ids=tuple(genre_ids),
            series=series,
            number=None if number is None else float(number),
            language=language,
            is_box_set=is_box_set,
            year=year,
            series_length=lengths.get(series),
        )
        for goodbooks_id, author_ids, genre_ids, series, number, language, is_box_set, year in rows
        if goodbooks_id is not None
    }


#: What books read mean for others, but for their authors; these are many, so as little as will do.
HISTORY_COLUMNS = ("series_name", "series_number", "language", "is_box_set")


@lru_cache(maxsize=20_000)
def history_of(
    series: str,
    number: Decimal | None,
    language: str,
    is_box_set: bool,
    author_ids: tuple[int, ...] = (),
) -> BookFacts:
    """The facts of a book that was read, from the values of `HISTORY_COLUMNS`.

    Kept, since most of a library's books differ in nothing here.
    """
    return BookFacts(
        author_ids=author_ids,
        series=series,
        number=None if number is None else float(number),
        language=language,
        is_box_set=is_box_set,
    )


def facts_of_history(numbers: Collection[int]) -> dict[int, BookFacts]:
    """Facts of books that were read, hidden ones too, by `Book.goodbooks_id`, with authors."""
    rows = Book.objects.known_as(numbers).order_by()
    return {
        goodbooks_id: history_of(*of_book, tuple(author_ids))
        for goodbooks_id, *of_book, author_ids in rows.values_list(
            "goodbooks_id", *HISTORY_COLUMNS, _AUTHORS
        )
        if goodbooks_id is not None
    }


def _narrowed(options: RerankOptions) -> Q:
    wanted = Q()
    if options.genre_ids:
        shelved = BookGenre.objects.filter(genre__in=options.genre_ids)
        wanted &= Q(pk__in=shelved.order_by().values("book"))
    if options.languages:
        wanted &= Q(language__in=options.languages)
    if options.year_from is not None:
        wanted &= Q(year__gte=options.year_from)
    if options.year_to is not None:
        wanted &= Q(year__lte=options.year_to)
    if options.longest_series == 0:
        wanted &= Q(series_name="")
    return wanted


def _series_lengths(names: Collection[str]) -> dict[str, int]:
    """Volumes with a number of their own that the catalog knows of each series."""
    rows = (
        Book.objects.filter(series_name__in=names, is_box_set=False, series_number__gte=1)
        .order_by()
        .values("series_name")
        .annotate(volumes=Count(Floor("series_number"), distinct=True))
    )
    return {row["series_name"]: row["volumes"] for row in rows}
