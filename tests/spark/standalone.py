"""A build on Spark's own cluster of two machines, as `make test-cluster` runs it.

Needs root and `ip` of iproute2: the machines are network namespaces with addresses of their own, so
that executors reach the driver, each other and the bucket over a network, or not at all.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from recommender.engine.release import open_release
from recommender.engine.store import FileStore
from recsite.local.process import wait_until
from tests.recommender.engine.s3_servers import moto_server
from tests.spark.clusters import (
    assert_alike,
    build_and_lose_an_executor,
    environment,
    give_bucket,
    give_credentials,
)
from tests.spark.ratings import planted_ratings, write_ratings
from tests.spark.test_build import build

pytestmark = pytest.mark.spark

BRIDGE, NETWORK, DRIVER = "bookfold0", 24, "10.213.7.1"
MACHINES = {"bookfold-1": "10.213.7.11", "bookfold-2": "10.213.7.12"}
MASTER = f"spark://{DRIVER}:7077"
SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"


def ip(*words: str) -> None:
    """Set up the network."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def machines() -> Iterator[None]:
    """Two machines on a bridge, which has the driver's address."""
    with ExitStack() as stack:
        ip("link", "add", BRIDGE, "type", "bridge")
        stack.callback(ip, "link", "delete", BRIDGE)
        ip("address", "add", f"{DRIVER}/{NETWORK}", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for number, (name, address) in enumerate(MACHINES.items()):
            ip("netns", "add", name)
            stack.callback(ip, "netns", "delete", name)
            cable = f"bookfold-v{number}"
            ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", cable, "master", BRIDGE, "up")
            ip("-n", name, "address", "add", f"{address}/{NETWORK}", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield


@contextmanager
def cluster(folder: Path) -> Iterator[Path]:
    """Spark's master beside the driver, and a worker with one core on each machine.

    Gives the log of the master.
    """
    log = folder / "master.log"
    with ExitStack() as stack:
        words = ["Master", "--host", DRIVER, "--port", "7077", "--webui-port", "0"]
        start(stack, [], words, DRIVER, log)
        assert wait_until(lambda: "Starting Spark master" in read(log), seconds=60), read(log)
        for name, address in MACHINES.items():
            words = ["Worker", "--host", address, "--cores", "1", "--memory", "1g"]
            words += ["--work-dir", str(folder / name), "--webui-port", "0", MASTER]
            start(stack, ["ip", "netns", "exec", name], words, address, folder / f"{name}.log")
        registered = "Registering worker"
        assert wait_until(lambda: read(log).count(registered) == 2, seconds=60), read(log)
        yield log


def start(stack: ExitStack, where: list[str], words: list[str], address: str, log: Path) -> None:
    """Start one of Spark's servers; it ends with the stack."""
    name, *options = words
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*where, str(SPARK_CLASS), f"org.apache.spark.deploy.{name.lower()}.{name}", *options],
            cwd=log.parent,
            env=environment() | {"SPARK_LOCAL_IP": address},
            stdout=file,
            stderr=file,
        )
    stack.callback(process.wait)
    stack.callback(process.terminate)


def read(log: Path) -> str:
    return log.read_text(errors="replace")


def test_two_machines_build_what_one_builds_and_survive_the_loss_of_an_executor(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratings = write_ratings(tmp_path / "ratings.csv", planted_ratings())
    here = FileStore(tmp_path / "store")
    build(spark, ratings, here)
    give_credentials(monkeypatch)  # as machines of a cluster have them; the service they are told
    with machines(), moto_server(DRIVER) as server, cluster(tmp_path) as log:
        give_bucket(server, ratings, monkeypatch)
        release = build_and_lose_an_executor(
            MASTER,
            tmp_path,
            [f"spark.driver.host={DRIVER}", f"spark.driver.bindAddress={DRIVER}"],
            SPARK_LOCAL_IP=DRIVER,
        )
        lines = read(log).splitlines()
    launched = [line for line in lines if "Launching executor" in line]
    assert len(launched) >= 3, "nothing took the place of the lost executor"
    assert all(any(address in line for line in launched) for address in MACHINES.values())
    assert_alike(release, open_release(here, cache_dir=tmp_path / "cache"))
