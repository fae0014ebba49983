"""Fold-in: a reader's place among the factors, computed exactly, and the scores that follow.

Spark's ALS alternates between two half-steps, each of which solves a small linear system for
every reader (or book) while the other side stays fixed. Folding a new reader in is that very
half-step with the item factors of the release, so a reader whom Spark has seen gets the factor
Spark gave them.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from recommender.engine.values import (
    Float32Array,
    FloatArray,
    IntArray,
    NothingToFoldIn,
    Tensors,
)
from recommender.engine.weights import WeightTable

GRAM_CHUNK = 65_536


class FactorRanker:
    """Ranks books by implicit-feedback factors with signed weights.

    Parameters
    ----------
    item_factors
        Shape (books, rank), float32; may be memory-mapped, and is only read.
    weights
        From stars to the signed weights the factors were trained on.
    alpha
        How much confidence one unit of weight adds.
    regularization
        The λ of the fold-in; it is multiplied with the count of liked books. With the training's
        own λ a reader whom Spark has seen gets the factor Spark gave them; held-out readers are
        served better with a smaller one.
    """

    def __init__(
        self,
        item_factors: Float32Array,
        *,
        weights: WeightTable,
        alpha: float,
        regularization: float,
    ) -> None:
        if item_factors.ndim != 2:
            raise ValueError("Item factors have to be a matrix of books by rank.")
        self.item_factors = item_factors
        self.weights = weights
        self.alpha = alpha
        self.regularization = regularization
        self.gram = _gram(item_factors)

    @classmethod
    def from_part(cls, tensors: Tensors, settings: Mapping[str, Any]) -> Self:
        """Make the ranker from the ``factors`` part of a release."""
        return cls(
            tensors["item_factors"],
            weights=WeightTable.from_json(settings["weights"]),
            alpha=float(settings["alpha"]),
            regularization=float(
                settings.get("fold_in_regularization", settings["regularization"])
            ),
        )

    def fold_in(self, rows: IntArray, weights: FloatArray) -> "FactorScores":
        """Fold one reader in and score every book.

        With C the confidence α·|w| and n₊ the count of positive weights, solves
        ``(YᵀY + Σ C_b y_b y_bᵀ + λ·n₊·I) x = Σ_{w_b>0} (1 + C_b) y_b`` by Cholesky: Hu, Koren and
        Volinsky (2008), with Spark's reading of negative weights (preference 0, held with
        confidence) and its scaling of λ.

        Parameters
        ----------
        rows
            Shape (ratings,): the rows of the rated books in the item factors.
        weights
            Shape (ratings,): their signed weights.

        Raises
        ------
        NothingToFoldIn
            If no weight is positive: the solution would be zero, and every score with it.
        """
        liked = weights > 0
        if not liked.any():
            raise NothingToFoldIn(
                "None of these ratings is a like; rate at least one book that you enjoyed."
            )
        rated = self.item_factors[rows].astype(np.float64)
        confidence = self.alpha * np.abs(weights)
        system = self.gram + (rated.T * confidence) @ rated
        system.flat[:: len(system) + 1] += self.regularization * liked.sum()
        cholesky = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
        return FactorScores(self, rated, np.where(liked, 1.0 + confidence, 0.0), cholesky)


class FactorScores:
    """The scores of all books for one folded-in reader.

    Attributes
    ----------
    reader_factor
        Shape (rank,), float64.
    scores
        Shape (books,), float32: the item factors times the reader's.
    """

    def __init__(
        self,
        ranker: FactorRanker,
        rated: FloatArray,
        pull: FloatArray,
        cholesky: tuple[FloatArray, bool],
    ) -> None:
        self._ranker = ranker
        self._rated = rated
        self._pull = pull
        self._cholesky = cholesky
        self.reader_factor: FloatArray = cho_solve(cholesky, rated.T @ pull, check_finite=False)
        self.scores: Float32Array = ranker.item_factors @ self.reader_factor.astype(np.float32)

    def contributions(self, row: int) -> FloatArray:
        """Split the score of the book in this row by the reader's ratings.

        The score is linear in the right-hand side, so rating b contributes
        ``(1 + α·w_b)·y_bᵀ A⁻¹ y_j``, and the contributions sum to the score. Disliked books bend
        A instead and contribute exactly 0.

        Returns
        -------
        Shape (ratings,), in the order in which the ratings were given.
        """
        item_factor = self._ranker.item_factors[row].astype(np.float64)
        return self._pull * (
            self._rated @ cho_solve(self._cholesky, item_factor, check_finite=False)
        )


def _gram(item_factors: Float32Array) -> FloatArray:
    """YᵀY in float64, a chunk of rows at a time so that no second copy of Y is ever whole."""
    rank = item_factors.shape[1]
    gram = np.zeros((rank, rank))
    for start in range(0, len(item_factors), GRAM_CHUNK):
        chunk = item_factors[start : start + GRAM_CHUNK].astype(np.float64)
        gram += chunk.T @ chunk
    return gram
