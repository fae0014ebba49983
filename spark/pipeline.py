"""The steps of a build, in order."""

import subprocess
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from recommender.engine.blend import BlendSettings
from recommender.engine.book_content import ContentSettings
from recommender.engine.content import content_tensors
from recommender.engine.manifest import Dataset, Manifest
from recommender.engine.own_ratings import FIRST_READER
from recommender.engine.publish import Draft, Part, promote, write_release
from recommender.engine.release import open_release, read_latest
from recommender.engine.store import Store
from recommender.engine.values import Float32Array, IntArray
from spark.clean import (
    BadRatings,
    CleanReport,
    book_counts,
    deduplicate,
    line_counts,
    parse_ratings,
    read_ratings,
    summarize,
)
from spark.content import listed_books, read_contents, with_unrated
from spark.factors import (
    WARM_ROUNDS,
    FactorSettings,
    factors_in_use,
    factors_part,
    train_factors,
    weighted_entries,
)
from spark.gate import GateRefused, measure
from spark.groups import alike_groups
from spark.holdout import READERS, HoldOut, hold_out
from spark.neighbours import NeighbourSettings, train_neighbours
from spark.own import count_own, is_own, own_books, read_own, without_rare
from spark.progress import Progress
from spark.signals import SideFiles
from spark.stars import JOBS as STAR_JOBS
from spark.stars import StarSettings, train_stars

ROOT = Path(__file__).resolve().parents[1]
#: Seconds of each step on as many ratings as goodbooks-10k has (docs/PERFORMANCE.md), by which the
#: percent of a build moves: Spark, cleaning, factors, neighbors, stars, content, held-out readers,
#: writing, putting in use.
COSTS = (4, 18, 134, 47, 44, 12, 25, 4, 1)
DEFAULT_RANKER = "neighbours"
#: How readers are served, by how many of their books the release knows (docs/QUALITY.md).
BLEND = BlendSettings(
    (5, 10, 20, 50, 100),
    {"neighbours": (1.0, 1.0, 1.0, 1.0, 1.0), "factors": (5.0, 2.5, 1.5, 1.0, 0.5)},
)
CLEAN_JOBS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What to build, and from which data.

    The ratings and shelves of ``cold`` books are left out, to measure what content alone does.
    A ``warm`` build goes on from the factors of the release in use.
    """

    ratings: str
    dataset: str | None = None
    simulated: bool = False
    own: str | None = None
    promote: bool = True
    hold_out: int = READERS
    seed: int = 1
    factors: FactorSettings = field(default_factory=FactorSettings)
    neighbours: NeighbourSettings = field(default_factory=NeighbourSettings)
    stars: StarSettings = field(default_factory=StarSettings)
    blend: BlendSettings = BLEND
    content: ContentSettings = field(default_factory=ContentSettings)
    cold: frozenset[int] = frozenset()
    warm: bool = False


@dataclass(frozen=True, slots=True)
class CleanRatings:
    """Ratings for training, and facts about them.

    The report and the hash are of all ratings, the books of the ones that are trained on. ``own``
    is the number of the site's own readers among them, and of their ratings.
    """

    rows: DataFrame
    held_out: HoldOut
    books: dict[str, NDArray[Any]]
    report: CleanReport
    sha256: str
    own: tuple[int, int] = (0, 0)


def build_release(
    session: SparkSession, options: BuildOptions, *, store: Store, progress: Progress
) -> Manifest:
    """Build a release and, unless told not to, put it in use as the last step.

    If anything fails before that, ``latest.json`` stays as it was.

    Raises
    ------
    BadRatings, BadExport
        If the ratings, or those of the site's own readers, are unusable.
    GateRefused
        If the release is worse than the one in use; it has been written all the same.
    StoreError, ReleaseError
        If the release can't be written or put in use.
    """
    # If the store can't be reached, fail before the work rather than after it.
    read_latest(store)
    with progress.step("Reading and cleaning ratings", session, expected_jobs=CLEAN_JOBS):
        ratings = clean(
            session,
            options.ratings,
            own=options.own,
            readers=options.hold_out,
            seed=options.seed,
            cold=options.cold,
        )
    for sentence in ratings.report.sentences():
        progress.note(sentence)
    if options.own:
        progress.note("Of these, {:,} readers of this site gave {:,}".format(*ratings.own))
    book_ids: IntArray = ratings.books["book_id"]
    own = own_books(options.own) if options.own else None
    files = SideFiles.beside(options.ratings, own_books=own)
    progress.note(f"Further data: {', '.join(files.names()) or 'none'}")
    contents = read_contents(files)
    factors = options.factors.for_books(len(book_ids))
    start = start_from(store, book_ids, factors) if options.warm else None
    if start is not None:
        factors = replace(factors, iterations=WARM_ROUNDS)
        progress.note(f"Factors go on from those in use, in {WARM_ROUNDS} rounds")
    with progress.step("Training factors", session) as step:
        entries = weighted_entries(session, ratings.rows, book_ids, files, factors)
        item_factors = train_factors(entries, len(book_ids), factors, start=start, part=step.part)
    parts = {"factors": factors_part(item_factors, factors)}
    with progress.step("Finding neighbors", session) as step:
        parts["neighbours"] = train_neighbours(
            session,
            ratings.rows,
            book_ids,
            files,
            options.neighbours,
            groups=alike_groups(item_factors, options.neighbours.gram.block),
            part=step.part,
        )
    with progress.step("Fitting stars", session, expected_jobs=STAR_JOBS):
        parts["stars"] = train_stars(ratings.rows, book_ids, options.stars)
    with progress.step("Comparing what books are about"):
        books = with_unrated_books(ratings.books, listed_books(files) | options.cold)
        every, counts = books["book_id"], books["ratings"]
        rows = np.searchsorted(every, book_ids)
        parts = {name: with_unrated(part, rows, len(every)) for name, part in parts.items()}
        parts["content"] = Part(
            content_tensors(contents, every, counts, options.content), options.content.to_json()
        )
    ratings = replace(ratings, books=books)
    draft = draft_release(options, ratings, parts)
    with progress.step("Measuring it on held-out readers"):
        held_out = ratings.held_out
        draft = measure(draft, held_out.readers, rule=held_out.rule, store=store)
    for sentence in describe_metrics(draft):
        progress.note(sentence)
    return publish(draft, store=store, progress=progress, put_in_use=options.promote)


def start_from(store: Store, book_ids: IntArray, settings: FactorSettings) -> Float32Array | None:
    """The factors of the release in use, for these books; None if there are none of this rank."""
    if read_latest(store) is None:
        return None
    with TemporaryDirectory(prefix="bookfold-warm-") as folder:
        return factors_in_use(open_release(store, cache_dir=Path(folder)), book_ids, settings)


def with_unrated_books(
    books: dict[str, NDArray[Any]], listed: frozenset[int]
) -> dict[str, NDArray[Any]]:
    """The columns of ``books.parquet``, with the listed books that nobody has rated."""
    more = sorted(listed - set(books["book_id"].tolist()))
    joined = {
        name: np.concatenate(
            [column, np.array(more if name == "book_id" else [0] * len(more), column.dtype)]
        )
        for name, column in books.items()
    }
    order = np.argsort(joined["book_id"])
    return {name: column[order] for name, column in joined.items()}


def publish(draft: Draft, *, store: Store, progress: Progress, put_in_use: bool) -> Manifest:
    """Write what was built and measured and, where it is to be put in use, do that last of all.

    Raises
    ------
    GateRefused
        If it is to be put in use and is worse than the one that is; it has been written then.
    StoreError, ReleaseError
        If it can't be written or put in use; ``latest.json`` is as it was then.
    """
    with progress.step("Writing the release"):
        manifest = write_release(store, draft, now=datetime.now(UTC))
    if put_in_use and manifest.gate["passed"] is False:
        raise GateRefused(
            f"{manifest.version} was written, but {manifest.gate['reason']} on the held-out "
            "readers; use `manage.py releases --promote` if you want it all the same."
        )
    with progress.step("Putting it in use" if put_in_use else "Leaving the old one in use"):
        if put_in_use:
            promote(store, manifest.version)
    progress.note(f"Release {manifest.version} is in {store.uri}")
    return manifest


def clean(
    session: SparkSession,
    path: str,
    *,
    own: str | None = None,
    readers: int = 0,
    seed: int = 1,
    cold: frozenset[int] = frozenset(),
) -> CleanRatings:
    """Read, check and deduplicate the ratings, and hold readers out.

    Parameters
    ----------
    own
        The folder of an export of the site's own readers, added to the others. They are never held
        out: their numbers change with each export, so no other release could be compared on them.
    readers
        How many readers to hold out.
    cold
        Books whose ratings are not trained on; those of held-out readers are kept.
    """
    lines, others = Observation(), Observation()
    parsed = parse_ratings(read_ratings(session, path))
    if own:
        own_lines = parse_ratings(read_own(session, own))
        parsed = parsed.observe(others, F.count_if(is_own()).alias("with_own_numbers"))
        parsed = parsed.unionByName(own_lines)
    ratings = deduplicate(parsed.observe(lines, *line_counts())).cache()
    if own:
        ratings = without_rare(ratings).cache()
    counts, sha256 = summarize(ratings)
    if not counts["kept"]:
        raise BadRatings(f"None of the lines at {path} is a usable rating.")
    if own and others.get["with_own_numbers"]:
        raise BadRatings(
            f"Readers at {path} have numbers from {FIRST_READER:,} on, which are reserved for the "
            "site's own readers; renumber them, or build without --own."
        )
    among = ratings.where(~is_own()) if own else ratings
    held_out = hold_out(ratings, readers, seed=seed, among=among)
    training = held_out.training
    if cold:
        training = training.where(~F.col("book_id").isin(sorted(cold)))
    training = training.cache()
    table = book_counts(training).toArrow()
    books = {name: table.column(name).to_numpy() for name in table.column_names}
    report = CleanReport(**lines.get, **counts, books=table.num_rows)
    counted = count_own(ratings) if own else (0, 0)
    return CleanRatings(training, held_out, books, report, sha256, counted)


def draft_release(options: BuildOptions, ratings: CleanRatings, parts: dict[str, Part]) -> Draft:
    """Assemble the draft of the release."""
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
            own_readers=ratings.own[0],
            own_ratings=ratings.own[1],
        ),
        default_ranker=DEFAULT_RANKER,
        served=options.blend.to_json(),
        code_revision=code_revision(),
        bookfold_version=bookfold_version(),
    )


def describe_metrics(draft: Draft) -> list[str]:
    """The metrics as text."""
    if not draft.metrics:
        return ["No readers were held out, so nothing was measured"]
    count = draft.metrics["held_out"]["readers"]
    return [
        f"{ranker}: NDCG@100 {values['ndcg@100']:.3f}, coverage@10 {values['coverage@10']:.3f} "
        f"on {count} held-out readers"
        for ranker, values in draft.metrics["rankers"].items()
        if "ndcg@100" in values
    ]


def bookfold_version() -> str:
    """The version of this code; ``unknown`` where it was copied without its ``pyproject.toml``."""
    try:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    except OSError:
        return "unknown"
    return str(project["project"]["version"])


def code_revision() -> str:
    """The commit of this code; ``unknown`` if it is not in a git work tree."""
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
