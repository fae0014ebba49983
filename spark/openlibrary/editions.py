"""What the dump of editions says of works: numbers, languages, series, years and pages."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from spark.isbns import checked_isbns, numbers_in
from spark.openlibrary.dumps import parsed, records, storable, texts_in, year_in

FIELDS = "isbn_10 isbn_13 identifiers languages series publish_date number_of_pages"
#: Nothing was printed earlier.
EARLIEST_EDITION = 1450
MOST_PAGES = 30_000
#: Pride and Prejudice has thousands; whoever looks for one has another, or the title.
MOST_NUMBERS = 1000
#: A name that volumes by more authors share is that of a publisher's series.
MOST_AUTHORS_OF_A_SERIES = 3
LONGEST_SERIES = 300

_WORK = r'"works"\s*:\s*\[\s*(?:\{\s*"key"\s*:\s*)?"/works/(OL[0-9]{1,12}W)"'
_NUMBER = r"(?<![0-9A-Za-z])([0-9]{1,12})(?![0-9A-Za-z])"
# "Discworld ; 5", "Wheel of time -- bk. 1", "Harry Potter, #1"
_SERIES = (
    r"(?i)^(.*?[^\s,;:#(\-\u2013\u2014])[\s,;:(\-\u2013\u2014]*"
    r"(?:[#;(]|--|\b(?:bk|book|vol|volume|no|nr|number|band|bd|tome|part|pt|year)\b\.?\s*#?)\s*"
    r"([0-9]{1,3}(?:\.[0-9]{1,2})?)\s*[).]*$"
)
_PUBLISHERS = (
    r"(?i)\b(classics?|librar(?:y|ies)|penguin|puffin|pelican|signet|oxford|cambridge|norton"
    r"|harlequin|silhouette|mills|everyman'?s?|paperbacks?|editions?|press|large print|books)\b"
)


def work_in(json: Column) -> Column:
    """The key of the work that an edition is of; empty if it is of none."""
    return F.regexp_extract(json, _WORK, 1)


def editions_of(lines: DataFrame, known: DataFrame, *, latest: int) -> DataFrame:
    """The editions of the works that are known under some keys; see `redirects.known_as`."""
    found = records(lines).where("type = '/type/edition'")
    of_works = found.select(work_in(F.col("json")).alias("alias"), "json").where("alias <> ''")
    wanted = of_works.join(F.broadcast(known), "alias").select(
        "key", parsed(storable(F.col("json")), FIELDS).alias("edition")
    )
    written = F.concat_ws(",", "edition.isbn_13", "edition.isbn_10")
    wanted = wanted.select("*", written.alias("written"), numbers_in(written).alias("numbers"))
    pages = F.col("edition.number_of_pages").try_cast("int")
    dated = F.col("edition.publish_date")
    return wanted.select(
        "key",
        checked_isbns("numbers").alias("isbns"),
        _numbers("goodreads").alias("goodreads_ids"),
        _numbers("librarything").alias("librarything_ids"),
        F.array_distinct(
            F.regexp_extract_all("edition.languages", F.lit("/([a-z]{3})(?![a-z])"), F.lit(1))
        ).alias("languages"),
        texts_in(F.col("edition.series")).alias("series"),
        year_in(dated, earliest=EARLIEST_EDITION, latest=latest).alias("year"),
        F.when(pages.between(1, MOST_PAGES), pages).alias("pages"),
        (F.trim(F.coalesce(dated, F.lit(""))) != "").alias("is_dated"),
        F.col("written").rlike("[0-9]").alias("has_isbns"),
        F.col("edition.broken").isNotNull().alias("is_broken"),
    )


def _numbers(site: str) -> Column:
    text = F.get_json_object("edition.identifiers", f"$.{site}")
    return F.regexp_extract_all(text, F.lit(_NUMBER), F.lit(1))


def summary_of(editions: DataFrame) -> DataFrame:
    """One row for each work, with the numbers of all its editions and what most of them say."""
    summary = editions.groupBy("key").agg(
        _all("isbns"),
        _all("goodreads_ids"),
        _all("librarything_ids"),
        F.flatten(F.collect_list("languages")).alias("languages"),
        F.min("year").alias("earliest_year"),
        F.median("pages").cast("int").alias("page_count"),
        F.count(F.lit(1)).cast("int").alias("editions"),
    )
    return summary.withColumn("languages", _counted(F.col("languages")))


def _all(name: str) -> Column:
    values = F.array_distinct(F.flatten(F.collect_list(name)))
    return F.slice(F.array_sort(values), 1, MOST_NUMBERS).alias(name)


def _counted(values: Column) -> Column:
    """Each language with how many editions are in it, most first."""
    counts = F.transform(
        F.array_distinct(values),
        lambda code: F.struct(
            (-F.size(F.filter(values, lambda one: one == code))).alias("count"),
            code.alias("code"),
        ),
    )
    return F.transform(
        F.array_sort(counts),
        lambda one: F.struct(one["code"].alias("code"), (-one["count"]).alias("editions")),
    )


def series_of(editions: DataFrame, first_authors: DataFrame) -> DataFrame:
    """The series that most editions of a work say it is a volume of, if any says one.

    Parameters
    ----------
    first_authors
        The first author of each work, as ``key`` and ``author``: what volumes by many authors share
        is a publisher's series.
    """
    said = editions.select("key", F.explode("series").alias("text"))
    name = F.trim(F.regexp_extract("text", _SERIES, 1))
    number = F.regexp_extract("text", _SERIES, 2).try_cast("decimal(6,2)")
    words = F.trim(F.regexp_replace(F.lower(name), r"[^\p{L}\p{N}]+", " "))
    volumes = said.select(
        "key",
        F.left(name, F.lit(LONGEST_SERIES)).alias("name"),
        number.alias("number"),
        F.regexp_replace(words, r"^(the|an?) | (series|novels?|books?)$", "").alias("series"),
    ).where((F.col("series") != "") & ~F.col("name").rlike(_PUBLISHERS))
    authors = (
        volumes.join(first_authors, "key")
        .groupBy("series")
        .agg(F.countDistinct("author").alias("authors"))
        .where(F.col("authors") <= MOST_AUTHORS_OF_A_SERIES)
    )
    most = Window.partitionBy("key").orderBy(F.desc("editions"), "series", "number")
    return (
        volumes.join(authors.select("series"), "series", "left_semi")
        .groupBy("key", "series", "number")
        .agg(F.count(F.lit(1)).alias("editions"), F.min("name").alias("name"))
        .withColumn("place", F.row_number().over(most))
        .where("place = 1")
        .select("key", F.col("name").alias("series_name"), F.col("number").alias("series_number"))
    )
