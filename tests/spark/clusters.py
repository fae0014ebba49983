"""Builds on a cluster, from a bucket into a bucket, that lose an executor on the way."""

import gzip
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pyspark
import pytest

from recommender.engine.release import Release, open_release
from recommender.engine.store import open_store
from spark.java import find_java
from tests.recommender.engine.s3_servers import BUCKET, KEY, SECRET, S3Server
from tests.services import BRIEF_JVM

ROOT = Path(__file__).resolve().parents[2]
#: Environment variables of the session that the tests have in this process.
OF_THE_SESSION_HERE = {
    "PYTHONPATH",
    "PYSPARK_GATEWAY_PORT",
    "PYSPARK_GATEWAY_SECRET",
    "SPARK_LOCAL_IP",
}
#: The environment variable that tells the executors of one build from those of others.
MARK = "BOOKFOLD_BUILD"
SETTINGS = ("spark.executor.memory=512m", "spark.sql.shuffle.partitions=4")  # of 200


def environment(java_options: str = "") -> dict[str, str]:
    """The environment of a process of Spark's of its own."""
    here = {name: value for name, value in os.environ.items() if name not in OF_THE_SESSION_HERE}
    return {
        **here,
        **find_java().environment,
        "PYSPARK_PYTHON": sys.executable,
        "JAVA_TOOL_OPTIONS": f"{BRIEF_JVM} {java_options}",
    }


def run(
    *command: str | Path, cwd: Path, java_options: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command, and wait for its end."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment(java_options) | variables,
        capture_output=True,
        text=True,
        timeout=1800,  # ten minutes are too few where much else runs
        check=False,
    )


def give_credentials(patch: pytest.MonkeyPatch) -> None:
    """Let this process and its children know who they are to the bucket's service."""
    patch.setenv("AWS_ACCESS_KEY_ID", KEY)
    patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def give_bucket(server: S3Server, ratings: Path, patch: pytest.MonkeyPatch) -> None:
    """Put ratings in two parts into a bucket that this process, and its children, know of."""
    patch.setenv("S3_ENDPOINT_URL", server.endpoint_url)
    server.make_bucket()
    bucket = open_store(f"s3://{BUCKET}")
    header, *lines = ratings.read_text().splitlines(keepends=True)
    for part, some in enumerate((lines[::2], lines[1::2])):
        packed = gzip.compress("".join([header, *some]).encode())
        bucket.put(f"set/ratings/part-{part}.csv.gz", packed)
    bucket.put("set/dataset.json", b'{"name": "planted", "simulated": true}')


def build_and_lose_an_executor(
    master: str,
    folder: Path,
    settings: Sequence[str] = (),
    **variables: str,
) -> Release:
    """Build a release of the bucket's ratings, and kill an executor while factors are trained."""
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    all_settings = (*SETTINGS, f"spark.executorEnv.{MARK}={folder}", *settings)
    conf = [word for setting in all_settings for word in ("--conf", setting)]
    progress = folder / "progress.json"
    command: list[str | Path] = [submit, "--master", master, *conf, ROOT / "spark" / "build.py"]
    with killing_an_executor(folder, progress) as killed:
        ran = run(
            *command,
            *(f"--ratings=s3://{BUCKET}/set", f"--store=s3://{BUCKET}/store"),
            *("--rank=8", "--iterations=2", f"--progress={progress}"),
            cwd=folder,
            **variables,
        )
    assert ran.returncode == 0, ran.stderr
    assert killed, "no executor was there to be killed"
    return open_release(open_store(f"s3://{BUCKET}/store"), cache_dir=folder / "cache")


def assert_alike(release: Release, other: Release) -> None:
    """Of the same ratings, with neighbors that differ by no more than rounding."""
    assert release.manifest.dataset == other.manifest.dataset
    neighbours = other.parts["neighbours"]
    for name, tensor in release.parts["neighbours"].items():
        np.testing.assert_allclose(tensor, neighbours[name], atol=1e-5)


@contextmanager
def killing_an_executor(folder: Path, progress: Path) -> Iterator[list[int]]:
    """Kill an executor of the build in a folder, while the factors are trained.

    Gives its process id, in a list that is empty until then.
    """
    killed: list[int] = []
    is_over = threading.Event()

    def wait_and_kill() -> None:
        while not is_over.wait(0.2):
            if (
                progress.exists()
                and "factors" in progress.read_text()
                and (pids := executors(folder))
            ):
                os.kill(pids[0], signal.SIGKILL)
                killed.append(pids[0])
                return

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    try:
        yield killed
    finally:
        is_over.set()
        thread.join()


def executors(folder: Path) -> list[int]:
    """The executors of the build in a folder, by process id."""
    found, mark = [], f"{MARK}={folder}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_executor = b"CoarseGrainedExecutorBackend" in (process / "cmdline").read_bytes()
            if is_executor and mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return sorted(found)
