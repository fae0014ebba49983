"""Searching the factors' hyper-parameters, on other readers than those of the final test.

``python -m spark.bench.tune --data FOLDER`` trains factors for every candidate of a grid without
Spark, by the same half-steps, and measures them on the complete readers whom `spark.bench.quality`
leaves alone. Everything is seeded. Spark then builds the winner.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from recommender.engine.values import Float32Array
from recommender.engine.weights import SIGNED_WEIGHTS, WeightTable
from spark.bench.peers import Scorer, weighted
from spark.bench.quality import Columns, choose_readers, measure_peer, split

TEST_READERS = 1000
TEST_SEED = 20261123
SHOWN = ("ndcg@100", "ndcg@10", "recall@20", "popularity@10", "coverage@10", "disliked@20")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One point of the search; the words are those of `spark.factors.FactorSettings`."""

    rank: int
    alpha: float
    regularization: float
    fold_in_regularization: float
    weights: WeightTable = SIGNED_WEIGHTS
    iterations: int = 4


LIKES = WeightTable((1.0, 2.0, 3.0, 4.0, 5.0), (0.05, 0.1, 0.5, 1.0, 1.3))

GRID = (
    *(
        Candidate(rank=128, alpha=6.0, regularization=0.2, fold_in_regularization=folded)
        for folded in (0.2, 0.06, 0.6)
    ),
    *(
        Candidate(
            rank=rank,
            alpha=alpha,
            regularization=ridge,
            fold_in_regularization=share * ridge,
            weights=LIKES,
        )
        for rank, alpha, ridge in (
            *((256, 1.5, 0.2), (256, 2.0, 0.1), (256, 4.0, 0.02), (256, 8.0, 0.1)),
            *((256, 20.0, 0.1), (384, 6.0, 0.05), (512, 2.0, 0.1)),
        )
        for share in (1.0, 0.3, 0.1)
    ),
)


def half_step(
    weights: csr_array, factors: Float32Array, *, alpha: float, regularization: float
) -> Float32Array:
    """The exact factor of every row, given those of the columns (Hu, Koren and Volinsky, 2008).

    Parameters
    ----------
    weights
        Shape (rows, columns), signed; λ is multiplied with a row's count of positive ones.
    factors
        Shape (columns, rank).

    Returns
    -------
    Shape (rows, rank).
    """
    gram = factors.T @ factors
    diagonal = np.arange(factors.shape[1])
    solved = np.zeros((weights.shape[0], factors.shape[1]), dtype=np.float32)
    for row in range(weights.shape[0]):
        part = slice(weights.indptr[row], weights.indptr[row + 1])
        signed = weights.data[part]
        liked = signed > 0
        if not liked.any():
            continue
        own = factors[weights.indices[part]]
        confidence = alpha * np.abs(signed)
        system = gram + (own.T * confidence) @ own
        system[diagonal, diagonal] += regularization * liked.sum()
        pull = own.T @ np.where(liked, 1.0 + confidence, 0.0).astype(np.float32)
        cholesky = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
        solved[row] = cho_solve(cholesky, pull, check_finite=False)
    return solved


def train(stars: csr_array, candidate: Candidate, *, seed: int = 1) -> Float32Array:
    """Item factors, shape (books, rank)."""
    rows = weighted(stars, candidate.weights)
    columns = csr_array(rows.T)
    drawn = np.abs(np.random.default_rng(seed).normal(size=(stars.shape[1], candidate.rank)))
    items: Float32Array = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    settings = {"alpha": candidate.alpha, "regularization": candidate.regularization}
    for _ in range(candidate.iterations):
        readers = half_step(rows, items, **settings)
        items = half_step(columns, readers, **settings)
    return items


def scorer(items: Float32Array, candidate: Candidate) -> Scorer:
    """Scores of readers whose stars come as a matrix."""

    def score(fold_in: csr_array) -> Float32Array:
        readers = half_step(
            weighted(fold_in, candidate.weights),
            items,
            alpha=candidate.alpha,
            regularization=candidate.fold_in_regularization,
        )
        scores: Float32Array = readers @ items.T
        return scores

    return score


def search(
    ratings: Columns,
    complete: Path,
    grid: Sequence[Candidate],
    *,
    test_readers: int = TEST_READERS,
) -> Iterator[tuple[Candidate, dict[str, Any], float]]:
    """Metrics and seconds of every candidate; those that differ in the fold-in share a training.

    As many readers are tuned on as are kept for the test, if there are so many.
    """
    test = choose_readers(ratings, complete, test_readers, seed=TEST_SEED)
    everybody = choose_readers(ratings, complete, 2 * test_readers, seed=TEST_SEED)
    tuning = np.setdiff1d(everybody, test)
    training = ratings.matrix(~np.isin(ratings.reader, everybody))
    readers = split(ratings, tuning, seed=0)
    trained: dict[tuple[object, ...], Float32Array] = {}
    for candidate in grid:
        key = (
            *(candidate.rank, candidate.alpha, candidate.regularization),
            *(candidate.weights, candidate.iterations),
        )
        started = time.monotonic()
        if key not in trained:
            trained = {key: train(training, candidate)}
        score = scorer(trained[key], candidate)
        measured = measure_peer(score, readers.fold_in, readers, ratings.book_ids)
        yield candidate, measured, time.monotonic() - started


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, and print every candidate as it is done."""
    parser = argparse.ArgumentParser(prog="spark.bench.tune", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a goodbooks-shaped folder")
    options = parser.parse_args(arguments)
    ratings = Columns.read(options.data)
    sys.stdout.write(f"{' '.join(SHOWN)}\n")
    for candidate, measured, seconds in search(ratings, options.data / "complete_users.csv", GRID):
        values = " ".join(f"{measured[name]:.4f}" for name in SHOWN)
        sys.stdout.write(f"{values} {candidate} [{seconds:.0f} s]\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
