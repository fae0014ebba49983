"""The stars of a release: damped biases, and explicit ALS on the residuals."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recommender.engine.publish import Part
from recommender.engine.values import Float32Array, IntArray

JOBS = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class StarSettings:
    """Hyper-parameters.

    Attributes
    ----------
    book_damping, reader_damping
        The number of unbiased pseudo-ratings that are added to those of a book or a reader.
    rounds
        How often the biases of books and of readers are fitted alternately.
    """

    book_damping: float = 10.0
    reader_damping: float = 5.0
    rounds: int = 2
    rank: int = 16
    iterations: int = 8
    regularization: float = 0.15
    seed: int = 1
    blocks: int = 4


def train_stars(ratings: DataFrame, book_ids: IntArray, settings: StarSettings) -> Part:
    """Fit the model on ``user_id, book_id, stars``.

    Parameters
    ----------
    book_ids
        Shape (books,), ascending: the books of the release, each with at least one rating.
    """
    mean = float(ratings.agg(F.avg("stars")).collect()[0][0])
    centered = ratings.select("user_id", "book_id", (F.col("stars") - mean).alias("residual"))
    books, readers = fit_biases(centered, settings)
    residuals = _subtract(_subtract(centered, books, "book_id"), readers, "user_id")
    als = ALS(
        userCol="user_id",
        itemCol="book_id",
        ratingCol="residual",
        rank=settings.rank,
        maxIter=settings.iterations,
        regParam=settings.regularization,
        seed=settings.seed,
        numUserBlocks=settings.blocks,
        numItemBlocks=settings.blocks,
    )
    ids, factors = factor_matrix(als.fit(residuals).itemFactors)
    item_factors = np.zeros((len(book_ids), settings.rank), dtype=np.float32)
    item_factors[np.searchsorted(book_ids, ids)] = factors
    return Part(
        tensors={"book_bias": _bias_of(books, book_ids), "item_factors": item_factors},
        settings=_settings_json(mean, settings),
    )


def factor_matrix(factors: DataFrame) -> tuple[IntArray, Float32Array]:
    """Ids (ascending) and their factors, shape (ids, rank), from Spark's ``id, features``."""
    table = factors.select("id", "features").orderBy("id").toArrow()
    ids = table.column("id").to_numpy().astype(np.int64)
    flat = table.column("features").combine_chunks().flatten().to_numpy()
    return ids, flat.astype(np.float32).reshape(len(ids), -1)


def fit_biases(centered: DataFrame, settings: StarSettings) -> tuple[DataFrame, DataFrame]:
    """``book_id, bias`` and ``user_id, bias``, each fitted to the residuals of the other."""
    books = _biases(centered, "book_id", settings.book_damping)
    readers = _biases(_subtract(centered, books, "book_id"), "user_id", settings.reader_damping)
    for _ in range(settings.rounds - 1):
        residuals = _subtract(centered, readers, "user_id")
        books = _biases(residuals, "book_id", settings.book_damping)
        residuals = _subtract(centered, books, "book_id")
        readers = _biases(residuals, "user_id", settings.reader_damping)
    return books, readers


def _biases(residuals: DataFrame, key: str, damping: float) -> DataFrame:
    bias = F.sum("residual") / (F.count(F.lit(1)) + F.lit(damping))
    return residuals.groupBy(key).agg(bias.alias("bias"))


def _subtract(residuals: DataFrame, biases: DataFrame, key: str) -> DataFrame:
    return residuals.join(biases, key, how="inner").select(
        "user_id", "book_id", (F.col("residual") - F.col("bias")).alias("residual")
    )


def _bias_of(books: DataFrame, book_ids: IntArray) -> Float32Array:
    table = books.toArrow()
    biases = np.zeros(len(book_ids), dtype=np.float32)
    rows = np.searchsorted(book_ids, table.column("book_id").to_numpy())
    biases[rows] = table.column("bias").to_numpy()
    return biases


def _settings_json(mean: float, settings: StarSettings) -> dict[str, Any]:
    return {
        "mean": mean,
        "book_damping": settings.book_damping,
        "reader_damping": settings.reader_damping,
        "rounds": settings.rounds,
        "rank": settings.rank,
        "iterations": settings.iterations,
        "regularization": settings.regularization,
        "seed": settings.seed,
    }
