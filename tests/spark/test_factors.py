"""The factors: half-steps held to Spark's own ALS and to the fold-in, and the whole training."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyspark.ml.recommendation import ALS, ALSModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy.sparse import csr_array

from recommender.engine.foldin import FactorRanker
from recommender.engine.mixture import Mixture
from recommender.engine.values import Float32Array, IntArray
from recommender.engine.weights import SIGNED_WEIGHTS, WeightTable
from spark.clean import deduplicate, parse_ratings, read_ratings
from spark.factors import (
    FactorSettings,
    factor_blocks,
    first_factors,
    train_factors,
    weighted_entries,
)
from spark.half_step import ENTRIES_AT_ONCE, Eigenbasis, gram_of, half_step, solving_work
from spark.signals import SideFiles, weight_column
from spark.stars import factor_matrix
from tests.spark.ratings import SHARED, planted_ratings, some_real_ratings, write_ratings

pytestmark = pytest.mark.spark

TOLERANCE = 1e-4


def ranker_of(item_factors: Float32Array, settings: FactorSettings) -> FactorRanker:
    return FactorRanker(
        item_factors,
        weights=settings.weights,
        alpha=settings.alpha,
        regularization=settings.regularization,
        regularization_offset=settings.regularization_offset,
    )


def step(weights: csr_array, factors: Float32Array, settings: FactorSettings) -> Float32Array:
    return half_step(
        weights,
        factors,
        Eigenbasis.of(gram_of(factors)),
        alpha=settings.alpha,
        regularization=settings.regularization,
        offset=settings.regularization_offset,
    )


def settled_ratings(spark: SparkSession, path: Path) -> DataFrame:
    return deduplicate(parse_ratings(read_ratings(spark, str(path))))


def ids_of(ratings: DataFrame) -> IntArray:
    rows = ratings.select("book_id").distinct().collect()
    return np.array(sorted(row.book_id for row in rows), dtype=np.int64)


def matrix_of(entries: DataFrame, books: int) -> csr_array:
    """The entries as Spark has them, rows in order of their numbers."""
    table = entries.toArrow()
    rows = np.unique(table.column("row").to_numpy(), return_inverse=True)[1]
    where = (rows, table.column("book").to_numpy())
    weights = table.column("weight").to_numpy().astype(np.float32)
    return csr_array((weights, where), shape=(int(rows.max()) + 1, books))


def spark_s_own(entries: DataFrame, settings: FactorSettings) -> ALSModel:
    als = ALS(
        userCol="row",
        itemCol="book",
        ratingCol="weight",
        rank=settings.rank,
        maxIter=settings.iterations,
        regParam=settings.regularization,
        alpha=settings.alpha,
        seed=1,
        implicitPrefs=True,
    )
    return als.fit(entries.select(F.col("row").cast("int"), "book", "weight"))


def golden_differences(
    entries: DataFrame, books: int, settings: FactorSettings
) -> tuple[float, float]:
    """How far the readers' factors of Spark's ALS are from our half-step's and the fold-in's."""
    model = spark_s_own(entries, settings)
    item_factors = factor_matrix(model.itemFactors)[1]
    reader_factors = factor_matrix(model.userFactors)[1]
    weights = matrix_of(entries, books)
    by_step = step(weights, item_factors, settings)
    ranker = ranker_of(item_factors, settings)
    by_fold_in = np.zeros_like(by_step)
    for row in range(weights.shape[0]):
        own = slice(weights.indptr[row], weights.indptr[row + 1])
        signed = weights.data[own].astype(np.float64)
        if (signed > 0).any():
            rows = weights.indices[own].astype(np.int64)
            by_fold_in[row] = ranker.fold_in(Mixture.of_rows(rows), signed).reader_factor
    return (
        float(np.abs(by_step - reader_factors).max()),
        float(np.abs(by_fold_in - reader_factors).max()),
    )


def test_half_step_and_fold_in_are_those_of_spark_s_als(
    spark: SparkSession, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    # Reader 900 dislikes everything, reader 901 has one rating, reader 902 half stars.
    odd = [(900, 1, 1), (900, 2, 2), (901, 3, 4), (902, 4, 3.5), (902, 5, 4.5), (902, 6, 1.5)]
    path = write_ratings(tmp_path / "ratings.csv", [*planted_ratings(), *odd])
    ratings = settled_ratings(spark, path)
    # Ten ratings a reader: at rank 8 the systems are solved as they stand, at 24 by their entries.
    for rank in (8, 24):
        settings = FactorSettings(
            rank=rank, iterations=4, alpha=5.0, regularization=0.1, regularization_offset=0.0
        )
        ids = ids_of(ratings)
        entries = weighted_entries(spark, ratings, ids, SideFiles(), settings).cache()
        differences = golden_differences(entries, len(ids), settings)
        record_property(f"largest differences, rank {rank}", differences)
        assert max(differences) < TOLERANCE


def test_the_same_holds_on_many_ratings(
    spark: SparkSession, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    rows = (
        some_real_ratings()
        if SHARED.is_file()
        else planted_ratings(readers=2000, books=400, camps=8)
    )
    ratings = settled_ratings(spark, write_ratings(tmp_path / "ratings.csv", rows))
    settings = FactorSettings(
        rank=32, iterations=2, alpha=6.0, regularization=0.2, regularization_offset=0.0
    )
    ids = ids_of(ratings)
    entries = weighted_entries(spark, ratings, ids, SideFiles(), settings).cache()
    differences = golden_differences(entries, len(ids), settings)
    record_property("largest differences, many ratings", differences)
    assert max(differences) < TOLERANCE


@pytest.mark.parametrize("entries", [5, 20, ENTRIES_AT_ONCE, 2 * ENTRIES_AT_ONCE + 7])
def test_a_row_of_any_length_solves_its_ridge_regression(entries: int) -> None:
    random = np.random.default_rng(entries)
    settings = FactorSettings(rank=8)
    factors = random.normal(size=(2_000, settings.rank)).astype(np.float32)
    columns = np.sort(random.choice(len(factors), entries, replace=False))
    signed = random.choice(settings.weights.weights, entries).astype(np.float32)
    row = csr_array((signed, columns, [0, entries]), shape=(1, len(factors)))

    own, confidence = factors[columns].astype(np.float64), settings.alpha * np.abs(signed)
    ridge = settings.regularization * ((signed > 0).sum() + settings.regularization_offset)
    system = gram_of(factors) + own.T * confidence @ own + ridge * np.eye(settings.rank)
    expected = np.linalg.solve(system, own.T @ np.where(signed > 0, 1 + confidence, 0))
    np.testing.assert_allclose(step(row, factors, settings)[0], expected, atol=TOLERANCE)


def test_training_is_the_same_whatever_the_parts_and_blocks(
    spark: SparkSession, ratings_csv: Path
) -> None:
    ratings = settled_ratings(spark, ratings_csv)
    ids = ids_of(ratings)
    settings = FactorSettings(rank=6, iterations=3, rows_per_part=50, books_per_block=17)
    entries = weighted_entries(spark, ratings, ids, SideFiles(), settings)
    split = train_factors(entries, len(ids), settings)
    is_whole = train_factors(entries, len(ids), replace(settings, books_per_block=100))
    np.testing.assert_allclose(split, is_whole, atol=TOLERANCE)

    # The same half-steps on one matrix, from the same first factors.
    weights = matrix_of(entries, len(ids))
    by_book = csr_array(weights.T)
    factors = first_factors(len(ids), settings)
    for _ in range(settings.iterations):
        factors = step(by_book, step(weights, factors, settings), settings)
    np.testing.assert_allclose(split, factors, atol=TOLERANCE)


def test_blocks_are_about_as_much_work_each_though_a_few_books_have_most_entries() -> None:
    counts = (20_000 / np.arange(1, 10_001)).astype(np.int64)
    settings = FactorSettings(rank=64, books_per_block=2_500)
    ends = factor_blocks(counts, settings)
    work = np.add.reduceat(solving_work(counts, settings.rank), [0, *ends[:-1]])
    assert len(ends) == 4
    assert ends[-1] == len(counts)
    assert work.max() < 1.1 * work.mean()
    assert np.diff([0, *ends]).argmin() == 0  # the best known are few in their block


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [9, 0, 0, 0], [0, 0, 0, 9], [1]])
def test_every_book_is_in_one_block_whatever_has_entries(counts: list[int]) -> None:
    ends = factor_blocks(np.array(counts), FactorSettings(rank=2, books_per_block=2))
    assert ends[-1] == len(counts)
    assert (np.diff([0, *ends]) > 0).all()


def test_planted_tastes_are_found(spark: SparkSession, ratings_csv: Path) -> None:
    # As many dimensions as camps: more would also learn the noise of so few readers.
    settings = FactorSettings(
        rank=4, iterations=5, alpha=5.0, regularization=0.1, regularization_offset=0.0
    )
    ratings = settled_ratings(spark, ratings_csv)
    ids = ids_of(ratings)
    item_factors = train_factors(
        weighted_entries(spark, ratings, ids, SideFiles(), settings), len(ids), settings
    )
    folded = ranker_of(item_factors, settings).fold_in(
        Mixture.of_rows(np.array([0, 4])), np.array([1.3, 1.0])
    )
    best = ids[np.argsort(-folded.scores)[:8]]
    assert {int(book) % 4 for book in best} == {1}


def test_shelves_authors_and_series_are_rows_of_their_own(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = write_ratings(tmp_path / "ratings.csv", [(7, 1, 5), (7, 2, 1), (8, 3, 4)])
    (tmp_path / "books.csv").write_text(
        "book_id,authors,title\n"
        '1,"Ann Archer, Bo","Dawn (Day, #1)"\n2,Ann Archer,"Noon (Day, #2)"\n3,Cy,Alone\n',
        encoding="utf-8",
    )
    (tmp_path / "to_read.csv").write_text("user_id,book_id\n7,3\n7,2\n9,1\n", encoding="utf-8")
    settings = FactorSettings(to_read=0.5, authors=4.0, series=4.0)
    found = weighted_entries(
        spark,
        settled_ratings(spark, path),
        np.array([1, 2, 3]),
        SideFiles.beside(str(path)),
        settings,
    ).collect()
    rows: dict[int, dict[int, float]] = {}
    for entry in found:
        assert entry.book not in rows.setdefault(entry.row, {})
        rows[entry.row][entry.book] = round(entry.weight, 5)
    assert rows.pop(7) == {0: 1.3, 1: -0.5}
    assert rows.pop(8) == {2: 1.0}
    # Reader 9 has a shelf but no ratings, and may be one who is held out.
    by_place = sorted(rows.values(), key=lambda row: (len(row), sorted(row.items())))
    assert by_place == [
        {0: 4.0},
        {2: 4.0},
        {0: 4.0, 1: 4.0},
        {0: 4.0, 1: 4.0},
        {1: 0.5, 2: 0.5},
    ]


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
