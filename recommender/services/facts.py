"""What the rules after scoring look at, read for many books at once."""

from collections.abc import Collection

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
from django.db.models.functions import Floor

from catalog.models import Book, BookAuthor, BookGenre
from recommender.engine.rerank import BookFacts


def facts_of(numbers: Collection[int], *, series_lengths: bool = False) -> dict[int, BookFacts]:
    """Facts by `Book.goodbooks_id`, of active books and of hidden ones alike.

    How long a series is takes another query, and is asked for where a filter wants to know.
    """
    own = {"book": OuterRef("pk")}
    rows = list(
        Book.objects.known_as(numbers)
        .order_by()
        .values_list(
            "goodbooks_id",
            ArraySubquery(BookAuthor.objects.filter(**own).order_by().values("author_id")),
            ArraySubquery(BookGenre.objects.filter(**own).order_by().values("genre_id")),
            "series_name",
            "series_number",
            "language",
            "is_box_set",
            "year",
        )
    )
    lengths = _series_lengths({row[3] for row in rows if row[3]}) if series_lengths else {}
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


def _series_lengths(names: Collection[str]) -> dict[str, int]:
    """Volumes with a number of their own that the catalog knows of each series."""
    rows = (
        Book.objects.filter(series_name__in=names, is_box_set=False, series_number__gte=1)
        .order_by()
        .values("series_name")
        .annotate(volumes=Count(Floor("series_number"), distinct=True))
    )
    return {row["series_name"]: row["volumes"] for row in rows}
