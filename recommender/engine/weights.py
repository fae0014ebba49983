"""From stars, and from reading without giving stars, to signed weights."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

import numpy as np

from recommender.engine.values import FloatArray, Reading


@dataclass(frozen=True, slots=True)
class WeightTable:
    """How much a rating says about its reader's taste: a dislike below 0, a like above.

    Half and quarter stars are interpolated linearly; stars outside the table take the nearest
    entry.
    """

    stars: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.stars) != len(self.weights) or not self.stars:
            raise ValueError("A weight table needs one weight for each number of stars.")
        if list(self.stars) != sorted(set(self.stars)):
            raise ValueError("The stars of a weight table have to be in ascending order.")
        if not np.isfinite([*self.stars, *self.weights]).all():
            raise ValueError("A weight table has to hold finite numbers.")

    def __call__(self, stars: FloatArray) -> FloatArray:
        """Weights of an array of stars, of the same shape."""
        return np.interp(stars, self.stars, self.weights)

    @classmethod
    def from_json(cls, table: Mapping[str, float]) -> Self:
        """Read the form of the manifest: ``{"1": -0.5, …}``."""
        pairs = sorted((float(stars), float(weight)) for stars, weight in table.items())
        return cls(tuple(stars for stars, _ in pairs), tuple(weight for _, weight in pairs))

    def to_json(self) -> dict[str, float]:
        """Return the form of the manifest."""
        return {f"{s:g}": w for s, w in zip(self.stars, self.weights, strict=True)}


SIGNED_WEIGHTS = WeightTable((1.0, 2.0, 3.0, 4.0, 5.0), (-0.5, -0.2, 0.3, 1.0, 1.3))


#: What a book weighs that its reader does not want to read: as much as two stars, so that books
#: like it fall a little (docs/QUALITY.md). Not of a release, as no release is trained on it.
DISMISSED_WEIGHT = -0.2


@dataclass(frozen=True, slots=True)
class ReadingWeights:
    """How much it says about taste that a book was read; weights in the unit of a `WeightTable`.

    Attributes
    ----------
    unrated
        Of a book that was read without stars.
    unfinished
        Of one that was given up without stars.
    reread
        Of one that was read more than once, without stars.
    reread_gain
        What the weight of a liked book is multiplied by if it was read more than once.
    """

    unrated: float
    unfinished: float
    reread: float
    reread_gain: float

    def __post_init__(self) -> None:
        if not np.isfinite([self.unrated, self.unfinished, self.reread, self.reread_gain]).all():
            raise ValueError("The weights of readings have to be finite numbers.")

    def without_stars(self, reading: Reading) -> float:
        """The weight of a book without stars."""
        return {
            "once": self.unrated,
            "again": self.reread,
            "unfinished": self.unfinished,
            "dismissed": DISMISSED_WEIGHT,
        }[reading]

    def with_stars(self, weight: float, reading: Reading) -> float:
        """The weight of a book whose stars alone would weigh ``weight``."""
        return weight * self.reread_gain if reading == "again" and weight > 0 else weight

    @classmethod
    def from_json(cls, weights: Mapping[str, float], *, default: Self) -> Self:
        """Read the form of the manifest: ``{"unrated": 0.3, …}``; what is missing is as usual."""
        return replace(default, **{name: float(weight) for name, weight in weights.items()})

    def to_json(self) -> dict[str, float]:
        """Return the form of the manifest."""
        return asdict(self)
