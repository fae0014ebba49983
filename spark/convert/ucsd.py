"""The UCSD Book Graph: 229 million shelvings of 2.3 million books at Goodreads, up to 2017.

M. Wan and J. McAuley, RecSys 2018; M. Wan, R. Misra, N. Nakashole and J. McAuley, ACL 2019.
It reads ``goodreads_interactions.csv`` and ``book_id_map.csv``, and of books, works and authors the
``goodreads_books``, ``goodreads_book_works`` and ``goodreads_book_authors`` files.
"""

from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from spark.convert.tables import BadData, Tables, joined_names, with_missing

INTERACTIONS, IDS = "goodreads_interactions.csv", "book_id_map.csv"
EDITIONS, WORKS = "goodreads_books.json", "goodreads_book_works.json"
AUTHORS = "goodreads_book_authors.json"
#: Added to the number of a work, so that no number is one of another set.
FIRST_WORK = 100_000_000
EDITION_FIELDS = (
    "book_id string, work_id string, title string, isbn13 string, language_code string, "
    "ratings_count string, authors array<struct<author_id: string, role: string>>, "
    "popular_shelves array<struct<count: string, name: string>>"
)
WORK_FIELDS = (
    "work_id string, best_book_id string, original_title string, original_publication_year string"
)


def read(session: SparkSession, path: Path) -> Tables:
    """Raises `BadData` if a file is missing."""
    csv = {name: _csv(session, path, name) for name in (INTERACTIONS, IDS)}
    editions = _json(session, path, EDITIONS, EDITION_FIELDS).where("work_id != ''")
    editions = editions.withColumn("number", FIRST_WORK + F.col("work_id").cast("int"))
    item_of = csv[IDS].join(editions.select("book_id", "number"), "book_id")
    item_of = item_of.select("book_id_csv", F.col("number").alias("book_id"))
    lines = csv[INTERACTIONS].withColumnRenamed("book_id", "book_id_csv")
    lines = lines.join(item_of, "book_id_csv").withColumnRenamed("user_id", "reader")
    stars = F.expr("try_cast(rating AS DOUBLE)")
    books, shelves = _described(session, path, editions)
    return Tables(
        # Of several editions of a work that one reader has rated, the highest rating counts.
        ratings=lines.where(stars > 0)
        .groupBy("reader", "book_id")
        .agg(F.max(stars).alias("rating"))
        .withColumn("day", F.lit(None).cast("date")),
        books=books,
        to_read=lines.where("is_read = '0'").select("reader", "book_id").distinct(),
        shelves=shelves,
    )


def _described(
    session: SparkSession, path: Path, editions: DataFrame
) -> tuple[DataFrame, DataFrame]:
    """Each work by its best edition, and the shelves of that."""
    works = _json(session, path, WORKS, WORK_FIELDS)
    joined = editions.join(works, "work_id", "left")
    is_best = F.coalesce(F.col("book_id") == F.col("best_book_id"), F.lit(False))
    known = F.coalesce(F.expr("try_cast(ratings_count AS BIGINT)"), F.lit(0))
    order = Window.partitionBy("number").orderBy(is_best.desc(), known.desc(), _number("book_id"))
    best = joined.withColumn("place", F.row_number().over(order)).where("place = 1").cache()
    credited = best.select("number", F.posexplode("authors").alias("at", "credit"))
    names = _json(session, path, AUTHORS, "author_id string, name string")
    named = credited.select("number", "at", "credit.author_id", "credit.role").join(
        names, "author_id"
    )
    entries = F.sort_array(F.collect_list(F.struct("at", "name", "role")))
    by_line = named.groupBy("number").agg(entries.alias("credits"))
    authors = joined_names(F.col("credits.name"), F.col("credits.role"))
    books = best.join(by_line, "number", "left").select(
        F.col("number").alias("book_id"),
        "title",
        F.coalesce(authors, F.lit("")).alias("authors"),
        F.col("book_id").alias("goodreads_book_id"),
        "work_id",
        "isbn13",
        "original_publication_year",
        "original_title",
        "language_code",
    )
    shelf = F.explode("popular_shelves").alias("shelf")
    shelves = best.select(F.col("number").alias("book_id"), shelf).select(
        "book_id",
        F.col("shelf.name").alias("tag_name"),
        F.expr("try_cast(shelf.count AS INT)").alias("count"),
    )
    return with_missing(books), shelves.where("count > 0")


def _number(name: str) -> Column:
    return F.expr(f"try_cast({name} AS BIGINT)")


def _csv(session: SparkSession, path: Path, name: str) -> DataFrame:
    return session.read.csv(_found(path, name), header=True)


def _json(session: SparkSession, path: Path, name: str, fields: str) -> DataFrame:
    return session.read.schema(fields).json(_found(path, name))


def _found(path: Path, name: str) -> str:
    for file in (path / name, path / f"{name}.gz"):
        if file.is_file():
            return file.absolute().as_uri()
    raise BadData(f"{path} has no {name} or {name}.gz; the UCSD Book Graph has one.")
