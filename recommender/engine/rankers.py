"""What a ranker is, and which part of a release makes which ranker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recommender.engine.foldin import FactorRanker
from recommender.engine.mixture import Mixture
from recommender.engine.neighbours import NeighbourRanker
from recommender.engine.values import FloatArray, IntArray, Reading, ScoredBook, Tensors
from recommender.engine.weights import ReadingWeights, WeightTable


class RankerScores(Protocol):
    """Every book's score for one reader."""

    @property
    def scores(self) -> NDArray[np.floating]:
        """Shape (books,)."""

    def contributions(self, offered: Mixture) -> FloatArray:
        """Shape (offered, ratings): the parts of the scores of some books."""


class Ranker(Protocol):
    """Scores all books from one reader's weighted ratings."""

    @property
    def weights(self) -> WeightTable:
        """The table from stars to the weights this ranker takes."""

    @property
    def book_count(self) -> int:
        """How many books it scores."""

    @property
    def reading_weights(self) -> ReadingWeights:
        """The weights of books without stars."""

    def fold_in(self, books: Mixture, weights: FloatArray) -> RankerScores:
        """Score every book for their reader; raises NothingToFoldIn without a positive weight."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The books of one reader that speak for others.

    Attributes
    ----------
    books
        The books, as mixtures of rows of a release.
    stars
        Shape (books,): NaN for a book without.
    readings
        By its place, how a book was read that was not just read once.
    """

    books: Mixture
    stars: FloatArray
    readings: Mapping[int, Reading]

    @property
    def read(self) -> int:
        """How many of the books were read."""
        dismissed = sum(reading == "dismissed" for reading in self.readings.values())
        return self.books.count - dismissed

    def weights_for(self, ranker: Ranker) -> FloatArray:
        """Shape (books,): what each book weighs, by its stars, or by how it was read without."""
        weights, by_reading = ranker.weights(self.stars), ranker.reading_weights
        is_unrated = np.isnan(self.stars)
        weights[is_unrated] = by_reading.without_stars("once")
        for place, reading in self.readings.items():
            if is_unrated[place]:
                weights[place] = by_reading.without_stars(reading)
            else:
                weights[place] = by_reading.with_stars(weights[place], reading)
        return weights


RANKERS: Mapping[str, Callable[[Tensors, Mapping[str, Any]], Ranker]] = {
    "factors": FactorRanker.from_part,
    "neighbours": NeighbourRanker.from_part,
}


#: Values whose best one stands for all of them at first.
BLOCK = 64


def top_n(
    scores: NDArray[np.floating], book_ids: IntArray, n: int, *, exclude_rows: IntArray
) -> list[ScoredBook]:
    """The n best books, by partial selection.

    Ties go to the lower book id, also at the cut, so the same input always gives the same list.

    Parameters
    ----------
    scores, book_ids
        Shape (books,) both.
    exclude_rows
        Rows which are never chosen.
    """
    values = np.array(scores, dtype=np.float64)
    values[exclude_rows] = -np.inf
    n = min(n, int(np.count_nonzero(np.isfinite(values))))
    if n <= 0:
        return []
    chosen = np.flatnonzero(values >= _least_of_best(values, n))
    order = np.lexsort((book_ids[chosen], -values[chosen]))[:n]
    best = chosen[order]
    return [
        ScoredBook(book_id, score)
        for book_id, score in zip(book_ids[best].tolist(), values[best].tolist(), strict=True)
    ]


def _least_of_best(values: FloatArray, n: int) -> np.float64:
    """The n-th best of some values.

    Selecting takes long among a million values, and longest where most of them are equal, as those
    of neighbors are. If the best values of n blocks are at least t, then so are n values or more:
    whatever is less than the n-th best of the blocks' best values is ruled out first.
    """
    whole = len(values) // BLOCK * BLOCK
    if whole // BLOCK > n:
        least = _nth_best(values[:whole].reshape(-1, BLOCK).max(axis=1), n)
        values = values[values >= least]
    return _nth_best(values, n)


def _nth_best(values: FloatArray, n: int) -> np.float64:
    best: np.float64 = np.partition(values, len(values) - n)[len(values) - n]
    return best
