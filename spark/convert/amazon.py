"""Amazon Reviews 2023, category Books (Y. Hou et al., 2024): ratings alone, and metadata.

Read are ``Books.csv`` (``user_id, parent_asin, rating, timestamp`` in milliseconds) and
``meta_Books.jsonl``. Printed books are those whose ASIN is an ISBN-10; others are left out. The set
knows no works: editions are one if title and author are the same, but for subtitle and brackets.
"""

from pathlib import Path

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from spark.convert.tables import BadData, Tables, with_missing

RATINGS, METADATA = "Books.csv", "meta_Books.jsonl"
#: Added to the first nine digits of an ISBN-10, so that no number is one of another set.
FIRST_ISBN = 1_000_000_000
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
    printed = books.where(_is_isbn10("parent_asin") & (F.trim("title") != "")).select(
        "*",
        (FIRST_ISBN + F.left("parent_asin", F.lit(9)).cast("int")).alias("number"),
        F.coalesce(F.col("author.name"), F.lit("")).alias("name"),
    )
    # The lowest number stands for all editions, as it does whatever else is in the files.
    editions = printed.withColumn("key", _title_key("title")).withColumn("by", F.lower("name"))
    works = editions.groupBy("key", "by").agg(F.min("number").alias("book_id"))
    editions = editions.join(works, ["key", "by"])
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
        F.replace("name", F.lit(","), F.lit("")).alias("authors"),
        _isbn13("parent_asin").alias("isbn13"),
        F.col("details.Language").alias("language_code"),
    )


def _is_isbn10(name: str) -> Column:
    """Whether a text is an ISBN-10, by its check digit."""
    digits = [F.substring(name, at, 1) for at in range(1, 11)]
    values = [F.when(digit == "X", F.lit(10)).otherwise(digit.try_cast("int")) for digit in digits]
    total = sum((value * (11 - at) for at, value in enumerate(values, start=1)), F.lit(0))
    looks_right = F.col(name).rlike(r"^[0-9]{9}[0-9X]$")
    return looks_right & F.coalesce(total % 11 == 0, F.lit(False))


def _isbn13(name: str) -> Column:
    """The ISBN-13 of an ISBN-10."""
    body = F.concat(F.lit("978"), F.left(name, F.lit(9)))
    total = sum(
        (F.substring(body, at, 1).cast("int") * (1 if at % 2 else 3) for at in range(1, 13)),
        F.lit(0),
    )
    return F.concat(body, ((10 - total % 10) % 10).cast("string"))


def _title_key(name: str) -> Column:
    """A title without its subtitle and brackets, accents and punctuation kept out."""
    without = F.regexp_replace(F.lower(name), r"\([^()]*\)|\[[^\[\]]*\]|:.*$", "")
    return F.trim(F.regexp_replace(without, r"[^\p{L}\p{N}]+", " "))


def _found(path: Path, name: str) -> str:
    for file in (path / name, path / f"{name}.gz"):
        if file.is_file():
            return file.absolute().as_uri()
    raise BadData(f"{path} has no {name} or {name}.gz; Amazon Reviews 2023 has one.")
