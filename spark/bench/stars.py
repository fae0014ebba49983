"""Measures the error of expected stars on a random fifth of all ratings.

``python -m spark.bench.stars --data FOLDER`` trains the stars of a release on four fifths of the
ratings in a folder of goodbooks-10k, and prints the root mean squared error beside those of the
book's mean and of mean + reader + book.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from recommender.engine.stars import StarModel
from recommender.engine.values import FloatArray, IntArray
from spark.bench.quality import Columns
from spark.session import spark_session
from spark.stars import StarSettings, train_stars

TESTED = 0.2


def expected_stars(model: StarModel, ratings: Columns, training: IntArray) -> FloatArray:
    """Shape (ratings,): the expected stars of every rating, from the reader's training ratings.

    NaN for readers with too few of them.
    """
    expected = np.full(len(ratings.stars), np.nan)
    order = np.argsort(ratings.reader, kind="stable")
    starts = np.searchsorted(ratings.reader[order], np.arange(len(ratings.reader_ids) + 1))
    is_training = np.zeros(len(ratings.stars), dtype=bool)
    is_training[training] = True
    for begin, end in pairwise(starts):
        own = order[begin:end]
        known = own[is_training[own]]
        stars = ratings.stars[known].astype(np.float64)
        found = model.expected(ratings.book[known], stars, ratings.book[own])
        if found is not None:
            expected[own] = found
    return expected


def rmse(expected: FloatArray, given: FloatArray) -> float:
    """The root mean squared error in stars, over ratings with a prediction."""
    known = ~np.isnan(expected)
    return float(np.sqrt(np.mean((expected[known] - given[known]) ** 2)))


def without_factors(model: StarModel) -> StarModel:
    """The same model with its biases only."""
    return StarModel(
        model.book_bias,
        np.zeros_like(model.item_factors),
        mean=model.mean,
        reader_damping=model.reader_damping,
        regularization=model.regularization,
    )


def book_means(ratings: Columns, training: IntArray) -> FloatArray:
    """Shape (ratings,): the mean stars of each rating's book in the training ratings."""
    books = len(ratings.book_ids)
    sums = np.bincount(ratings.book[training], ratings.stars[training], minlength=books)
    counts = np.bincount(ratings.book[training], minlength=books)
    mean = float(ratings.stars[training].mean())
    means: FloatArray = np.where(counts > 0, sums / np.maximum(counts, 1), mean)
    return means[ratings.book]


def train(ratings: Columns, training: IntArray, master: str) -> StarModel:
    """The stars of a release, trained by Spark on some of the ratings."""
    columns = {
        "user_id": ratings.reader[training].astype(np.int32),
        "book_id": ratings.book[training].astype(np.int32),
        "stars": ratings.stars[training],
    }
    places = np.arange(len(ratings.book_ids))
    with spark_session(master=master, app_name="bookfold-bench") as session:
        rows = session.createDataFrame(pa.table(columns))
        part = train_stars(rows, places, StarSettings())
    return StarModel.from_part(part.tensors, part.settings)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the stars."""
    parser = argparse.ArgumentParser(prog="spark.bench.stars", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of goodbooks-10k")
    parser.add_argument("--master", default="local[2]", help="Spark's master")
    parser.add_argument("--seed", type=int, default=1, help="of the split")
    options = parser.parse_args(arguments)
    ratings = Columns.read(options.data)
    order = np.random.default_rng(options.seed).permutation(len(ratings.stars))
    cut = int(TESTED * len(order))
    tested, training = order[:cut], order[cut:]
    model = train(ratings, training, options.master)
    given = ratings.stars[tested].astype(np.float64)
    rows = {
        "biased model with factors": expected_stars(model, ratings, training)[tested],
        "mean + reader + book": expected_stars(without_factors(model), ratings, training)[tested],
        "the book's mean": book_means(ratings, training)[tested],
    }
    is_predicted = ~np.isnan(rows["biased model with factors"])
    sys.stdout.write(
        f"{is_predicted.sum():,} ratings of {len(tested):,} whose readers have enough others\n"
    )
    for name, expected in rows.items():
        sys.stdout.write(f"| {name} | {rmse(expected[is_predicted], given[is_predicted]):.4f} |\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
