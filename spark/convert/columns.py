"""Any CSV file of ratings, by the names of its columns."""

from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark.clean import MAX_ID, MAX_STARS, MIN_STARS
from spark.convert.numbers import isbns_of, number_of_isbn, numbers_of_names
from spark.convert.tables import BadData, Tables, with_missing
from spark.convert.works import works_of

NEEDED = ("reader", "book", "rating")
#: What books are, where the file says so on every line.
OF_BOOKS = {
    "title": "title",
    "authors": "authors",
    "isbn": "isbn13",
    "year": "original_publication_year",
}
MEANINGS = (*NEEDED, "day", *OF_BOOKS)
SEPARATORS = (",", ";", "\t", "|")
BYTE_ORDER_MARK = "\ufeff"
#: More ratings above the highest one than these are no slips: the scale is another one.
SLIPS = 0.01


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


def read(
    session: SparkSession, path: Path, columns: Mapping[str, str], *, highest: float = MAX_STARS
) -> Tables:
    """Read the file; lines without a reader, a book or a rating are left out.

    Books keep the numbers that the file has. If it names most of them by ISBN or another text, they
    get numbers instead (`spark.convert.numbers`), and editions of one title and author become one.

    Parameters
    ----------
    columns
        Which column means what, by `MEANINGS`.
    highest
        The rating that is worth five stars.

    Raises
    ------
    BadData
        If a column is missing, or ratings go beyond the highest one.
    """
    if not path.is_file():
        raise BadData(f"There is no file {path}.")
    lines = _lines(session, path, columns)
    rating = F.expr("try_cast(replace(rating, ',', '.') AS DOUBLE)")
    lines = lines.withColumn("rating", rating).withColumn("number", _whole_number("book"))
    have_numbers = _look_at(lines, path, highest)
    if not have_numbers:
        lines = _with_numbers(lines).cache()  # much work, of which all that is written is made
    stars = F.col("rating") * MAX_STARS / highest
    lines = lines.where("reader IS NOT NULL AND number > 0 AND rating > 0").withColumns(
        {"book_id": F.col("number"), "rating": F.greatest(stars, F.lit(MIN_STARS))}
    )
    return Tables(
        ratings=lines.groupBy("reader", "book_id").agg(
            F.max("rating").alias("rating"), F.max(_day()).alias("day")
        ),
        books=_books(lines) if "title" in columns else None,
    )


def _lines(session: SparkSession, path: Path, names: Mapping[str, str]) -> DataFrame:
    """The columns that are named, called by what they mean; others of `MEANINGS` are null."""
    headings = []
    for separator in SEPARATORS:
        table = session.read.csv(
            path.absolute().as_uri(), header=True, sep=separator, quote='"', escape='"'
        )
        heading = [name.removeprefix(BYTE_ORDER_MARK).strip() for name in table.columns]
        if set(names.values()) <= set(heading):
            places = {meaning: heading.index(name) for meaning, name in names.items()}
            cells = table.toDF(*(f"c{place}" for place in range(len(heading))))
            return cells.select(
                [
                    F.trim(f"c{places[one]}").alias(one) if one in places else _nothing(one)
                    for one in MEANINGS
                ]
            )
        headings.append(heading)
    heading = max(headings, key=len)
    missing = sorted(set(names.values()) - set(heading))
    raise BadData(f"{path} lacks the column {', '.join(missing)}. It has {', '.join(heading)}.")


def _nothing(name: str) -> Column:
    return F.lit(None).cast("string").alias(name)


def _whole_number(name: str) -> Column:
    """A number as files write it, also as ``12.0``; a leading zero belongs to something else."""
    digits = F.regexp_extract(name, r"^(-?[1-9][0-9]*|0)(?:\.0*)?$", 1).try_cast("bigint")
    return F.when(digits <= MAX_ID, digits).cast("int")


def _look_at(lines: DataFrame, path: Path, highest: float) -> bool:
    """Whether most books have numbers. Raises `BadData` if ratings go beyond the highest one."""
    seen = lines.agg(
        F.count("book").alias("books"),
        F.count("number").alias("numbers"),
        F.count("rating").alias("ratings"),
        F.count_if(F.col("rating") > highest).alias("beyond"),
        F.max("rating").alias("most"),
    ).collect()[0]
    if seen["beyond"] > SLIPS * seen["ratings"]:
        raise BadData(
            f"{seen['beyond']:,} of {seen['ratings']:,} ratings in {path} are above {highest:g}. "
            f"The highest is {seen['most']:g}; if their scale ends there, add "
            f"--highest={seen['most']:g}."
        )
    return bool(2 * seen["numbers"] >= seen["books"])


def _with_numbers(lines: DataFrame) -> DataFrame:
    """Numbers for books that have other names, and the ISBNs that these are."""
    books = isbns_of(lines.select(F.col("book").alias("name")), "name", called="own_isbn")
    books = books.withColumn("number", number_of_isbn("own_isbn"))
    others = numbers_of_names(books.where("number IS NULL"))
    numbers = books.where("number IS NOT NULL").select("name", "number").unionByName(others)
    known = books.select("name", "own_isbn").join(numbers, "name").withColumnRenamed("name", "book")
    lines = lines.drop("number").join(known, "book")
    lines = lines.withColumn("isbn", F.coalesce("isbn", "own_isbn")).drop("own_isbn")
    works = works_of(lines.where("title IS NOT NULL AND authors IS NOT NULL"))
    lines = lines.join(works, "number", "left")
    return lines.withColumn("number", F.coalesce("work", "number")).drop("work")


def _day() -> Column:
    """A date, or seconds or milliseconds since 1970."""
    written = F.expr("try_cast(day AS DATE)")
    seconds = F.when(F.col("day").rlike(r"^[0-9]{9,10}$"), F.expr("try_cast(day AS BIGINT)"))
    millis = F.when(F.col("day").rlike(r"^[0-9]{12,13}$"), F.expr("try_cast(day AS BIGINT)"))
    return F.coalesce(
        F.to_date(F.timestamp_seconds(seconds)), F.to_date(F.timestamp_millis(millis)), written
    )


def _books(lines: DataFrame) -> DataFrame:
    described = [F.min(meaning).alias(name) for meaning, name in OF_BOOKS.items()]
    return with_missing(lines.groupBy("book_id").agg(*described))
