"""Books as mixtures of the rows of a release, for those that have no row of their own."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from recommender.engine.values import Float32Array, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Mixture:
    """Some books, each the weighted sum of one row or more.

    Attributes
    ----------
    count
        How many books there are.
    places
        Shape (entries,), ascending: the book that an entry belongs to, from 0 on.
    rows
        Shape (entries,): rows of the release.
    shares
        Shape (entries,): how much of the row is in the book.
    """

    count: int
    places: IntArray
    rows: IntArray
    shares: FloatArray

    @classmethod
    def of_rows(cls, rows: IntArray) -> Self:
        """Books that have rows of their own, one each."""
        return cls(len(rows), np.arange(len(rows)), rows, np.ones(len(rows)))

    def of_matrix(self, matrix: Float32Array) -> FloatArray:
        """The books' rows of a matrix, shape (books, columns), float64."""
        rows = matrix[self.rows].astype(np.float64)
        if self.count == len(self.rows) and (self.shares == 1.0).all():
            return rows
        starts = np.searchsorted(self.places, np.arange(self.count + 1))
        entries = np.arange(len(self.rows))
        mixing = csr_array((self.shares, entries, starts), (self.count, len(entries)))
        return np.asarray(mixing @ rows)

    def gather(self, by_entry: FloatArray) -> csr_array:
        """Values of the entries as a sparse matrix that adds them up by book.

        Shape (entries, books), for a product with a matrix that has a column for each entry.
        """
        entries = len(self.places)
        return csr_array((by_entry, self.places, np.arange(entries + 1)), (entries, self.count))
