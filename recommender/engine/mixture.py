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

    @property
    def is_plain(self) -> bool:
        """Whether each book is a row."""
        return self.count == len(self.rows) and bool((self.shares == 1.0).all())

    def of_matrix(self, matrix: Float32Array) -> Float32Array:
        """The books' rows of a matrix, shape (books, columns)."""
        rows = matrix[self.rows]
        if self.is_plain:
            return rows
        starts = np.searchsorted(self.places, np.arange(self.count + 1))
        entries = np.arange(len(self.rows))
        mixing = csr_array((self.shares, entries, starts), (self.count, len(entries)))
        return np.asarray(mixing @ rows, dtype=np.float32)

    def add_up(self, by_entry: FloatArray) -> FloatArray:
        """Values of the entries, added up by book: shape (…, entries) in, (…, books) out."""
        if self.is_plain:
            return by_entry
        entries = len(self.places)
        to_books = csr_array(
            (np.ones(entries), self.places, np.arange(entries + 1)), (entries, self.count)
        )
        return np.asarray(by_entry @ to_books)
