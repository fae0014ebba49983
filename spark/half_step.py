"""One half-step of ALS on signed weights, exact and cheap at a high rank. Pure NumPy.

Each row of the weights has its own small ridge regression: with Y the factors of the columns,
``(YᵀY + Σ C_c y_c y_cᵀ + λ_r I) x = Σ_{w>0} (1 + C_c) y_c``, where the confidence C is α·|w| (Hu,
Koren and Volinsky, 2008, with Spark's treatment of negative weights). Solved directly it costs
rank³ operations per row. In the eigenbasis of YᵀY everything that the rows share is a diagonal D,
and with Z the few factors that a row has entries for, the solution is
``x = D⁻¹Zᵀ (C⁻¹ + Z D⁻¹ Zᵀ)⁻¹ C⁻¹p``: a system with as many unknowns as the row has entries (the
push-through identity of Woodbury's formula). It is the same x, with a hundredth of the work for a
reader with thirty ratings at rank 512.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import ssyrk
from scipy.linalg.lapack import sposv
from scipy.sparse import csr_array

from recommender.engine.values import Float32Array, FloatArray, IntArray

#: How many factors of columns stay in the cache of a core while their product is made.
ENTRIES_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Eigenbasis:
    """The basis in which YᵀY is diagonal: ``YᵀY = V diag(values) Vᵀ``, V being ``vectors``."""

    values: FloatArray
    vectors: FloatArray

    @classmethod
    def of(cls, gram: FloatArray) -> Self:
        """Decompose YᵀY, shape (rank, rank)."""
        values, vectors = np.linalg.eigh(gram)
        return cls(np.maximum(values, 0.0), vectors)


def gram_of(factors: Float32Array) -> FloatArray:
    """YᵀY, shape (rank, rank)."""
    exact = factors.astype(np.float64)
    gram: FloatArray = exact.T @ exact
    return gram


def solving_work(entries: IntArray, rank: int) -> FloatArray:
    """About how many operations the rows take, by their numbers of entries; of the same shape.

    A row makes one symmetric product and solves one system, by its entries or by the rank.
    """
    unknowns = np.minimum(entries, rank).astype(np.float64)
    others = np.maximum(entries, rank)
    return unknowns**2 * others + unknowns**3 / 3


def half_step(
    weights: csr_array,
    factors: Float32Array,
    basis: Eigenbasis,
    *,
    alpha: float,
    regularization: float,
    offset: float = 0.0,
) -> Float32Array:
    """The factor of every row, given those of the columns.

    Parameters
    ----------
    weights
        Shape (rows, columns), signed, without entries of zero.
    factors
        Shape (columns, rank).
    basis
        Of all factors of the columns' side, including those whose columns are not here.
    regularization, offset
        A row's λ is ``regularization · (n₊ + offset)`` with n₊ its count of positive weights.

    Returns
    -------
    Shape (rows, rank); zero for a row without a positive weight.
    """
    vectors = basis.vectors.astype(np.float32)
    shared = basis.values.astype(np.float32)
    turned = factors @ vectors
    solved = np.zeros((weights.shape[0], factors.shape[1]), dtype=np.float32)
    for row in np.flatnonzero(np.diff(weights.indptr)):
        part = slice(weights.indptr[row], weights.indptr[row + 1])
        signed = weights.data[part]
        positive = signed > 0
        if positive.any():
            confidence = alpha * np.abs(signed)
            pull = np.where(positive, 1.0 + confidence, 0.0).astype(np.float32)
            diagonal = shared + np.float32(regularization * (positive.sum() + offset))
            solve = _by_entries if len(signed) < len(diagonal) else _by_rank
            columns = weights.indices[part]
            solved[row] = solve(turned, columns, diagonal, confidence.astype(np.float32), pull)
    answer: Float32Array = solved @ vectors.T
    return answer


def _by_entries(
    turned: Float32Array,
    columns: NDArray[np.int32],
    diagonal: Float32Array,
    confidence: Float32Array,
    pull: Float32Array,
) -> Float32Array:
    lengths = 1.0 / np.sqrt(diagonal)
    scaled = turned[columns]
    scaled *= lengths
    # Half of it, in LAPACK's order: NumPy would mirror the half, and SciPy copy the whole.
    system = ssyrk(1.0, scaled.T, trans=1, lower=1)
    system.T.flat[:: len(system) + 1] += 1.0 / confidence
    share: Float32Array = _solve(system, pull / confidence) @ scaled
    share *= lengths
    return share


def _by_rank(
    turned: Float32Array,
    columns: NDArray[np.int32],
    diagonal: Float32Array,
    confidence: Float32Array,
    pull: Float32Array,
) -> Float32Array:
    lengths = np.sqrt(confidence)
    system: FloatArray | Float32Array = np.diag(diagonal).T
    wanted = np.zeros_like(diagonal)
    for first in range(0, len(columns), ENTRIES_AT_ONCE):
        some = slice(first, first + ENTRIES_AT_ONCE)
        scaled = turned[columns[some]]
        scaled *= lengths[some, None]
        system = ssyrk(1.0, scaled.T, beta=1.0, c=system, lower=1, overwrite_c=1)
        wanted += (pull[some] / lengths[some]) @ scaled
    return _solve(system, wanted)


def _solve(system: FloatArray | Float32Array, wanted: Float32Array) -> Float32Array:
    _, solution, singular = sposv(system, wanted, lower=1, overwrite_a=1)
    if singular:
        raise np.linalg.LinAlgError("The system of a factor is singular; use a larger λ.")
    answer: Float32Array = solution
    return answer
