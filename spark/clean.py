"""Reads and cleans ratings."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark.remote import SUFFIXES, find_csv, is_remote, is_spark_s, read_csv

COLUMNS = ("user_id", "book_id", "rating")
MIN_STARS, MAX_STARS = 0.5, 5.0
# Spark's ALS takes ids that fit into 32 bits.
MAX_ID = 2**31 - 1


class BadRatings(ValueError):
    """The ratings are unusable; the message says why."""


@dataclass(frozen=True, slots=True)
class CleanReport:
    """How many lines of a ratings file were used, and why others were not."""

    read: int
    malformed: int
    out_of_range: int
    repeated: int
    in_conflict: int
    kept: int
    readers: int
    books: int

    def sentences(self) -> list[str]:
        """The report in words."""
        counts = {name: f"{count:,}" for name, count in asdict(self).items()}
        return [
            "{read} lines read; left out: {malformed} unreadable, {out_of_range} outside of "
            "0.5 to 5 stars, {repeated} repeated".format(**counts),
            "{in_conflict} pairs of reader and book have several ratings with different stars; "
            "the highest counts".format(**counts),
            "{kept} ratings of {books} books by {readers} readers kept".format(**counts),
        ]


def ratings_file(path: str) -> str:
    """The ratings file of a folder in the format of goodbooks-10k; any other path unchanged."""
    local = path.removeprefix("file://")
    if is_spark_s(path) or (is_remote(path) and path.endswith(SUFFIXES)):
        return path
    found = find_csv(local, "ratings")
    if found is None and (is_remote(path) or not Path(local).exists()):
        raise BadRatings(f"There are no ratings at {path}; name a CSV file or a folder with one.")
    return found or local


def read_ratings(session: SparkSession, path: str) -> DataFrame:
    """Lines as text columns ``user_id``, ``book_id``, ``rating``, whatever the file's order."""
    lines = read_csv(session, ratings_file(path))
    missing = [name for name in COLUMNS if name not in lines.columns]
    if missing:
        raise BadRatings(f"The ratings at {path} lack the column {', '.join(missing)}.")
    return lines.select(*COLUMNS)


def parse_ratings(lines: DataFrame) -> DataFrame:
    """Numbers from text, with a flag for what is wrong: ``malformed``, ``out_of_range``."""
    reader, book = (F.expr(f"try_cast({name} AS BIGINT)") for name in ("user_id", "book_id"))
    stars = F.expr("try_cast(rating AS DOUBLE)")
    parsed = lines.select(reader.alias("user_id"), book.alias("book_id"), stars.alias("stars"))
    is_id = F.lit(True)
    for name in ("user_id", "book_id"):
        is_id = is_id & F.col(name).isNotNull() & F.col(name).between(0, MAX_ID)
    readable = is_id & F.col("stars").isNotNull() & ~F.isnan("stars")
    return parsed.select(
        "user_id",
        "book_id",
        "stars",
        (~readable).alias("malformed"),
        (readable & ~F.col("stars").between(MIN_STARS, MAX_STARS)).alias("out_of_range"),
    )


def deduplicate(parsed: DataFrame) -> DataFrame:
    """One rating for each reader and book: the highest, if there are several.

    Lines of a file have no order in Spark, so "the last one" would differ from run to run;
    the highest does not.
    """
    return (
        parsed.where(~F.col("malformed") & ~F.col("out_of_range"))
        .groupBy("user_id", "book_id")
        .agg(
            F.max("stars").alias("stars"),
            F.min("stars").alias("lowest"),
            F.count(F.lit(1)).alias("times"),
        )
        .select(
            F.col("user_id").cast("int").alias("user_id"),
            F.col("book_id").cast("int").alias("book_id"),
            F.col("stars").cast("float").alias("stars"),
            "times",
            (F.col("lowest") < F.col("stars")).alias("in_conflict"),
        )
    )


def line_counts() -> list[Column]:
    """The number of lines, and of wrong ones, to be observed on parsed lines."""
    return [
        F.count(F.lit(1)).alias("read"),
        F.count_if("malformed").alias("malformed"),
        F.count_if("out_of_range").alias("out_of_range"),
    ]


def summarize(ratings: DataFrame) -> tuple[dict[str, int], str]:
    """Counts of deduplicated ratings, and a hash that does not depend on their order.

    The hash is made from four 64-bit hashes of each row, each combined by XOR over all rows: rows
    are unique here, so none can cancel another.
    """
    lanes = [F.bit_xor(F.xxhash64(F.lit(lane), "user_id", "book_id", "stars")) for lane in range(4)]
    row = ratings.agg(
        F.count(F.lit(1)).alias("kept"),
        F.countDistinct("user_id").alias("readers"),
        F.coalesce(F.sum(F.col("times") - 1), F.lit(0)).alias("repeated"),
        F.count_if("in_conflict").alias("in_conflict"),
        F.array(*lanes).alias("lanes"),
    ).collect()[0]
    counts = row.asDict()
    return counts, hashlib.sha256(str(counts.pop("lanes")).encode()).hexdigest()


def book_counts(ratings: DataFrame) -> DataFrame:
    """``book_id``, ``ratings``, ``mean_stars`` of every book, by ascending id."""
    return (
        ratings.groupBy("book_id")
        .agg(F.count(F.lit(1)).alias("ratings"), F.avg("stars").alias("mean_stars"))
        .select(
            F.col("book_id").cast("bigint").alias("book_id"),
            F.col("ratings").cast("bigint").alias("ratings"),
            F.col("mean_stars").cast("double").alias("mean_stars"),
        )
        .orderBy("book_id")
    )
