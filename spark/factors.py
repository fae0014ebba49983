"""The factors of a release: Spark ML's implicit ALS on signed weights."""

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from pyspark.ml.recommendation import ALS, ALSModel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recommender.engine.publish import Part
from recommender.engine.values import Float32Array, IntArray
from recommender.engine.weights import SIGNED_WEIGHTS, WeightTable


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSettings:
    """Hyper-parameters of the factors."""

    rank: int = 128
    iterations: int = 5
    regularization: float = 0.2
    alpha: float = 6.0
    seed: int = 1
    blocks: int = 4
    weights: WeightTable = SIGNED_WEIGHTS

    def to_json(self) -> dict[str, Any]:
        """The settings as the manifest keeps them."""
        return {
            "rank": self.rank,
            "iterations": self.iterations,
            "regularization": self.regularization,
            "alpha": self.alpha,
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
