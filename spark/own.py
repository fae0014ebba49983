"""The site's own readers among those whose ratings are trained on."""

from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from recommender.engine.own_ratings import BOOKS, FIRST_READER, RATINGS, OwnRatings
from spark.clean import read_ratings

#: A book that nobody else has rated takes part once so many of the site's readers have: it would
#: otherwise show what very few people, or one, have read beside it.
FEWEST_READERS = 5


def is_own() -> Column:
    """Whether a rating is one of the site's own readers'."""
    return F.col("user_id") >= FIRST_READER


def read_own(session: SparkSession, folder: str) -> DataFrame:
    """Lines of an export as `spark.clean.read_ratings` gives them.

    Raises
    ------
    BadExport
        If the folder does not hold what was exported.
    """
    OwnRatings.read(_folder(folder))
    return read_ratings(session, str(_folder(folder) / RATINGS))


def own_books(folder: str) -> str:
    """The file of an export that describes its books."""
    return str(_folder(folder) / BOOKS)


def _folder(name: str) -> Path:
    return Path(name.removeprefix("file://")).absolute()


def without_rare(settled: DataFrame) -> DataFrame:
    """Ratings without the books that only a few readers of the site have rated, and nobody else."""
    rare = (
        settled.groupBy("book_id")
        .agg(F.count_if(is_own()).alias("own"), F.count_if(~is_own()).alias("others"))
        .where((F.col("others") == 0) & (F.col("own") < FEWEST_READERS))
        .select("book_id")
    )
    return settled.join(rare, "book_id", how="left_anti").select(settled.columns)


def count_own(settled: DataFrame) -> tuple[int, int]:
    """How many of the site's own readers there are, and how many ratings of theirs."""
    row = settled.where(is_own()).agg(F.countDistinct("user_id"), F.count(F.lit(1))).collect()[0]
    return row[0], row[1]
