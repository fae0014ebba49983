"""The golden test: Bookfold's fold-in is Spark's own half-step."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyspark.ml.recommendation import ALSModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from recommender.engine.foldin import FactorRanker
from recommender.engine.values import Float32Array, FloatArray, IntArray, NothingToFoldIn
from recommender.engine.weights import SIGNED_WEIGHTS, WeightTable
from spark.clean import parse_ratings, read_ratings, settle
from spark.factors import (
    FactorSettings,
    factor_matrix,
    train_factors,
    weigh,
    weight_column,
)
from tests.spark.ratings import SHARED, planted_ratings, write_ratings

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

TOLERANCE = 1e-4


def ranker_of(item_factors: Float32Array, settings: FactorSettings) -> FactorRanker:
    return FactorRanker(
        item_factors,
        weights=settings.weights,
        alpha=settings.alpha,
        regularization=settings.regularization,
    )


def folded_in(
    ids: IntArray, ranker: FactorRanker, triples: dict[int, tuple[list[int], list[float]]]
) -> dict[int, FloatArray]:
    """What Bookfold computes for every reader from the books' factors (or the reverse)."""
    factors = {}
    for key, (others, weights) in triples.items():
        rows = np.searchsorted(ids, others)
        try:
            factors[key] = ranker.fold_in(rows, np.array(weights)).reader_factor
        except NothingToFoldIn:
            factors[key] = np.zeros(ranker.item_factors.shape[1])
    return factors


def grouped(weighted: DataFrame, key: str, other: str) -> dict[int, tuple[list[int], list[float]]]:
    groups: dict[int, tuple[list[int], list[float]]] = {}
    for row in weighted.select(key, other, "weight").collect():
        others, weights = groups.setdefault(row[key], ([], []))
        others.append(row[other])
        weights.append(row["weight"])
    return groups


def largest_difference(
    ids: IntArray, factors: Float32Array, computed: dict[int, FloatArray]
) -> float:
    assert sorted(computed) == ids.tolist()
    ours = np.stack([computed[int(i)] for i in ids])
    return float(np.abs(ours - factors).max())


def golden_difference(weighted: DataFrame, model: ALSModel, settings: FactorSettings) -> float:
    """Largest difference between Spark's factors of its readers and the fold-in's."""
    book_ids, item_factors = factor_matrix(model.itemFactors)
    reader_ids, reader_factors = factor_matrix(model.userFactors)
    ranker = ranker_of(item_factors, settings)
    computed = folded_in(book_ids, ranker, grouped(weighted, "user_id", "book_id"))
    return largest_difference(reader_ids, reader_factors, computed)


def settled_ratings(spark: SparkSession, path: Path) -> DataFrame:
    return settle(parse_ratings(read_ratings(spark, str(path))))


def test_folding_in_spark_s_own_readers_gives_spark_s_own_factors(
    spark: SparkSession, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    # Reader 900 dislikes everything, reader 901 has one rating, reader 902 half stars.
    odd = [(900, 1, 1), (900, 2, 2), (901, 3, 4), (902, 4, 3.5), (902, 5, 4.5), (902, 6, 1.5)]
    path = write_ratings(tmp_path / "ratings.csv", [*planted_ratings(), *odd])
    settings = FactorSettings(rank=8, iterations=4, alpha=5.0, regularization=0.1)
    weighted = weigh(settled_ratings(spark, path), settings.weights).cache()
    model = train_factors(weighted, settings)
    difference = golden_difference(weighted, model, settings)
    record_property("largest difference, planted tastes", difference)
    assert difference < TOLERANCE

    # The readers' half-step is the last: the books' own does not come out of the readers' factors.
    reader_ids, reader_factors = factor_matrix(model.userFactors)
    book_ids, item_factors = factor_matrix(model.itemFactors)
    reverse = folded_in(
        reader_ids, ranker_of(reader_factors, settings), grouped(weighted, "book_id", "user_id")
    )
    assert largest_difference(book_ids, item_factors, reverse) > 10 * TOLERANCE


def test_the_same_holds_on_many_ratings(
    spark: SparkSession, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if SHARED.is_file():
        ratings = settled_ratings(spark, SHARED).where(F.col("user_id") % 25 == 0)
    else:
        rows = planted_ratings(readers=2000, books=400, camps=8)
        ratings = settled_ratings(spark, write_ratings(tmp_path / "ratings.csv", rows))
    settings = FactorSettings(rank=32, iterations=2)
    weighted = weigh(ratings, settings.weights).cache()
    difference = golden_difference(weighted, train_factors(weighted, settings), settings)
    record_property("largest difference, many ratings", difference)
    assert difference < TOLERANCE


def test_planted_tastes_are_found(spark: SparkSession, ratings_csv: Path) -> None:
    # As many dimensions as camps: more would also learn the noise of so few readers.
    settings = FactorSettings(rank=4, iterations=5, alpha=5.0, regularization=0.1)
    weighted = weigh(settled_ratings(spark, ratings_csv), settings.weights)
    book_ids, item_factors = factor_matrix(train_factors(weighted, settings).itemFactors)
    folded = ranker_of(item_factors, settings).fold_in(np.array([0, 4]), np.array([1.3, 1.0]))
    best = book_ids[np.argsort(-folded.scores)[:8]]
    assert {int(book) % 4 for book in best} == {1}


def test_weights_in_spark_are_the_engine_s(spark: SparkSession) -> None:
    stars = np.array([0.5, 1, 1.25, 2, 2.5, 3, 3.75, 4, 4.5, 5])
    frame = spark.createDataFrame([(float(value),) for value in stars], "stars double")
    for table in (
        SIGNED_WEIGHTS,
        WeightTable((2.0, 4.5), (-1.0, 2.0)),
        WeightTable((3.0,), (1.0,)),
    ):
        rows = frame.select(weight_column(table, F.col("stars")).alias("weight")).collect()
        np.testing.assert_allclose([row.weight for row in rows], table(stars), atol=1e-12)
