"""The steps from the dumps to a catalog of the best-known works, and its manifest."""

import json
import math
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, Observation, SparkSession, Window
from pyspark.sql import functions as F

from spark.openlibrary import popularity as popular
from spark.openlibrary.dumps import REDIRECTS, BadDumps, find_dumps, read_lines
from spark.openlibrary.editions import editions_of, series_of, summary_of, work_in
from spark.openlibrary.redirects import follow, known_as, redirected, redirects_of
from spark.openlibrary.works import authors_of, credits_of, named, works_of
from spark.progress import Progress

#: Raised when a reader of the Parquet would misread it.
SCHEMA = 1
#: The seconds of each step for 200,000 works, Spark's start first.
COSTS = (5, 10, 10, 20, 15, 20)
WORKS, MANIFEST = "works.parquet", "manifest.json"
#: Some of the best-known keys lead to nothing that can be used.
SPARE = 2
ROWS_OF_A_FILE = 25_000
COLUMNS = (
    "rank",
    "key",
    "title",
    "subtitle",
    "authors",
    "first_year",
    "languages",
    "series_name",
    "series_number",
    "description",
    "subjects",
    "cover_id",
    "isbns",
    "goodreads_ids",
    "librarything_ids",
    "page_count",
    "editions",
    "readers",
    "ratings",
    "average_rating",
    *popular.SHELVES,
)


@dataclass(frozen=True, slots=True)
class CatalogOptions:
    """What to make of which dumps."""

    dumps: str
    out: str
    most: int = 100_000


@dataclass(slots=True)
class _Making:
    """One catalog in the making.

    What each step keeps is written to disk and read again: memory does not grow with the dumps, and
    Spark has only the step's own plan to think about. Rows are counted as they are written.
    """

    session: SparkSession
    options: CatalogOptions
    progress: Progress
    files: dict[str, Path]
    kept: Path
    counts: Counter[str] = field(default_factory=Counter)
    _seen: list[Observation] = field(default_factory=list)

    def lines(self, kind: str) -> DataFrame:
        return read_lines(self.session, self.files[kind])

    def counted(self, rows: DataFrame, **counts: Column) -> DataFrame:
        """Rows that are counted as they pass; the counts are known once something is kept."""
        self._seen.append(Observation())
        return rows.observe(self._seen[-1], *[count.alias(name) for name, count in counts.items()])

    def write(self, rows: DataFrame, folder: Path) -> None:
        rows.write.mode("overwrite").parquet(folder.absolute().as_uri())
        for seen in self._seen:
            self.counts.update({name: int(number or 0) for name, number in seen.get.items()})
        self._seen.clear()

    def keep(self, name: str, rows: DataFrame, **counts: Column) -> DataFrame:
        """Rows on disk, counted."""
        self.write(self.counted(rows, **counts) if counts else rows, self.kept / name)
        again = self.session.read.schema(rows.schema)
        return again.parquet((self.kept / name).absolute().as_uri())


def make_catalog(
    session: SparkSession, options: CatalogOptions, *, progress: Progress
) -> dict[str, Any]:
    """Write the catalog, its manifest last, and return the manifest. Raises `BadDumps`."""
    files = find_dumps(options.dumps)
    out = Path(options.out.removeprefix("file://"))
    out.mkdir(parents=True, exist_ok=True)
    (out / MANIFEST).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=out) as kept:
        making = _Making(session, options, progress, files, Path(kept))
        try:
            _run(making, out)
        except (PySparkException, Py4JJavaError) as error:
            raise _explained(error, files) from error
    return _write_manifest(making, out)


def _explained(error: Exception, files: dict[str, Path]) -> Exception:
    """What is wrong with a file that can't be unpacked; any other error as it is."""
    text = str(error)
    if not any(sign in text for sign in ("FAILED_READ_FILE", "EOFException", "ZipException")):
        return error
    broken = [file.name for file in files.values() if file.name in text]
    names = ", ".join(broken) or "One of the files"
    return BadDumps(f"{names} breaks off or is damaged; download it again.")


def _run(making: _Making, out: Path) -> None:
    session, progress = making.session, making.progress
    latest = datetime.now(UTC).year + 1
    with progress.step("Counting readers and following redirects", session, expected_jobs=8):
        redirects, readers = _readers(making)
    with progress.step("Reading works and authors", session, expected_jobs=12):
        works = _works(making, readers, redirects, latest)
    with progress.step("Reading editions", session, expected_jobs=3):
        editions = _editions(making, works, redirects, latest)
    with progress.step("Finding series", session, expected_jobs=6):
        first = works.select("key", F.get("authors", F.lit(0))["name"].alias("author"))
        series = series_of(editions, first)
        series = making.keep("series", series, works_of_a_series=F.count("*"))
    with progress.step("Writing the catalog", session, expected_jobs=6):
        _write(making, _joined(works, editions, series), out)


def _readers(making: _Making) -> tuple[DataFrame, DataFrame]:
    """Redirects, and the counts of each work that readers have, whatever key they had it by."""
    kinds = [REDIRECTS] if REDIRECTS in making.files else ["works", "authors"]
    lines = making.lines(kinds[0])
    for kind in kinds[1:]:
        lines = lines.unionByName(making.lines(kind))
    direct = making.keep("direct", redirects_of(lines), redirects=F.count("*"))
    redirects = making.keep("redirects", follow(direct), redirects_with_end=F.count("*"))
    ratings = making.counted(
        popular.ratings_of(making.lines("ratings")),
        ratings_lines=F.count("*"),
        ratings_unusable=F.count_if(F.col("stars").isNull()),
    )
    log = making.counted(
        popular.log_of(making.lines("reading-log")),
        reading_log_lines=F.count("*"),
        reading_log_unusable=F.count_if(F.col("shelf").isNull()),
    )
    by_key = popular.popularity(ratings, log)
    readers = popular.summed(redirected(by_key, redirects))
    return redirects, making.keep("readers", readers, works_with_readers=F.count("*"))


def _works(making: _Making, readers: DataFrame, redirects: DataFrame, latest: int) -> DataFrame:
    """The best-known works that have a title and an author, with their rank."""
    most = making.options.most
    best = readers.orderBy(*popular.best_known()).limit(SPARE * most + 1000)
    wanted = making.keep("wanted", best, works_looked_for=F.count("*"))
    lines = making.counted(making.lines("works"), **_line_counts("work"))
    is_titled = F.col("title").isNotNull()
    works = making.keep(
        "found",
        works_of(lines, wanted, latest=latest),
        works_found=F.count("*"),
        works_unreadable=F.count_if("is_broken"),
        works_without_title=F.count_if(~is_titled),
        works_repaired=F.count_if(is_titled & F.col("was_repaired")),
    ).where(is_titled)
    credited = making.keep("credits", redirected(credits_of(works), redirects))
    lines = making.counted(making.lines("authors"), **_line_counts("author"))
    found = authors_of(lines, credited.select("key").distinct())
    authors = making.keep("authors", found, authors=F.count("*"))
    making.counts["credits_without_author"] = credited.join(authors, "key", "left_anti").count()
    usable = works.join(named(credited, authors), "key").join(wanted, "key")
    usable = making.counted(usable, works_usable=F.count("*"))
    rank = F.row_number().over(Window.orderBy(*popular.best_known()))
    return making.keep("works", usable.withColumn("rank", rank).where(F.col("rank") <= most))


def _line_counts(kind: str) -> dict[str, Column]:
    """How many lines a file has, how many lack columns, and how many are of other types."""
    parts = F.split("value", "\t", 5)
    is_whole = F.size(parts) == 5
    return {
        f"{kind}s_lines": F.count("*"),
        f"{kind}s_lines_without_columns": F.count_if(~is_whole),
        f"{kind}s_lines_of_other_types": F.count_if(
            is_whole & (F.get(parts, F.lit(0)) != f"/type/{kind}")
        ),
    }


def _editions(making: _Making, works: DataFrame, redirects: DataFrame, latest: int) -> DataFrame:
    is_edition = F.col("value").startswith("/type/edition\t")
    lines = making.counted(
        making.lines("editions"),
        **_line_counts("edition"),
        editions_lines_without_work=F.count_if(is_edition & (work_in(F.col("value")) == "")),
    )
    return making.keep(
        "editions",
        editions_of(lines, known_as(works.select("key"), redirects), latest=latest),
        editions=F.count("*"),
        editions_unreadable=F.count_if("is_broken"),
        editions_with_wrong_isbns=F.count_if(F.expr("has_isbns AND size(isbns) = 0")),
        editions_with_impossible_dates=F.count_if(F.expr("is_dated AND year IS NULL")),
    )


def _joined(works: DataFrame, editions: DataFrame, series: DataFrame) -> DataFrame:
    """One row for each work, in the columns of the catalog."""
    whole = works.join(summary_of(editions), "key", "left").join(series, "key", "left")
    empty = F.array()
    average = F.when(F.col("ratings") > 0, F.round(F.col("stars") / F.col("ratings"), 2))
    return whole.withColumns(
        {
            "subtitle": F.coalesce("subtitle", F.lit("")),
            "description": F.coalesce("description", F.lit("")),
            "series_name": F.coalesce("series_name", F.lit("")),
            "subjects": F.coalesce("subjects", empty),
            "isbns": F.coalesce("isbns", empty),
            "goodreads_ids": F.coalesce("goodreads_ids", empty),
            "librarything_ids": F.coalesce("librarything_ids", empty),
            "first_year": F.coalesce("own_year", "earliest_year"),
            "editions": F.coalesce("editions", F.lit(0)),
            "average_rating": average,
        }
    ).select(*COLUMNS)


def _write(making: _Making, catalog: DataFrame, out: Path) -> None:
    files = max(1, math.ceil(making.options.most / ROWS_OF_A_FILE))
    ordered = catalog.repartitionByRange(files, "rank").sortWithinPartitions("rank")
    # Counted last, as Spark goes through what is before it twice to find the ranges.
    counted = making.counted(
        ordered,
        catalog_works=F.count("*"),
        catalog_isbns=F.sum(F.size("isbns")),
        catalog_goodreads_ids=F.sum(F.size("goodreads_ids")),
        catalog_librarything_ids=F.sum(F.size("librarything_ids")),
        catalog_descriptions=F.count_if(F.col("description") != ""),
        catalog_years=F.count("first_year"),
        catalog_fewest_readers=F.min("readers"),
    )
    making.write(counted, out / WORKS)


def _write_manifest(making: _Making, out: Path) -> dict[str, Any]:
    counts = making.counts
    counts["redirects_without_end"] = counts["redirects"] - counts.pop("redirects_with_end")
    counts["works_not_in_dump"] = counts.pop("works_looked_for") - counts["works_found"]
    titled = counts["works_found"] - counts["works_without_title"]
    counts["works_without_author"] = titled - counts["works_usable"]
    if not counts["catalog_works"]:
        raise BadDumps("No work of the dumps has a title, an author and a reader.")
    prefix = "catalog_"
    manifest = {
        "schema": SCHEMA,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "dumps": {kind: file.name for kind, file in making.files.items()},
        "most": making.options.most,
        "rule": popular.RULE,
        "catalog": {
            name.removeprefix(prefix): count
            for name, count in counts.items()
            if name.startswith(prefix)
        },
        "counts": {
            name: count for name, count in sorted(counts.items()) if not name.startswith(prefix)
        },
    }
    draft = out / f"{MANIFEST}.part"
    draft.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    draft.replace(out / MANIFEST)
    return manifest
