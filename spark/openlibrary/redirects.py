"""Where the keys of merged works and authors lead."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark.openlibrary.dumps import key_in, records, storable

#: Each round doubles the length of chains that are followed, so three are enough for eight steps.
ROUNDS = 3


def redirects_of(lines: DataFrame) -> DataFrame:
    """Each redirected key once, as ``key``, with its ``location``."""
    found = records(lines.where(F.col("value").startswith("/type/redirect\t")))
    location = F.get_json_object(storable(F.col("json")), "$.location")
    return (
        found.select("key", key_in(location).alias("location"))
        .where(F.col("key").rlike("[AW]$") & (F.col("location") != ""))
        .groupBy("key")
        .agg(F.min("location").alias("location"))
    )


def follow(redirects: DataFrame) -> DataFrame:
    """Redirects to where each of them ends, without circles and chains that are too long."""
    for _ in range(ROUNDS):
        further = redirects.select(F.col("key").alias("location"), F.col("location").alias("next"))
        redirects = redirects.join(further, "location", "left").select(
            "key", F.coalesce("next", "location").alias("location")
        )
    ends = redirects.select(F.col("key").alias("location"))
    return redirects.join(ends, "location", "left_anti").select("key", "location")


def redirected(rows: DataFrame, redirects: DataFrame, column: str = "key") -> DataFrame:
    """Rows with the keys of one column led to where they are now."""
    to = redirects.select(F.col("key").alias(column), "location")
    rest = [name for name in rows.columns if name != column]
    now = F.coalesce("location", column).alias(column)
    return rows.join(to, column, "left").select(now, *rest)


def known_as(keys: DataFrame, redirects: DataFrame) -> DataFrame:
    """Each of some keys, and all that lead to it, as ``alias`` and ``key``."""
    own = keys.select(F.col("key").alias("alias"), "key")
    old = redirects.select(F.col("key").alias("alias"), F.col("location").alias("key"))
    return own.unionByName(old.join(keys.select("key"), "key", "left_semi"))
