"""The stars a reader would probably give. They are shown, never used to rank."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from recommender.engine.values import (
    HIGHEST_STARS,
    Float32Array,
    FloatArray,
    IntArray,
    Tensors,
)

NEEDED_RATINGS = 5
LOWEST_SHOWN = 1.0


class StarModel:
    """Expected stars ``μ + b_reader + b_book + p·q`` (Koren, Bell and Volinsky, 2009).

    Parameters
    ----------
    book_bias
        Shape (books,): how far a book's ratings lie above the mean.
    item_factors
        Shape (books, rank): the q of every book.
    mean
        The mean of all ratings, in stars.
    reader_damping
        The mean is taken as if the reader had given so many more ratings without a bias.
    regularization
        The λ of the reader's factor, times the count of their ratings, as in Spark's ALS.
    """

    def __init__(
        self,
        book_bias: Float32Array,
        item_factors: Float32Array,
        *,
        mean: float,
        reader_damping: float,
        regularization: float,
    ) -> None:
        if item_factors.ndim != 2 or book_bias.shape != item_factors.shape[:1]:
            raise ValueError("The stars need one bias and one factor for each book.")
        if not (np.isfinite([mean, reader_damping, regularization]).all() and mean > 0):
            raise ValueError("The settings of the stars have to be finite.")
        if reader_damping < 0 or regularization <= 0:
            raise ValueError("The stars need a damping and a λ above 0.")
        self.book_bias = book_bias
        self.item_factors = item_factors
        self.mean = mean
        self.reader_damping = reader_damping
        self.regularization = regularization

    @property
    def book_count(self) -> int:
        """How many books have a bias and a factor."""
        return len(self.book_bias)

    @classmethod
    def from_part(cls, tensors: Tensors, settings: Mapping[str, Any]) -> Self:
        """Make the model from the ``stars`` part of a release."""
        return cls(
            tensors["book_bias"],
            tensors["item_factors"],
            mean=float(settings["mean"]),
            reader_damping=float(settings["reader_damping"]),
            regularization=float(settings["regularization"]),
        )

    def expected(self, rows: IntArray, stars: FloatArray, wanted: IntArray) -> FloatArray | None:
        """The stars a reader would probably give to some books.

        Parameters
        ----------
        rows, stars
            Shape (ratings,) both: what the reader rated, and how.
        wanted
            Shape (wanted,): rows of the books to predict for.

        Returns
        -------
        Shape (wanted,), between 1 and 5 stars; None for fewer than five ratings, which are too
        few to predict from.
        """
        if len(rows) < NEEDED_RATINGS:
            return None
        residuals = stars - self.mean - self.book_bias[rows]
        reader_bias = residuals.sum() / (len(rows) + self.reader_damping)
        rated = self.item_factors[rows].astype(np.float64)
        system = rated.T @ rated
        system.flat[:: len(system) + 1] += self.regularization * len(rows)
        factor = np.linalg.solve(system, rated.T @ (residuals - reader_bias))
        expected: FloatArray = (
            self.mean
            + reader_bias
            + self.book_bias[wanted]
            + self.item_factors[wanted].astype(np.float64) @ factor
        )
        return expected.clip(LOWEST_SHOWN, HIGHEST_STARS)
