"""Amazon Reviews 2023, category Books (Y. Hou et al., 2024): ratings alone, and metadata.

Read are ``Books.csv`` (``user_id, parent_asin, rating, timestamp`` in milliseconds) and
``meta_Books.jsonl``. Printed books are those whose ASIN is an ISBN-10; others are left out. The set
knows no works: editions are one if title and author are the same, but for subtitle and brackets.
"""

from pathlib import Path

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from spark.convert.numbers import isbns_of, number_of_isbn
from spark.convert.tables import BadData, Tables, with_missing
from spark.convert.works import works_of

RATINGS, METADATA = "Books.csv", "meta_Books.jsonl"
FIELDS = (
    "parent_asin string, title string, author struct<name: string>, "
    "details struct<Language: string>, categories array<string>"
)
BOOKS_CATEGORY = "Books"


def read(session: SparkSession, path: Path) -> Tables:
    """Raises `BadData` if a file or a column is missing."""
    lines = session.read.csv(_found(path, RATINGS), header=True)
    missing = {"user_id", "parent_asin", "rating", "timestamp"} - set(lines.columns)
    if missing:
        raise BadData(f"{RATINGS} lacks the column {', '.join(sorted(missing))}.")
    books = session.read.schema(FIELDS).json(_found(path, METADATA))
    books = books.where(F.col("parent_asin").rlike("^[0-9]{9}[0-9X]$") & (F.trim("title") != ""))
    isbns = isbns_of(books, "parent_asin", called="isbn13").where("isbn13 IS NOT NULL")
    editions = books.join(isbns, "parent_asin").withColumns(
        {"number": number_of_isbn("isbn13"), "authors": F.coalesce("author.name", F.lit(""))}
    )
    editions = editions.join(works_of(editions), "number").withColumnRenamed("work", "book_id")
    item_of = editions.select("parent_asin", "book_id").distinct()
    stars = F.expr("try_cast(rating AS DOUBLE)")
    day = F.to_date(F.timestamp_millis(F.expr("try_cast(timestamp AS BIGINT)")))
    rated = lines.join(item_of, "parent_asin").groupBy(F.col("user_id").alias("reader"), "book_id")
    described = editions.where("number = book_id")
    return Tables(
        ratings=rated.agg(F.max(stars).alias("rating"), F.max(day).alias("day")),
        books=with_missing(described.select(*_columns())),
        shelves=described.select("book_id", F.explode("categories").alias("tag_name"))
        .where(F.col("tag_name") != BOOKS_CATEGORY)
        .select("book_id", "tag_name", F.lit(1).alias("count"))
        .distinct(),
    )


def _columns() -> tuple[Column, ...]:
    return (
        F.col("book_id"),
        F.trim(F.regexp_replace("title", r"\s+", " ")).alias("title"),
        F.replace("authors", F.lit(","), F.lit("")).alias("authors"),
        F.col("isbn13"),
        F.col("details.Language").alias("language_code"),
    )


def _found(path: Path, name: str) -> str:
    for file in (path / name, path / f"{name}.gz"):
        if file.is_file():
            return file.absolute().as_uri()
    raise BadData(f"{path} has no {name} or {name}.gz; Amazon Reviews 2023 has one.")
