"""Values that the numerics take and return."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]
Tensors = Mapping[str, NDArray[Any]]

LOWEST_STARS = 0.25
HIGHEST_STARS = 5.0


@dataclass(frozen=True, slots=True)
class ScoredBook:
    """A book and its score, in the ranker's own unit."""

    book_id: int
    score: float


#: How a book was read: once, more than once, not to its end, or not at all, as it was dismissed.
Reading = Literal["once", "again", "unfinished", "dismissed"]


@dataclass(frozen=True, slots=True)
class Reason:
    """The part of a book's score that comes from one of the reader's books.

    ``stars`` is None for a book that was read without any.
    """

    book_id: int
    stars: float | None
    contribution: float
    reading: Reading = "once"


class InvalidRating(ValueError):
    """A rating is not a valid number of stars."""


class NothingToFoldIn(ValueError):
    """The ratings do not tell enough to score books."""


class UnknownRanker(LookupError):
    """The release has no ranker of this name."""
