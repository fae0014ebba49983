"""The factors of a release: Spark ML's implicit ALS on signed weights."""

from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from pyspark.ml.recommendation import ALS, ALSModel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recommender.engine.publish import Part
from recommender.engine.values import Float32Array, IntArray
from recommender.engine.weights import SIGNED_WEIGHTS, WeightTable

BOOKS_PER_FACTOR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSettings:
    """Hyper-parameters of the factors, found on held-out readers (`spark.bench.tune`).

    Attributes
    ----------
    rank
        Factors of a book; a small catalog gets one for four books (`for_books`).
    fold_in_regularization
        The λ with which readers are folded in later; the training's own if not given.
    serves_below
        Readers with fewer ratings are served by the factors, others by the release's default.
    """

    rank: int = 128
    iterations: int = 5
    regularization: float = 0.2
    fold_in_regularization: float | None = 0.06
    alpha: float = 6.0
    serves_below: int = 10
    seed: int = 1
    blocks: int = 4
    weights: WeightTable = SIGNED_WEIGHTS

    def for_books(self, books: int) -> "FactorSettings":
        """The same with no more factors than so many books can tell."""
        return replace(self, rank=max(1, min(self.rank, books // BOOKS_PER_FACTOR)))

    def to_json(self) -> dict[str, Any]:
        """The settings as the manifest keeps them."""
        return {
            "rank": self.rank,
            "iterations": self.iterations,
            "regularization": self.regularization,
            "fold_in_regularization": self.fold_in_regularization or self.regularization,
            "alpha": self.alpha,
            "serves_below": self.serves_below,
            "seed": self.seed,
            "blocks": self.blocks,
            "weights": self.weights.to_json(),
        }


def weight_column(table: WeightTable, stars: Column) -> Column:
    """The weights of a table as an expression of Spark, straight lines between its entries."""
    pairs = list(zip(table.stars, table.weights, strict=True))
    first, last = pairs[0], pairs[-1]
    pieces = F.when(stars <= first[0], F.lit(first[1]))

    def between(column: Column, i: int) -> Column:
        (left, low), (right, high) = pairs[i], pairs[i + 1]
        slope = (high - low) / (right - left)
        return column.when(stars <= right, F.lit(low) + (stars - left) * slope)

    return reduce(between, range(len(pairs) - 1), pieces).otherwise(F.lit(last[1]))


def weigh(ratings: DataFrame, table: WeightTable) -> DataFrame:
    """``user_id``, ``book_id``, ``weight`` of every rating."""
    return ratings.select(
        "user_id", "book_id", weight_column(table, F.col("stars")).cast("float").alias("weight")
    )


def train_factors(weighted: DataFrame, settings: FactorSettings) -> ALSModel:
    """Factors of readers and books. The readers' half-step is the last one Spark takes."""
    als = ALS(
        userCol="user_id",
        itemCol="book_id",
        ratingCol="weight",
        rank=settings.rank,
        maxIter=settings.iterations,
        regParam=settings.regularization,
        alpha=settings.alpha,
        seed=settings.seed,
        numUserBlocks=settings.blocks,
        numItemBlocks=settings.blocks,
        implicitPrefs=True,
        nonnegative=False,
    )
    return als.fit(weighted)


def factor_matrix(factors: DataFrame) -> tuple[IntArray, Float32Array]:
    """Ids (ascending) and their factors, shape (ids, rank), from Spark's ``id, features``."""
    table = factors.select("id", "features").orderBy("id").toArrow()
    ids = table.column("id").to_numpy().astype(np.int64)
    flat = table.column("features").combine_chunks().flatten().to_numpy()
    return ids, flat.astype(np.float32).reshape(len(ids), -1)


def factors_part(item_factors: Float32Array, settings: FactorSettings) -> Part:
    """The part of a release."""
    return Part(tensors={"item_factors": item_factors}, settings=settings.to_json())


def expected_jobs(settings: FactorSettings) -> int:
    """How many jobs of Spark the training takes, for its percent."""
    return 2 * settings.iterations + 4
