"""One Spark session for all tests of Spark."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark.session import spark_session
from tests.spark.ratings import Rating, planted_ratings, write_ratings


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local session, started once."""
    with spark_session(master="local[2]", driver_memory="1g") as session:
        yield session


@pytest.fixture
def ratings_csv(tmp_path: Path) -> Path:
    """Ratings of readers with planted tastes, as a file."""
    return write_ratings(tmp_path / "ratings.csv", planted_ratings())


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[Sequence[Rating]], Path]:
    """Writes given ratings into a file."""
    return lambda rows: write_ratings(tmp_path / "ratings.csv", rows)
