"""The small values that the numerics take and give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    """A book and how strongly a ranker puts it forward (the unit is the ranker's own)."""

    book_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Reason:
    """The part of a book's score that comes from one rating of the reader."""

    book_id: int
    stars: float
    contribution: float


class InvalidRating(ValueError):
    """A rating that is no number of stars."""


class NothingToFoldIn(ValueError):
    """The ratings hold nothing from which a taste could be read."""


class UnknownRanker(LookupError):
    """The release holds no ranker of this name."""
