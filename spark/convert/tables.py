"""What every format is read into, which of it is kept, and how it is written."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

RATINGS, BOOKS, TO_READ, TAGS, BOOK_TAGS = "ratings", "books", "to_read", "tags", "book_tags"
BOOK_COLUMNS = (
    "book_id",
    "title",
    "authors",
    "goodreads_book_id",
    "work_id",
    "isbn13",
    "original_publication_year",
    "original_title",
    "language_code",
)


class BadData(ValueError):
    """The data can't be converted; the message says why."""


@dataclass(frozen=True, slots=True)
class Tables:
    """A set of ratings, read.

    Attributes
    ----------
    ratings
        ``reader`` (text), ``book_id``, ``rating`` (stars), ``day`` (null where it is not known).
    books
        `BOOK_COLUMNS`, one row for each book; None if the format says nothing of books.
    to_read
        ``reader``, ``book_id``: what readers want to read.
    shelves
        ``book_id``, ``tag_name``, ``count``: how often a book is on a shelf of this name.
    """

    ratings: DataFrame
    books: DataFrame | None = None
    to_read: DataFrame | None = None
    shelves: DataFrame | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which ratings and books are kept: those since a day, books with as many ratings, the best
    known of them."""

    since: date | None = None
    min_ratings: int = 1
    max_books: int | None = None


def kept(tables: Tables, wanted: Wanted) -> Tables:
    """The part that is wanted. Raises `BadData` where the ratings have no days to go by."""
    ratings = tables.ratings
    if wanted.since:
        if ratings.where("day IS NOT NULL").isEmpty():
            raise BadData("These ratings don't say when they were given; leave --since out.")
        ratings = ratings.where(F.col("day") >= F.lit(wanted.since))
    if tables.books is not None:
        ratings = ratings.join(tables.books.select("book_id"), "book_id", "left_semi")
    counts = ratings.groupBy("book_id").agg(F.count(F.lit(1)).alias("ratings"))
    counts = counts.where(F.col("ratings") >= wanted.min_ratings)
    if wanted.max_books:
        counts = counts.orderBy(F.desc("ratings"), "book_id").limit(wanted.max_books)
    chosen = F.broadcast(counts.select("book_id").cache())

    def of_these(rows: DataFrame | None) -> DataFrame | None:
        return None if rows is None else rows.join(chosen, "book_id", "left_semi")

    return Tables(
        ratings.join(chosen, "book_id", "left_semi"),
        of_these(tables.books),
        of_these(tables.to_read),
        of_these(tables.shelves),
    )


def numbered(rows: DataFrame, name: str) -> DataFrame:
    """The distinct values of a column, and ``number``: from 1 on, in their order."""
    values = rows.select(name).distinct().repartitionByRange(name).sortWithinPartitions(name)
    parted = values.withColumn("part", F.spark_partition_id()).cache()
    sizes = parted.groupBy("part").count().orderBy("part").collect()
    before, offsets = 0, []
    for part, size in sizes:
        offsets += [F.lit(part), F.lit(before)]
        before += size
    if not offsets:
        raise BadData("There is no usable rating; is it the format that you named?")
    place = F.row_number().over(Window.partitionBy("part").orderBy(name))
    offset: Column = F.create_map(*offsets)[F.col("part")]
    return parted.select(name, (offset + place).alias("number"))


def write(tables: Tables, out: Path, *, name: str, licence: str) -> None:
    """Write the folder, at once or not at all.

    Raises
    ------
    BadData
        If there is no rating.
    OSError
        If the folder can't be written.
    """
    unfinished = out.with_name(f"{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    readers = numbered(tables.ratings, "reader").withColumnRenamed("number", "user_id").cache()
    ratings = tables.ratings.join(readers, "reader").select("user_id", "book_id", "rating")
    _write(ratings, unfinished, RATINGS)
    if tables.books is not None:
        facts = tables.ratings.groupBy("book_id").agg(
            F.count(F.lit(1)).alias("ratings_count"),
            F.round(F.avg("rating"), 2).alias("average_rating"),
        )
        _write(tables.books.join(facts, "book_id").orderBy("book_id"), unfinished, BOOKS)
    if tables.to_read is not None:
        shelved = tables.to_read.join(readers, "reader").select("user_id", "book_id").distinct()
        _write(shelved, unfinished, TO_READ)
    if tables.shelves is not None:
        tags = numbered(tables.shelves, "tag_name").withColumnRenamed("number", "tag_id")
        _write(tags.select("tag_id", "tag_name"), unfinished, TAGS)
        shelves = tables.shelves.join(tags, "tag_name").select("book_id", "tag_id", "count")
        _write(shelves, unfinished, BOOK_TAGS)
    facts_file = {"name": name, "licence": licence}
    (unfinished / "dataset.json").write_text(json.dumps(facts_file) + "\n")
    shutil.rmtree(out, ignore_errors=True)
    unfinished.rename(out)


def _write(rows: DataFrame, folder: Path, name: str) -> None:
    """One CSV file, as goodbooks has them, of the pieces that the executors write."""
    pieces = folder / f"{name}.pieces"
    text = [F.col(column).cast("string").alias(column) for column in rows.columns]
    rows.select(text).write.csv(pieces.absolute().as_uri(), escape='"', emptyValue="")
    with (folder / f"{name}.csv").open("wb") as whole:
        whole.write((",".join(rows.columns) + "\n").encode())
        for piece in sorted(pieces.glob("part-*.csv")):
            with piece.open("rb") as part:
                shutil.copyfileobj(part, whole)
    shutil.rmtree(pieces)


def joined_names(names: Column, roles: Column) -> Column:
    """Names with the roles that are no author's, as goodbooks writes them: ``Ann, Bo (Editor)``."""
    return F.array_join(
        F.transform(
            F.arrays_zip(names.alias("name"), roles.alias("role")),
            lambda one: F.concat(
                F.replace(one["name"], F.lit(","), F.lit("")),
                F.when(
                    F.trim(one["role"]) != "", F.concat(F.lit(" ("), one["role"], F.lit(")"))
                ).otherwise(""),
            ),
        ),
        ", ",
    )


def with_missing(books: DataFrame, columns: Sequence[str] = BOOK_COLUMNS) -> DataFrame:
    """The columns in order; those that the format lacks are empty."""
    return books.select(
        *(F.col(c) if c in books.columns else F.lit(None).cast("string").alias(c) for c in columns)
    )
