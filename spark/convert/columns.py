"""Any CSV file of ratings, by the names of its columns."""

from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark.convert.tables import BadData, Tables, with_missing

NEEDED = ("reader", "book", "rating")
#: What books are, where the file says so on every line.
OF_BOOKS = {
    "title": "title",
    "authors": "authors",
    "isbn": "isbn13",
    "year": "original_publication_year",
}
MEANINGS = (*NEEDED, "day", *OF_BOOKS)


def parse(text: str) -> dict[str, str]:
    """``reader=user,book=item,rating=stars`` as a mapping. Raises `BadData`."""
    pairs = [pair.split("=", 1) for pair in text.split(",") if pair]
    columns = {pair[0].strip(): pair[-1].strip() for pair in pairs if len(pair) == 2}
    unknown = sorted(columns.keys() - set(MEANINGS))
    missing = [name for name in NEEDED if not columns.get(name)]
    if unknown or missing or len(columns) < len(pairs):
        raise BadData(
            f"--columns names a column for each of {', '.join(NEEDED)}, and may name one for "
            f"{', '.join(MEANINGS[len(NEEDED) :])}: like reader=user_id,book=item,rating=stars"
        )
    return columns


def read(session: SparkSession, path: Path, columns: Mapping[str, str]) -> Tables:
    """Books keep the numbers that the file has; lines without a number of a book are left out.

    Raises
    ------
    BadData
        If a column is missing.
    """
    if not path.is_file():
        raise BadData(f"There is no file {path}.")
    lines = session.read.csv(path.absolute().as_uri(), header=True, quote='"', escape='"')
    missing = sorted(set(columns.values()) - set(lines.columns))
    if missing:
        raise BadData(f"{path} lacks the column {', '.join(missing)}.")
    lines = lines.withColumn("book_id", F.expr(f"try_cast(`{columns['book']}` AS INT)"))
    rating = F.expr(f"try_cast(`{columns['rating']}` AS DOUBLE)")
    day = F.expr(f"try_cast(`{columns['day']}` AS DATE)") if "day" in columns else _no_day()
    rated = lines.where("book_id > 0").groupBy(F.col(columns["reader"]).alias("reader"), "book_id")
    return Tables(
        ratings=rated.agg(F.max(rating).alias("rating"), F.max(day).alias("day")),
        books=_books(lines, columns) if "title" in columns else None,
    )


def _no_day() -> Column:
    return F.lit(None).cast("date")


def _books(lines: DataFrame, columns: Mapping[str, str]) -> DataFrame:
    described = [
        F.min(F.col(columns[meaning])).alias(name)
        for meaning, name in OF_BOOKS.items()
        if meaning in columns
    ]
    return with_missing(lines.where("book_id > 0").groupBy("book_id").agg(*described))
