"""Ratings in, release out.

Runs as ``python -m spark.build …`` and as ``spark-submit spark/build.py …``.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# spark-submit runs this file as a script, with only its own folder to import from.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyspark.sql import SparkSession

from recommender.engine.manifest import ReleaseError
from recommender.engine.own_ratings import BadExport
from recommender.engine.store import NotFound, StoreError, open_store
from spark.arguments import at_least, positive
from spark.clean import BadRatings
from spark.convert.formats import CSV, FORMATS, GOODBOOKS, convert, described
from spark.convert.options import add_options, source_of, wanted_of
from spark.convert.tables import BadData, Wanted
from spark.factors import FactorSettings
from spark.holdout import READERS
from spark.java import NoJava
from spark.pipeline import COSTS, BuildOptions, build_release
from spark.progress import Progress
from spark.remote import is_spark_s, parent_of
from spark.session import describe, spark_session
from spark.volumes import BadBooks, read_book_ids


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    defaults = FactorSettings()
    parser = argparse.ArgumentParser(prog="spark.build", description="Ratings in, release out.")
    add = parser.add_argument
    add(
        "--ratings", required=True, help="a CSV file (or .csv.gz), or a folder with one; s3://… too"
    )
    add(
        "--format",
        choices=[GOODBOOKS, *FORMATS, CSV],
        default=GOODBOOKS,
        help=f"what the ratings are (default: {GOODBOOKS}); {described()}",
    )
    add_options(parser)
    add("--own", metavar="DIR", help="an export of the site's own readers, added to the others")
    add("--store", required=True, help="where releases go: a folder, file:///… or s3://…")
    add("--endpoint-url", help="S3 service other than AWS (default: S3_ENDPOINT_URL)")
    add("--master", help="Spark's master (default: local[*], or what spark-submit was told)")
    add("--driver-memory", help="like 4g (default: half of what is free, at most 16g)")
    add("--rank", type=at_least(1), default=defaults.rank)
    add("--iterations", type=at_least(1), default=defaults.iterations)
    add("--regularization", type=positive, default=defaults.regularization)
    add("--alpha", type=positive, default=defaults.alpha)
    add("--seed", type=int, default=defaults.seed)
    add("--dataset", help="what to call the ratings (default: as dataset.json or the folder says)")
    add("--simulated", action="store_true", help="the readers are simulated")
    add(
        "--hold-out",
        type=at_least(0),
        default=READERS,
        help="readers to hold out of the training and measure on; 0 to train on all",
    )
    add(
        "--cold",
        metavar="FILE",
        help="ids of books, a line each, whose ratings are left out, to measure content alone",
    )
    add(
        "--progress",
        type=Path,
        metavar="FILE",
        help="keep step, percent and seconds of the build in this file, as JSON",
    )
    add(
        "--warm",
        action="store_true",
        help="go on from the factors of the release in use: sooner, and a little less accurate",
    )
    add("--no-promote", action="store_true", help="write the release, but leave the old one in use")
    options = parser.parse_args(arguments)
    if options.endpoint_url:
        os.environ["S3_ENDPOINT_URL"] = options.endpoint_url  # for ratings as for the store
    try:
        facts = dataset_facts(options.ratings)
    except ValueError:
        parser.error(f"The dataset.json beside {options.ratings} is not JSON; repair or remove it.")
    except StoreError as error:
        parser.error(str(error))
    if options.format == GOODBOOKS and wanted_of(options) != Wanted():
        parser.error("--min-ratings, --max-books and --since go with another --format.")
    try:
        source_of(options, Path(options.ratings))
    except BadData as error:
        parser.error(str(error))
    try:
        options.cold = read_book_ids(Path(options.cold)) if options.cold else frozenset()
    except BadBooks as error:
        parser.error(str(error))
    options.dataset = options.dataset or facts.get("name")
    options.simulated = options.simulated or facts.get("simulated") is True
    return options


def dataset_facts(ratings: str) -> dict[str, Any]:
    """The contents of the ``dataset.json`` beside the ratings; empty if there is none."""
    if is_spark_s(ratings):
        return {}
    try:
        facts = json.loads(open_store(parent_of(ratings)).get("dataset.json"))
    except NotFound:
        return {}
    return facts if isinstance(facts, dict) else {}


def with_converted(
    session: SparkSession, build: BuildOptions, options: argparse.Namespace, folder: Path
) -> BuildOptions:
    """The same build of a set in another format, which is converted into the folder first."""
    convert(session, source_of(options, Path(options.ratings)), wanted_of(options), folder)
    name = options.dataset or str(dataset_facts(str(folder))["name"])
    return replace(build, ratings=str(folder), dataset=name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build a release; return 0 if that succeeded."""
    options = parse_arguments(arguments)
    settings = FactorSettings(
        rank=options.rank,
        iterations=options.iterations,
        regularization=options.regularization,
        alpha=options.alpha,
        seed=options.seed,
    )
    build = BuildOptions(
        ratings=options.ratings,
        dataset=options.dataset,
        simulated=options.simulated,
        own=options.own,
        promote=not options.no_promote,
        hold_out=options.hold_out,
        cold=options.cold,
        warm=options.warm,
        seed=options.seed,
        factors=settings,
    )
    progress = Progress(COSTS, file=options.progress)
    try:
        store = open_store(options.store, endpoint_url=options.endpoint_url)
        with ExitStack() as stack:
            with progress.step("Starting Spark"):
                session = stack.enter_context(
                    spark_session(master=options.master, driver_memory=options.driver_memory)
                )
            progress.note(describe(session))
            if options.format != GOODBOOKS:
                folder = stack.enter_context(TemporaryDirectory(prefix="bookfold-set-"))
                build = with_converted(session, build, options, Path(folder) / "set")
            build_release(session, build, store=store, progress=progress)
    except (BadData, BadExport, BadRatings, NoJava, ReleaseError, StoreError) as error:
        sys.stderr.write(f"\nNo release was put in use: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
