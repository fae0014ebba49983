"""Numbers of books, where a set has other names for them: an ISBN, or any text.

None is one of another set: Goodreads' works (`spark.convert.ucsd`) begin at 100,000,000.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from spark.convert.tables import BadData
from spark.isbns import checked_isbns, numbers_in

#: Added to the nine digits of an ISBN that its two forms share.
FIRST_ISBN = 1_000_000_000
#: Where names are hashed to, and how many numbers there are; what has no place goes to the next.
RANGES = ((2_000_000_000, 100_000_000), (2_100_000_000, 40_000_000), (2_140_000_000, 7_000_000))


def isbns_of(rows: DataFrame, name: str, *, called: str) -> DataFrame:
    """The values of a column, and the ISBN-13 that each is, with or without hyphens, or null.

    They are kept, as Spark would else work an ISBN out wherever something is made of it.
    """
    is_whole = F.length(F.regexp_replace(name, "[^0-9Xx]", "")).isin(10, 13)
    values = rows.select(name).where(F.col(name).isNotNull()).distinct()
    values = values.withColumn("found", numbers_in(F.when(is_whole, F.col(name))))
    return values.select(name, F.get(checked_isbns("found"), F.lit(0)).alias(called)).cache()


def number_of_isbn(isbn: str) -> Column:
    """The number of a book by its ISBN-13; null for those of 979, which have no other form."""
    digits = F.substring(isbn, 4, 9).try_cast("int")
    return F.when(F.startswith(F.col(isbn), F.lit("978")), FIRST_ISBN + digits)


def numbers_of_names(names: DataFrame) -> DataFrame:
    """The values of the column ``name``, each with a ``number``.

    It is a hash, so that a book keeps its number when the set grows. Of several with one hash, the
    first by the alphabet has it, and the others are hashed again. Raises `BadData` if there are
    more books than numbers can be found for, which takes many millions.
    """
    left = names.select("name").distinct().cache()
    placed = []
    for start, size in RANGES:
        hashed = F.pmod(F.xxhash64(F.lit(start), "name"), F.lit(size)).cast("int")
        rivals = Window.partitionBy("number").orderBy("name")
        hashes = left.withColumn("number", F.lit(start) + hashed)
        turns = hashes.withColumn("turn", F.row_number().over(rivals))
        placed.append(turns.where("turn = 1").select("name", "number"))
        left = turns.where("turn > 1").select("name")
    if not left.isEmpty():
        raise BadData("There are more names of books than numbers for them; give them numbers.")
    first, *others = placed
    for more in others:
        first = first.unionByName(more)
    return first
