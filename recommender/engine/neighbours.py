"""Neighbors: each book has weights on similar books, and a reader's score is a sum of them."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.mixture import Mixture
from recommender.engine.values import (
    Float32Array,
    FloatArray,
    IntArray,
    NothingToFoldIn,
    Tensors,
)
from recommender.engine.weights import ReadingWeights, WeightTable

#: Measured on readers whose stars were taken off (docs/QUALITY.md).
READING_WEIGHTS = ReadingWeights(unrated=0.7, unfinished=0.1, reread=1.0, reread_gain=1.2)


class NeighbourRanker:
    """Ranks books by sparse weights between books.

    Row b of the weights tells what a rating of book b does for other books, so that a reader
    touches as many rows as they have ratings, however many books there are.

    Parameters
    ----------
    starts
        Shape (books + 1,), int64: row b is ``targets[starts[b]:starts[b + 1]]``.
    targets
        Shape (weights,), int32: rows of the books a weight speaks for, ascending within a row.
    values
        Shape (weights,), float32. May be memory-mapped, as the other two; all are only read.
    weights
        From stars to what a rating multiplies its row with.
    reading_weights
        What a book without stars multiplies its row with.
    """

    def __init__(
        self,
        starts: IntArray,
        targets: NDArray[np.int32],
        values: Float32Array,
        *,
        weights: WeightTable,
        reading_weights: ReadingWeights = READING_WEIGHTS,
    ) -> None:
        if not all(np.issubdtype(rows.dtype, np.integer) for rows in (starts, targets)):
            raise ValueError("The neighbors have to name books by whole numbers.")
        if len(starts) < 1 or starts[0] != 0 or starts[-1] != len(targets):
            raise ValueError("The rows of the neighbors do not cover their weights.")
        if len(values) != len(targets) or (np.diff(starts) < 0).any():
            raise ValueError("The neighbors are out of step with their weights.")
        if len(targets) and not 0 <= int(targets.min()) <= int(targets.max()) < len(starts) - 1:
            raise ValueError("The neighbors name books that the release does not have.")
        self.starts = starts
        self.targets = targets
        self.values = values
        self.weights = weights
        self.reading_weights = reading_weights
        # Indices of 32 bits where they suffice, so that SciPy copies none of the mapped arrays.
        index = np.int32 if len(targets) <= np.iinfo(np.int32).max else np.int64
        books = len(starts) - 1
        self.matrix = csr_array((values, targets, starts.astype(index)), shape=(books, books))

    @property
    def book_count(self) -> int:
        """How many books have a row."""
        return len(self.starts) - 1

    @classmethod
    def from_part(cls, tensors: Tensors, settings: Mapping[str, Any]) -> Self:
        """Make the ranker from the ``neighbours`` part of a release."""
        return cls(
            tensors["starts"],
            tensors["targets"],
            tensors["values"],
            weights=WeightTable.from_json(settings["weights"]),
            reading_weights=ReadingWeights.from_json(
                settings.get("reading_weights", {}), default=READING_WEIGHTS
            ),
        )

    def fold_in(self, books: Mixture, weights: FloatArray) -> "NeighbourScores":
        """Score every book for one reader: ``score_j = Σ_b w_b · B_bj``.

        Parameters
        ----------
        books
            The rated books, as mixtures of rows of the weights.
        weights
            Shape (books,): what their stars weigh.

        Raises
        ------
        NothingToFoldIn
            If no weight is positive: nothing could be said for any book then.
        """
        if not (weights > 0).any():
            raise NothingToFoldIn(
                "None of these ratings is a like; rate at least one book that you enjoyed."
            )
        return NeighbourScores(self, books, weights)

    def links_from(self, row: int) -> tuple[IntArray, FloatArray]:
        """The books on which this one has weights: their rows, and the weights."""
        part = slice(self.starts[row], self.starts[row + 1])
        return self.targets[part].astype(np.int64), self.values[part].astype(np.float64)

    def links_to(self, row: int) -> tuple[IntArray, FloatArray]:
        """The books that have a weight on this one: their rows, and the weights."""
        found = np.flatnonzero(self.targets == row)
        rows = np.searchsorted(self.starts, found, side="right") - 1
        return rows.astype(np.int64), self.values[found].astype(np.float64)


class NeighbourScores:
    """The scores of all books for one reader.

    Attributes
    ----------
    scores
        Shape (books,), float64. A book that no rating speaks for has 0.
    """

    def __init__(self, ranker: NeighbourRanker, books: Mixture, weights: FloatArray) -> None:
        self._books = books
        #: Shape (entries of the books,): what each multiplies its row with.
        self._spoken: FloatArray = weights[books.places] * books.shares
        #: Shape (entries, books): the rows that are touched.
        self._touched = ranker.matrix[books.rows]
        self.scores: FloatArray = np.asarray(self._touched.T @ self._spoken, dtype=np.float64)

    def contributions(self, offered: Mixture) -> FloatArray:
        """Split the scores of some books by the reader's ratings.

        Returns
        -------
        Shape (offered, ratings), in the order in which the ratings were given; each row sums to a
        score.
        """
        rows, places = np.unique(offered.rows, return_inverse=True)
        by_entry = self._weights_on(rows)[places] * self._spoken
        return self._books.add_up(offered.add_up((by_entry * offered.shares[:, None]).T).T)

    def _weights_on(self, rows: IntArray) -> FloatArray:
        """Shape (rows, entries of the books): the weights that are touched on some books' rows.

        Parameters
        ----------
        rows
            Ascending, each once.
        """
        touched = self._touched
        is_asked = np.zeros(touched.shape[1], dtype=bool)
        is_asked[rows] = True
        found = np.flatnonzero(is_asked[touched.indices])
        entries = np.searchsorted(touched.indptr, found, side="right") - 1
        weights = np.zeros((len(rows), touched.shape[0]))
        weights[np.searchsorted(rows, touched.indices[found]), entries] = touched.data[found]
        return weights


def entries_of(starts: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Where some rows of sparse weights are stored: the length of each, and all indices, row after
    row.

    Parameters
    ----------
    starts
        Shape (books + 1,): row b is at ``starts[b]`` up to ``starts[b + 1]``.
    """
    lengths = starts[rows + 1] - starts[rows]
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return lengths, np.arange(total) + np.repeat(starts[rows] - (ends - lengths), lengths)
