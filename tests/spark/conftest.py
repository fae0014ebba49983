"""One Spark session for all tests of Spark."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark.session import spark_session
from tests.services import BRIEF_JVM
from tests.spark.ratings import Rating, planted_ratings, write_ratings

#: To plan again while a query runs, and to compile it, takes longer here than to run it.
FEW_LINES = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "2",
}


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local session, started once, and set up for many short queries on a few lines each.

    The build on a cluster runs with Spark's own settings.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", BRIEF_JVM)
        with spark_session(master="local[2]", driver_memory="1g") as session:
            for name, value in FEW_LINES.items():
                session.conf.set(name, value)
            yield session


@pytest.fixture
def ratings_csv(tmp_path: Path) -> Path:
    """Ratings of readers with planted tastes, as a file."""
    return write_ratings(tmp_path / "ratings.csv", planted_ratings())


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[Sequence[Rating]], Path]:
    """Writes given ratings into a file."""
    return lambda rows: write_ratings(tmp_path / "ratings.csv", rows)
