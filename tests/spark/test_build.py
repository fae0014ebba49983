"""Whole builds: in this process, as a command, under spark-submit and on a cluster."""

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyspark
import pytest
from pyspark.sql import SparkSession

from recommender.engine.model import Model
from recommender.engine.release import list_versions, open_release
from recommender.engine.store import FileStore, open_store
from spark.factors import FactorSettings
from spark.java import find_java
from spark.pipeline import COSTS, BuildOptions, bookfold_version, build_release
from spark.progress import Progress
from spark.stars import StarSettings
from tests.services import BRIEF_JVM
from tests.spark.ratings import planted_ratings, write_ratings

pytestmark = pytest.mark.spark

ROOT = Path(__file__).resolve().parents[2]
SMALL = FactorSettings(rank=4, iterations=4, alpha=5.0, regularization=0.1)
FEW_STARS = StarSettings(rank=4, iterations=2, blocks=1)
CLUSTER = "local-cluster[2,1,1024]"
FLAGS = ["--rank=8", "--iterations=2", "--simulated", "--dataset=planted"]


def build(spark: SparkSession, ratings: Path, store: FileStore, *, promote: bool = True) -> str:
    """Build as the command does, and give what it showed."""
    shown = io.StringIO()
    options = BuildOptions(
        ratings=str(ratings),
        dataset="planted",
        simulated=True,
        promote=promote,
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


OF_THE_SESSION_HERE = {
    "PYTHONPATH",
    "PYSPARK_GATEWAY_PORT",
    "PYSPARK_GATEWAY_SECRET",
    "SPARK_LOCAL_IP",
}


def run(
    *command: str | Path, cwd: Path, java_options: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if name not in OF_THE_SESSION_HERE
    }
    environment |= {**find_java().environment, "PYSPARK_PYTHON": sys.executable}
    environment["JAVA_TOOL_OPTIONS"] = f"{BRIEF_JVM} {java_options}"
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


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


def test_the_same_file_runs_under_spark_submit_on_a_cluster(built: Built, tmp_path: Path) -> None:
    # Executors run elsewhere, where nothing of this project can be imported but what they are sent.
    elsewhere = run(sys.executable, "-c", "import recommender.engine, spark", cwd=tmp_path)
    assert "ModuleNotFoundError" in elsewhere.stderr
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    store = tmp_path / "store"
    spark_submit: list[str | Path] = [
        submit,
        "--master",
        CLUSTER,
        "--conf",
        "spark.executor.memory=512m",
        "--conf",  # two cores, a thousand ratings: Spark's own 200 would only be slower
        "spark.sql.shuffle.partitions=4",
    ]
    arguments = [f"--ratings={built.ratings}", f"--store={store}", *FLAGS]
    ran = run(*spark_submit, ROOT / "spark" / "build.py", *arguments, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    release = open_release(open_store(str(store)), cache_dir=tmp_path / "cache")
    assert release.manifest.dataset.ratings == 1200
    here = open_release(FileStore(built.root), cache_dir=tmp_path / "cache").parts["neighbours"]
    for name, tensor in release.parts["neighbours"].items():
        np.testing.assert_allclose(tensor, here[name], atol=1e-5)
