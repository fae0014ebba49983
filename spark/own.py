"""Ratings of the site's own readers, added to those that are trained on."""

from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from recommender.engine.own_ratings import BOOKS, FIRST_READER, RATINGS, OwnRatings
from spark.clean import read_ratings

#: A book that only the site's readers have rated is included from this many on: otherwise it would
#: reveal what very few people, or one, have also read.
MIN_READERS = 5


def is_own() -> Column:
    """Whether a rating is one of the site's own readers'."""
    return F.col("user_id") >= FIRST_READER


def read_own(session: SparkSession, folder: str) -> DataFrame:
    """Lines of an export as `spark.clean.read_ratings` returns them.

    Raises
    ------
    BadExport
        If the folder does not contain what was exported.
    """
    OwnRatings.read(_folder(folder))
    return read_ratings(session, str(_folder(folder) / RATINGS))


def own_books(folder: str) -> str:
    """The file of an export that describes its books."""
    return str(_folder(folder) / BOOKS)


def _folder(name: str) -> Path:
    return Path(name.removeprefix("file://")).absolute()


def without_rare(ratings: DataFrame) -> DataFrame:
    """Ratings without the books that only a few of the site's readers have rated."""
    rare = (
        ratings.groupBy("book_id")
        .agg(F.count_if(is_own()).alias("own"), F.count_if(~is_own()).alias("others"))
        .where((F.col("others") == 0) & (F.col("own") < MIN_READERS))
        .select("book_id")
    )
    return ratings.join(rare, "book_id", how="left_anti").select(ratings.columns)


def count_own(ratings: DataFrame) -> tuple[int, int]:
    """How many of the site's own readers there are, and how many ratings of theirs."""
    row = ratings.where(is_own()).agg(F.countDistinct("user_id"), F.count(F.lit(1))).collect()[0]
    return row[0], row[1]
