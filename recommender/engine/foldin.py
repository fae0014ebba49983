"""Fold-in: the factor of a new reader, computed exactly, and the scores that follow from it.

Implicit ALS alternates between two half-steps. Each solves a small linear system for every reader
(or book) while the other side stays fixed. Folding in a new reader is that half-step with the item
factors of the release.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.blas import ssyrk

from recommender.engine.mixture import Mixture
from recommender.engine.values import (
    Float32Array,
    FloatArray,
    IntArray,
    NothingToFoldIn,
    Tensors,
)
from recommender.engine.weights import ReadingWeights, WeightTable

GRAM_CHUNK = 65_536
#: Measured on readers whose stars were taken off (docs/QUALITY.md).
READING_WEIGHTS = ReadingWeights(unrated=0.7, unfinished=0.1, reread=1.0, reread_gain=1.2)


class FactorRanker:
    """Ranks books by implicit-feedback factors with signed weights.

    Parameters
    ----------
    item_factors
        Shape (books, rank), float32; may be memory-mapped, and is only read.
    weights
        From stars to the signed weights the factors were trained on.
    reading_weights
        The weights of books without stars.
    alpha
        How much confidence one unit of weight adds.
    regularization, regularization_offset, few
        The λ of a reader with n₊ liked books is
        ``regularization · (n₊ + offset) · (1 + (few / n₊)²)``. With the training's own, and without
        the last factor, a reader of the training gets the factor they had there; held-out readers
        are served better with a smaller λ, and those who like few books with a greater one.
    in_eigenbasis
        Whether YᵀY is diagonal: the factors were turned into its eigenbasis when they were made,
        which changes no score and saves half of the time of a fold-in.
    """

    def __init__(
        self,
        item_factors: Float32Array,
        *,
        weights: WeightTable,
        alpha: float,
        regularization: float,
        regularization_offset: float = 0.0,
        few: float = 0.0,
        in_eigenbasis: bool = False,
        reading_weights: ReadingWeights = READING_WEIGHTS,
    ) -> None:
        if item_factors.ndim != 2 or not np.issubdtype(item_factors.dtype, np.floating):
            raise ValueError("Item factors have to be a matrix of books by rank.")
        if not np.isfinite([alpha, regularization, regularization_offset, few]).all():
            raise ValueError("The settings of the factors have to be finite.")
        self.item_factors = item_factors
        self.weights = weights
        self.reading_weights = reading_weights
        self.alpha = alpha
        self.regularization = regularization
        self.regularization_offset = regularization_offset
        self.few = few
        gram, basis = _gram(item_factors), None
        if in_eigenbasis:
            values = np.diag(gram)
        else:
            values, basis = np.linalg.eigh(gram)
        #: Shape (rank, rank), and its eigenvalues, with their vectors where it is not diagonal.
        self.gram: Float32Array = gram.astype(np.float32)
        self._spectrum: FloatArray = np.maximum(values, 0.0)
        self._basis = None if basis is None else basis.astype(np.float32)

    @property
    def book_count(self) -> int:
        """How many books have factors."""
        return len(self.item_factors)

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
            regularization_offset=float(settings.get("regularization_offset", 0.0)),
            few=float(settings.get("fold_in_few", 0.0)),
            in_eigenbasis=settings.get("in_eigenbasis") is True,
            reading_weights=ReadingWeights.from_json(
                settings.get("reading_weights", {}), default=READING_WEIGHTS
            ),
        )

    def fold_in(self, books: Mixture, weights: FloatArray) -> "FactorScores":
        """Fold one reader in and score every book.

        With C the confidence α·|w| and n₊ the count of positive weights, solves
        ``A x = Σ_{w_b>0} (1 + C_b) y_b``, where ``A = YᵀY + Σ C_b y_b y_bᵀ + λ·I``:
        Hu, Koren and Volinsky (2008), with Spark's reading of negative weights (preference 0, held
        with confidence) and a λ that grows with the count (Rendle et al., "Revisiting the
        performance of iALS", 2022).

        Parameters
        ----------
        books
            The rated books, as mixtures of rows of the item factors.
        weights
            Shape (books,): their signed weights.

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
        used = np.flatnonzero(weights)
        rated = books.of_matrix(self.item_factors)
        if len(used) < len(rated):
            rated = rated[used]
        confidence = (self.alpha * np.abs(weights[used])).astype(np.float32)
        likes = int(liked.sum())
        ridge = self.regularization * (likes + self.regularization_offset)
        ridge *= 1.0 + (self.few / likes) ** 2
        preference = np.zeros(len(weights), dtype=np.float32)
        preference[liked] = 1.0 + self.alpha * weights[liked]
        system: _System
        if len(used) < len(self.gram):
            scale = (1.0 / np.sqrt(self._spectrum + ridge)).astype(np.float32)
            system = _WoodburySystem.factorize(rated, confidence, scale, self._basis)
        else:
            system = _FullSystem.factorize(rated, confidence, self.gram, ridge)
        return FactorScores(self, used, preference, system)


class FactorScores:
    """The scores of all books for one folded-in reader.

    Attributes
    ----------
    reader_factor
        Shape (rank,), float32.
    scores
        Shape (books,), float32: the item factors times the reader's.
    """

    def __init__(
        self, ranker: FactorRanker, used: IntArray, preference: Float32Array, system: "_System"
    ) -> None:
        self._ranker = ranker
        self._used = used
        self._preference = preference
        self._system = system
        self.reader_factor: Float32Array = system.solve(preference[used])
        self.scores: Float32Array = ranker.item_factors @ self.reader_factor

    def contributions(self, offered: Mixture) -> FloatArray:
        """Split the scores of some books by the reader's ratings.

        A score is linear in the right-hand side, so rating b contributes
        ``(1 + α·w_b)·y_bᵀ A⁻¹ y_j``, and the contributions sum to the score. Disliked books
        change A instead and contribute exactly 0.

        Returns
        -------
        Shape (offered, ratings), in the order in which the ratings were given.
        """
        item_factors = offered.of_matrix(self._ranker.item_factors)
        parts = np.zeros((offered.count, len(self._preference)))
        parts[:, self._used] = self._preference[self._used] * self._system.shares(item_factors).T
        return parts


class _System(Protocol):
    """The reader's system A, factorized."""

    def solve(self, preference: Float32Array) -> Float32Array:
        """``A⁻¹ Yᵣᵀ p``, p the preference, Yᵣ the factors of the rated books; shape (rank,)."""

    def shares(self, item_factors: Float32Array) -> Float32Array:
        """``Yᵣ A⁻¹ yᵀ`` of some books' factors y; shape (ratings, books)."""


@dataclass(frozen=True, slots=True)
class _FullSystem:
    """A itself, shape (rank, rank): for readers with many ratings.

    With Z the rated factors and C the confidence, ``weighted`` is ``C^½ Z``, and ``roots`` is C^½.
    """

    weighted: Float32Array
    roots: Float32Array
    cholesky: tuple[Float32Array, bool]

    @classmethod
    def factorize(
        cls, rated: Float32Array, confidence: Float32Array, gram: Float32Array, ridge: float
    ) -> "_FullSystem":
        roots = np.sqrt(confidence)
        weighted = rated * roots[:, None]
        # The Gram matrix is symmetric: its transpose is the order in which BLAS takes it.
        system = ssyrk(1.0, weighted.T, beta=1.0, c=gram.T, lower=1)
        system.flat[:: len(system) + 1] += ridge
        cholesky = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
        return cls(weighted, roots, cholesky)

    def solve(self, preference: Float32Array) -> Float32Array:
        summed = (preference / self.roots) @ self.weighted
        answer = cho_solve(self.cholesky, summed, check_finite=False)
        return np.asarray(answer, dtype=np.float32)

    def shares(self, item_factors: Float32Array) -> Float32Array:
        solved = cho_solve(self.cholesky, item_factors.T, check_finite=False)
        return (self.weighted @ solved) / self.roots[:, None]


@dataclass(frozen=True, slots=True)
class _WoodburySystem:
    """A by Woodbury's formula, shape (ratings, ratings): for readers with fewer ratings than rank.

    In the eigenbasis of YᵀY all of A but the ratings is a diagonal D; ``basis`` leads there, and is
    None where the factors are in it already. With Z the rated factors in that basis and
    ``K = C⁻¹ + Z D⁻¹ Zᵀ``, the formula gives ``A⁻¹ Zᵀ p = D⁻¹ Zᵀ K⁻¹ C⁻¹ p`` and
    ``Z A⁻¹ y = C⁻¹ K⁻¹ Z D⁻¹ y``. ``scaled`` is ``Z D^-½``, and ``scale`` is D^-½.
    """

    scaled: Float32Array
    scale: Float32Array
    confidence: Float32Array
    basis: Float32Array | None
    cholesky: tuple[Float32Array, bool]

    @classmethod
    def factorize(
        cls,
        rated: Float32Array,
        confidence: Float32Array,
        scale: Float32Array,
        basis: Float32Array | None,
    ) -> "_WoodburySystem":
        scaled = (rated if basis is None else rated @ basis) * scale
        system = ssyrk(1.0, scaled.T, trans=1, lower=1)
        system.flat[:: len(system) + 1] += 1.0 / confidence
        cholesky = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
        return cls(scaled, scale, confidence, basis, cholesky)

    def solve(self, preference: Float32Array) -> Float32Array:
        small = cho_solve(self.cholesky, preference / self.confidence, check_finite=False)
        answer = np.asarray((small @ self.scaled) * self.scale, dtype=np.float32)
        return answer if self.basis is None else self.basis @ answer

    def shares(self, item_factors: Float32Array) -> Float32Array:
        turned = item_factors if self.basis is None else item_factors @ self.basis
        heard = self.scaled @ (turned * self.scale).T
        toward = cho_solve(self.cholesky, heard, check_finite=False)
        return np.asarray(toward / self.confidence[:, None], dtype=np.float32)


def _gram(item_factors: Float32Array) -> FloatArray:
    """YᵀY in float64, by chunks of rows, so that Y is never copied as a whole."""
    rank = item_factors.shape[1]
    gram = np.zeros((rank, rank))
    for start in range(0, len(item_factors), GRAM_CHUNK):
        chunk = item_factors[start : start + GRAM_CHUNK].astype(np.float64)
        gram += chunk.T @ chunk
    return gram
