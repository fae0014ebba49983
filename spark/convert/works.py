"""Works among editions, where a set knows none."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def works_of(editions: DataFrame) -> DataFrame:
    """Each ``number`` of an edition with that of its ``work``, by ``title`` and ``authors``.

    Editions are one work if title and authors are the same, but for subtitle and brackets. The
    lowest number stands for all of them.
    """
    keys = editions.select(
        "number", _title_key("title").alias("key"), F.lower("authors").alias("by")
    ).distinct()
    works = keys.groupBy("key", "by").agg(F.min("number").alias("work"))
    return keys.join(works, ["key", "by"]).groupBy("number").agg(F.min("work").alias("work"))


def _title_key(name: str) -> Column:
    """A title without its subtitle, brackets and punctuation."""
    without = F.regexp_replace(F.lower(name), r"\([^()]*\)|\[[^\[\]]*\]|:.*$", "")
    return F.trim(F.regexp_replace(without, r"[^\p{L}\p{N}]+", " "))
