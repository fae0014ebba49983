"""The rows that neighbors and factors are trained on: readers' ratings and shelves, and metadata.

Every row says which books belong together: a reader's ratings and to-read shelf, the books of an
author or a series, the books with a tag. A row has two weights for a book: as an input, from which
other books are predicted (``given``), and as a target to be predicted (``wanted``). They differ
for readers only: a book that somebody read and disliked still says what they read, but should not
be recommended for it.
"""

from dataclasses import dataclass
from functools import partial, reduce

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from recommender.engine.values import IntArray
from recommender.engine.weights import WeightTable
from spark.remote import find_csv, parent_of, read_csv

STARS = (1.0, 2.0, 3.0, 4.0, 5.0)
GIVEN = WeightTable(STARS, (0.2, 0.3, 0.6, 1.0, 1.3))
WANTED = WeightTable(STARS, (-1.0, -0.3, 0.5, 1.0, 1.3))
SERIES = r"\(([^()]*?),? #[\d.\-]+[^()]*\)\s*$"
AUTHORS_PER_BOOK = 2
MIN_TAG_BOOKS = 3
MAX_TAG_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSettings:
    """The weight of each kind of row, tuned on held-out readers.

    Long histories count more: a reader's row is multiplied by the square root of
    ``(ratings + length_offset) ** length_power``, scaled to 1 over all ratings.
    """

    given: WeightTable = GIVEN
    wanted: WeightTable = WANTED
    length_offset: float = 10.0
    length_power: float = 0.6
    to_read: float = 0.6
    series: float = 10.0
    authors: float = 5.0
    tags: float = 30.0


@dataclass(frozen=True, slots=True)
class SideFiles:
    """Files beside the ratings with more about the books; None if there is no such file.

    ``own_books`` describes books that ``books`` lacks.
    """

    books: str | None = None
    book_tags: str | None = None
    to_read: str | None = None
    own_books: str | None = None
    tags: str | None = None

    @classmethod
    def beside(cls, ratings: str, *, own_books: str | None = None) -> "SideFiles":
        """The files in the folder of the ratings (or in the folder named instead of them)."""
        find = partial(find_csv, parent_of(ratings))
        return cls(find("books"), find("book_tags"), find("to_read"), own_books, find("tags"))

    def names(self) -> list[str]:
        """The available signals, as text."""
        described = self.books or self.own_books
        found = [("authors and series", described), ("to-read shelves", self.to_read)]
        if self.books:
            found.append(("tags", self.book_tags))
        return [name for name, path in found if path]


def weight_column(table: WeightTable, stars: Column) -> Column:
    """The weights of a table as a Spark expression, with linear interpolation."""
    pairs = list(zip(table.stars, table.weights, strict=True))
    first, last = pairs[0], pairs[-1]
    pieces = F.when(stars <= first[0], F.lit(first[1]))

    def between(column: Column, i: int) -> Column:
        (left, low), (right, high) = pairs[i], pairs[i + 1]
        slope = (high - low) / (right - left)
        return column.when(stars <= right, F.lit(low) + (stars - left) * slope)

    return reduce(between, range(len(pairs) - 1), pieces).otherwise(F.lit(last[1]))


def index_books(session: SparkSession, book_ids: IntArray) -> DataFrame:
    """``book_id``, ``book``: the row of every book in the release."""
    pairs = [(int(book_id), place) for place, book_id in enumerate(book_ids)]
    return F.broadcast(session.createDataFrame(pairs, "book_id bigint, book int"))


def reader_rows(ratings: DataFrame, index: DataFrame, settings: SignalSettings) -> DataFrame:
    """``row, book, given, wanted, scale`` of every rating (``user_id, book_id, stars``)."""
    scaled, scale = _with_scale(ratings, settings), F.col("scale")
    return scaled.join(index, "book_id", how="inner").select(
        F.col("user_id").cast("bigint").alias("row"),
        "book",
        (weight_column(settings.given, F.col("stars")) * scale).cast("float").alias("given"),
        (weight_column(settings.wanted, F.col("stars")) * scale).cast("float").alias("wanted"),
        scale.cast("float").alias("scale"),
    )


def _with_scale(ratings: DataFrame, settings: SignalSettings) -> DataFrame:
    """The ratings and ``scale``, by which their reader's row is multiplied."""
    if not settings.length_power:
        return ratings.withColumn("scale", F.lit(1.0))
    length = F.count(F.lit(1)).over(Window.partitionBy("user_id")) + settings.length_offset
    counted = ratings.withColumn("by_length", F.pow(length, settings.length_power))
    mean = counted.agg(F.avg("by_length")).collect()[0][0]
    return counted.withColumn("scale", F.sqrt(F.col("by_length") / F.lit(mean)))


def side_rows(
    session: SparkSession,
    files: SideFiles,
    readers: DataFrame,
    index: DataFrame,
    settings: SignalSettings,
    *,
    shelves_apart: bool = False,
) -> list[DataFrame]:
    """``row, book, given, wanted`` from each file; ``readers`` are the rows of ratings.

    A reader's to-read shelf is part of the row of their ratings, or with ``shelves_apart`` a row
    of its own.
    """
    rows = []
    if files.to_read:
        shelves = _to_read(_read(session, files.to_read), readers, index, settings.to_read)
        apart = shelves.withColumn("row", F.xxhash64(F.lit("shelf"), "row"))
        rows.append(apart if shelves_apart else shelves)
    described = [
        _described(session, path, index) for path in (files.books, files.own_books) if path
    ]
    if described:
        texts = [books.select("book", "title", "authors") for books in described]
        books = reduce(_with_unknown, texts).cache()
        rows.append(_authors(books, settings.authors))
        rows.append(_series(books, settings.series))
    if files.books and files.book_tags:
        tags = _read(session, files.book_tags)
        rows.append(_tags(tags, described[0], index.count(), settings.tags))
    return rows


def _described(session: SparkSession, path: str, index: DataFrame) -> DataFrame:
    return _read(session, path).join(index, "book_id", how="inner").cache()


def _with_unknown(books: DataFrame, further: DataFrame) -> DataFrame:
    """The books, and those of ``further`` that are not among them."""
    return books.unionByName(further.join(books.select("book"), "book", how="left_anti"))


def _read(session: SparkSession, path: str) -> DataFrame:
    return read_csv(session, path, escape='"')


def _row(kind: str, name: Column) -> Column:
    """A number for a row that is not a reader's; readers' numbers are small, so none collide."""
    return F.xxhash64(F.lit(kind), name).alias("row")


def _both_ways(rows: DataFrame) -> DataFrame:
    return rows.select("row", "book", F.col("given").cast("float"), F.col("given").alias("wanted"))


def _to_read(shelves: DataFrame, readers: DataFrame, index: DataFrame, value: float) -> DataFrame:
    """Shelves of readers who are trained on, so never those of a held-out reader."""
    scales = readers.groupBy("row").agg(F.first("scale").alias("scale"))
    shelved = shelves.select(F.col("user_id").cast("bigint").alias("row"), "book_id").distinct()
    return _both_ways(
        shelved.join(scales, "row", how="inner")
        .join(index, "book_id", how="inner")
        .select("row", "book", (F.col("scale") * value).cast("float").alias("given"))
    )


def _authors(books: DataFrame, value: float) -> DataFrame:
    authors = F.explode(F.slice(F.split("authors", ", "), 1, AUTHORS_PER_BOOK))
    named = books.select("book", authors.alias("name")).where("name != ''")
    given = F.lit(value**0.5).cast("float").alias("given")
    return _both_ways(named.select(_row("author", F.col("name")), "book", given))


def _series(books: DataFrame, value: float) -> DataFrame:
    name = F.trim(F.regexp_extract(F.lower("title"), SERIES, 1))
    named = books.select("book", name.alias("name")).where("name != ''")
    given = F.lit(value**0.5).cast("float").alias("given")
    return _both_ways(named.select(_row("series", F.col("name")), "book", given))


def _tags(book_tags: DataFrame, books: DataFrame, book_count: int, value: float) -> DataFrame:
    """Tags weighted by how often they were given and how rare they are; unit length per book."""
    # The official file has edition ids; the starter shelf has none, and uses book ids.
    key = "book_id" if "book_id" in book_tags.columns else "goodreads_book_id"
    named = F.broadcast(books.select(key, "book"))
    tagged = book_tags.join(named, key, how="inner").select(
        _row("tag", F.col("tag_id")),
        "book",
        F.log1p(F.greatest(F.col("count").cast("double"), F.lit(1.0))).alias("often"),
        F.count(F.lit(1)).over(Window.partitionBy("tag_id")).alias("books"),
    )
    informative = tagged.where(
        F.col("books").between(MIN_TAG_BOOKS, int(book_count * MAX_TAG_SHARE))
    ).select("row", "book", (F.col("often") * F.log(book_count / F.col("books"))).alias("strength"))
    length = F.sqrt(F.sum(F.col("strength") ** 2).over(Window.partitionBy("book")))
    given = (F.col("strength") / length * value**0.5).cast("float").alias("given")
    return _both_ways(informative.select("row", "book", given))
