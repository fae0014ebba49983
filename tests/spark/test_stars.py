"""Stars from Spark: better than the baselines on ratings whose structure is planted."""

from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from recommender.engine.stars import StarModel
from spark.stars import StarSettings, train_stars

pytestmark = pytest.mark.spark

READERS, BOOKS, RANK = 150, 60, 2


def planted() -> np.ndarray:
    """Stars of every reader for every book, from biases and two tastes."""
    random = np.random.default_rng(6)
    reader_bias, book_bias = random.normal(0, 0.4, (READERS, 1)), random.normal(0, 0.4, BOOKS)
    tastes = random.normal(0, 0.7, (READERS, RANK)) @ random.normal(0, 0.7, (RANK, BOOKS))
    return np.clip(3.4 + reader_bias + book_bias + tastes, 1, 5)


def test_expected_stars_beat_the_mean_of_the_book(spark: SparkSession, tmp_path: Path) -> None:
    stars = planted()
    known = np.random.default_rng(7).random(stars.shape) < 0.5
    newcomers = range(100, READERS)
    rows = [
        (int(reader), int(book) + 1, float(stars[reader, book]))
        for reader, book in zip(*np.nonzero(known), strict=True)
        if reader not in newcomers
    ]
    ratings = spark.createDataFrame(rows, "user_id int, book_id int, stars float")
    ids = np.arange(1, BOOKS + 1)
    part = train_stars(ratings, ids, StarSettings(rank=4, regularization=0.02, blocks=2))
    model = StarModel.from_part(part.tensors, part.settings)
    book_means = np.array([stars[:100, book][known[:100, book]].mean() for book in range(BOOKS)])
    errors, baseline = [], []
    for reader in newcomers:
        rated, hidden = np.flatnonzero(known[reader]), np.flatnonzero(~known[reader])
        expected = model.expected(rated, stars[reader, rated], hidden)
        assert expected is not None
        errors.append(expected - stars[reader, hidden])
        baseline.append(book_means[hidden] - stars[reader, hidden])
    error = np.sqrt(np.mean(np.concatenate(errors) ** 2))
    assert error < 0.6 * np.sqrt(np.mean(np.concatenate(baseline) ** 2))
    assert part.settings["mean"] == pytest.approx(np.mean([row[2] for row in rows]), abs=1e-4)
