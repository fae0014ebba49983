"""The Spark session of a build."""

import os
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from spark.java import find_java

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("spark", "recommender/engine")
LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")
GIB = 1024**3
#: What a container may hold, by either version of Linux' control groups.
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def driver_memory_gib(free_bytes: int) -> int:
    """Half of what is free, between 1 and 16 GiB: the rest is for Python and the neighbors."""
    return max(1, min(16, free_bytes // (2 * GIB)))


def free_memory(limits: Iterable[Path] = LIMITS) -> int:
    """Bytes that a process could get without harm to those that run, as Linux estimates.

    In a container it is no more than what that may hold.
    """
    pages: int = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        lines = []
    available = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    allowed = [path.read_text().strip() for path in limits if path.exists()]
    bounds = [available[0] * 1024 if available else pages]
    return min(bounds + [int(text) for text in allowed if text.isdecimal()])


def is_submitted() -> bool:
    """Whether spark-submit started this process, and so has chosen Java, master and memory."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


@contextmanager
def spark_session(
    *, master: str | None = None, driver_memory: str | None = None, app_name: str = "bookfold"
) -> Iterator[SparkSession]:
    """A session with this project's code on its executors; stopped at the end.

    Parameters
    ----------
    master
        Spark's master; ``local[*]`` if not given, or what spark-submit was told.
    driver_memory
        Like ``4g``; chosen by the memory that is free if not given.
    """
    builder = SparkSession.builder.appName(app_name)
    for key, value in _settings(driver_memory).items():
        builder = builder.config(key, value)
    if not is_submitted():
        os.environ.update(find_java().environment)
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        master = master or "local[*]"
        if master.startswith("local"):
            # Else Java looks this machine's name up as it starts, which hosts may not know.
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    if master:
        builder = builder.master(master)
        for key, value in _local_settings(master).items():
            builder = builder.config(key, value)
    session = builder.getOrCreate()
    try:
        with _zipped_code() as code:
            session.sparkContext.addPyFile(str(code))
            yield session
    finally:
        session.stop()


def describe(session: SparkSession) -> str:
    """What the build runs on, in one line."""
    jvm: Any = session.sparkContext._jvm
    blas = jvm.dev.ludovic.netlib.blas.BLAS.getInstance().getClass().getSimpleName()
    algebra = "native libblas.so.3" if blas == "JNIBLAS" else "Java (install OpenBLAS for less)"
    return (
        f"Spark {session.version} on {session.sparkContext.master}, "
        f"Java {jvm.java.lang.System.getProperty('java.version')}, linear algebra in {algebra}"
    )


def _settings(driver_memory: str | None) -> dict[str, str]:
    # Java does not heed TMPDIR, and Spark's scratch goes where Java's does.
    scratch = f'"-Djava.io.tmpdir={tempfile.gettempdir()}"'
    options = f"-Dlog4j2.configurationFile={LOG_SETTINGS.as_uri()} {scratch}"
    return {
        "spark.driver.memory": driver_memory or f"{driver_memory_gib(free_memory())}g",
        "spark.driver.extraJavaOptions": options,
        # The factors of all books come to the driver in the end, however many they are.
        "spark.driver.maxResultSize": "0",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def _local_settings(master: str) -> dict[str, str]:
    """What holds only where driver and executors are on this machine."""
    if not master.startswith("local"):
        return {}
    return {
        # Whatever else the machine's name may stand for, and without an open port.
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # Spark's own 200 is for clusters; here the many small tasks would take the longest.
        "spark.sql.shuffle.partitions": str(2 * len(os.sched_getaffinity(0))),
    }


@contextmanager
def _zipped_code() -> Iterator[Path]:
    """The packages that executors import, for they may run elsewhere than this folder."""
    with tempfile.TemporaryDirectory(prefix="bookfold-code-") as folder:
        path = Path(folder) / "bookfold.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(ROOT / "recommender" / "__init__.py", "recommender/__init__.py")
            for package in SHIPPED:
                for file in sorted((ROOT / package).rglob("*.py")):
                    archive.write(file, file.relative_to(ROOT).as_posix())
        yield path
