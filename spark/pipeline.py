"""The steps of a build, in order."""

import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame, Observation, SparkSession

from recommender.engine.manifest import Dataset, Manifest
from recommender.engine.publish import Draft, Part, promote, write_release
from recommender.engine.release import read_latest
from recommender.engine.store import Store
from recommender.engine.values import IntArray
from spark.clean import (
    BadRatings,
    CleanReport,
    book_counts,
    line_counts,
    parse_ratings,
    read_ratings,
    settle,
    summarize,
)
from spark.factors import (
    FactorSettings,
    expected_jobs,
    factor_matrix,
    factors_part,
    train_factors,
    weigh,
)
from spark.neighbours import JOBS as NEIGHBOUR_JOBS
from spark.neighbours import NeighbourSettings, train_neighbours
from spark.progress import Progress
from spark.signals import SideFiles
from spark.stars import JOBS as STAR_JOBS
from spark.stars import StarSettings, train_stars

STEPS = 8
DEFAULT_RANKER = "neighbours"
CLEAN_JOBS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What to build from what."""

    ratings: str
    dataset: str | None = None
    simulated: bool = False
    promote: bool = True
    factors: FactorSettings = field(default_factory=FactorSettings)
    neighbours: NeighbourSettings = field(default_factory=NeighbourSettings)
    stars: StarSettings = field(default_factory=StarSettings)


@dataclass(frozen=True, slots=True)
class CleanRatings:
    """Ratings that are fit for training, with what is known about them."""

    rows: DataFrame
    books: dict[str, NDArray[Any]]
    report: CleanReport
    sha256: str


def build_release(
    session: SparkSession, options: BuildOptions, *, store: Store, progress: Progress
) -> Manifest:
    """Build a release and, unless told not to, put it in use as the very last thing.

    Whatever fails before leaves ``latest.json`` as it was.

    Raises
    ------
    BadRatings
        If the ratings can't be used at all.
    StoreError, ReleaseError
        If the release can't be written or put in use.
    """
    # A store that can't be reached is better found out before the work than after it.
    read_latest(store)
    with progress.step("Reading and cleaning ratings", session, expected_jobs=CLEAN_JOBS):
        ratings = clean(session, options.ratings)
    for sentence in ratings.report.sentences():
        progress.note(sentence)
    with progress.step("Training factors", session, expected_jobs=expected_jobs(options.factors)):
        model = train_factors(weigh(ratings.rows, options.factors.weights), options.factors)
    with progress.step("Collecting factors", session):
        book_ids, item_factors = factor_matrix(model.itemFactors)
    parts = {"factors": factors_part(item_factors, options.factors)}
    files = SideFiles.beside(options.ratings)
    progress.note(f"Beside the ratings: {', '.join(files.names()) or 'nothing more'}")
    with progress.step("Finding neighbors", session, expected_jobs=NEIGHBOUR_JOBS):
        parts["neighbours"] = train_neighbours(
            session, ratings.rows, book_ids, files, options.neighbours
        )
    with progress.step("Fitting stars", session, expected_jobs=STAR_JOBS):
        parts["stars"] = train_stars(ratings.rows, book_ids, options.stars)
    with progress.step("Writing the release"):
        draft = draft_release(options, ratings, book_ids, parts)
        manifest = write_release(store, draft, now=datetime.now(UTC))
    with progress.step("Putting it in use" if options.promote else "Leaving the old one in use"):
        if options.promote:
            promote(store, manifest.version)
    progress.note(f"Release {manifest.version} is in {store.uri}")
    return manifest


def clean(session: SparkSession, path: str) -> CleanRatings:
    """Read, check and settle the ratings; they stay cached for what follows."""
    lines = Observation()
    parsed = parse_ratings(read_ratings(session, path)).observe(lines, *line_counts())
    settled = settle(parsed).cache()
    counts, sha256 = summarize(settled)
    if not counts["kept"]:
        raise BadRatings(f"None of the lines at {path} is a rating that can be used.")
    table = book_counts(settled).toArrow()
    books = {name: table.column(name).to_numpy() for name in table.column_names}
    report = CleanReport(**lines.get, **counts, books=table.num_rows)
    return CleanRatings(settled, books, report, sha256)


def draft_release(
    options: BuildOptions, ratings: CleanRatings, book_ids: IntArray, parts: dict[str, Part]
) -> Draft:
    """Put together what becomes the release."""
    if not np.array_equal(book_ids, ratings.books["book_id"]):
        raise BadRatings("Spark trained on other books than were counted; build once more.")
    return Draft(
        books=ratings.books,
        parts=parts,
        dataset=Dataset(
            name=options.dataset or Path(options.ratings).resolve().name,
            simulated=options.simulated,
            ratings=ratings.report.kept,
            readers=ratings.report.readers,
            books=ratings.report.books,
            sha256=ratings.sha256,
        ),
        default_ranker=DEFAULT_RANKER,
        code_revision=code_revision(),
        gate={"passed": None, "reason": "not evaluated"},
    )


def code_revision() -> str:
    """The commit this code is at; ``unknown`` where it is no git work tree."""
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
