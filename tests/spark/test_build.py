"""Whole builds: in this process, as a command, under spark-submit and on a cluster."""

import io
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from recommender.engine.model import Model
from recommender.engine.release import list_versions, open_release
from recommender.engine.store import FileStore
from spark.factors import FactorSettings, factors_in_use, first_factors
from spark.pipeline import COSTS, BuildOptions, bookfold_version, build_release
from spark.progress import Progress
from spark.stars import StarSettings
from tests.recommender.engine.s3_servers import moto_server
from tests.spark.clusters import (
    assert_alike,
    build_and_lose_an_executor,
    give_bucket,
    give_credentials,
    run,
)
from tests.spark.ratings import planted_ratings, write_ratings

pytestmark = pytest.mark.spark

ROOT = Path(__file__).resolve().parents[2]
SMALL = FactorSettings(rank=4, iterations=4, alpha=5.0, regularization=0.1)
FEW_STARS = StarSettings(rank=4, iterations=2, blocks=1)
CLUSTER = "local-cluster[2,1,1024]"
FLAGS = ["--rank=8", "--iterations=2", "--simulated", "--dataset=planted"]


def build(
    spark: SparkSession,
    ratings: Path,
    store: FileStore,
    *,
    promote: bool = True,
    warm: bool = False,
) -> str:
    """Build as the command does, and give what it showed."""
    shown = io.StringIO()
    options = BuildOptions(
        ratings=str(ratings),
        dataset="planted",
        simulated=True,
        promote=promote,
        warm=warm,
        factors=SMALL,
        stars=FEW_STARS,
    )
    build_release(spark, options, store=store, progress=Progress(COSTS, stream=shown))
    return shown.getvalue()


@dataclass(frozen=True)
class Built:
    """A store with one release in use, and what its build showed."""

    ratings: Path
    root: Path
    shown: str


@pytest.fixture(scope="module")
def built(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    ratings = write_ratings(folder / "ratings.csv", planted_ratings())
    return Built(ratings, folder / "store", build(spark, ratings, FileStore(folder / "store")))


def test_a_release_comes_out_that_answers(built: Built, tmp_path: Path) -> None:
    release = open_release(FileStore(built.root), cache_dir=tmp_path)
    scores = Model(release).fold_in({1: 5, 5: 4}, ranker="factors")
    assert {book.book_id % 4 for book in scores.top(6, exclude={1, 5})} == {1}
    data = release.manifest.dataset
    assert (data.name, data.simulated) == ("planted", True)
    assert (data.ratings, data.readers, data.books) == (1200, 120, 40)
    assert release.manifest.parts["factors"] == SMALL.to_json() | {"in_eigenbasis": True}
    assert release.manifest.bookfold_version == bookfold_version()
    assert release.manifest.gate["reason"] == "there was no release in use"
    assert "Training factors: 100 %" in built.shown
    assert "1,200 ratings of 40 books by 120 readers kept" in built.shown


def test_a_second_build_gives_the_same_model_and_may_leave_the_first_in_use(
    spark: SparkSession, built: Built, tmp_path: Path
) -> None:
    # Spark adds numbers up in the order in which tasks end, so the last bits may differ from
    # run to run; what has to be alike is the data, and the model to within rounding.
    store = FileStore(built.root)
    before = store.get("latest.json")
    build(spark, built.ratings, store, promote=False)
    assert store.get("latest.json") == before
    first, second = (
        open_release(store, cache_dir=tmp_path, version=version)
        for version in list_versions(store)[:2]
    )
    assert second.manifest.gate["compared_with"] == first.version
    assert first.manifest.dataset == second.manifest.dataset
    assert first.manifest.files["books.parquet"] == second.manifest.files["books.parquet"]
    np.testing.assert_allclose(
        first.parts["factors"]["item_factors"], second.parts["factors"]["item_factors"], atol=1e-4
    )


def test_a_warm_build_goes_on_from_the_factors_in_use(
    spark: SparkSession, built: Built, tmp_path: Path
) -> None:
    store = FileStore(built.root)
    before = store.get("latest.json")
    lines = [*planted_ratings(), *((reader, 999, 5) for reader in range(1, 121, 4))]
    shown = build(spark, write_ratings(tmp_path / "r.csv", lines), store, promote=False, warm=True)
    assert "Factors go on from those in use, in 2 rounds" in shown
    assert store.get("latest.json") == before
    newest = open_release(store, cache_dir=tmp_path, version=list_versions(store)[-1])
    assert newest.manifest.parts["factors"]["iterations"] == 2
    scores = Model(newest).fold_in({1: 5, 5: 4}, ranker="factors")
    assert {book.book_id % 4 for book in scores.top(6, exclude={1, 5, 999})} == {1}
    first = open_release(store, cache_dir=tmp_path)
    start = factors_in_use(first, newest.book_ids, SMALL)
    assert start is not None
    np.testing.assert_array_equal(start[:40], first.parts["factors"]["item_factors"])
    assert (start[40] == first_factors(41, SMALL)[40]).all()
    assert factors_in_use(first, newest.book_ids, replace(SMALL, rank=5)) is None


def test_the_command_says_in_one_line_what_is_wrong(built: Built, tmp_path: Path) -> None:
    before = (built.root / "latest.json").read_bytes()
    bad = write_ratings(tmp_path / "bad.csv", [(1, 2, 0)])
    # As on a machine whose own name nobody can look up, such as a bare container.
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    refused = run(
        *(sys.executable, "-m", "spark.build", "--master=local[2]", "--driver-memory=1g"),
        *(f"--ratings={bad}", f"--store={built.root.as_uri()}", *FLAGS),
        cwd=ROOT,
        java_options=f"-Djdk.net.hosts.file={hosts}",
    )
    assert refused.returncode == 1
    assert "None of the lines" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr
    assert (built.root / "latest.json").read_bytes() == before


def test_a_cluster_reads_and_writes_a_bucket_and_survives_the_loss_of_an_executor(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Executors run elsewhere, where nothing of this project can be imported but what they are sent.
    elsewhere = run(sys.executable, "-c", "import recommender.engine, spark", cwd=tmp_path)
    assert "ModuleNotFoundError" in elsewhere.stderr
    give_credentials(monkeypatch)
    with moto_server() as server:
        give_bucket(server, built.ratings, monkeypatch)
        release = build_and_lose_an_executor(CLUSTER, tmp_path)
    assert_alike(release, open_release(FileStore(built.root), cache_dir=tmp_path / "cache"))
