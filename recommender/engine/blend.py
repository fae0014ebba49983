"""Several rankers score together, each by how many books of the reader are known.

The factors are the more accurate the fewer ratings there are, the neighbors the more there are, and
between the two a weighted sum of both is better than either. Scores of two rankers have different
units, so each is divided by its standard deviation over all books first. Both are sums over the
reader's books, hence so is the blend, and its reasons are as exact as theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from recommender.engine.mixture import Mixture
from recommender.engine.rankers import Profile, Ranker, RankerScores
from recommender.engine.values import FloatArray, NothingToFoldIn


@dataclass(frozen=True, slots=True)
class BlendSettings:
    """How much each ranker counts, by the number of books that are folded in.

    Attributes
    ----------
    counts
        Ascending numbers of books, from 1 on.
    shares
        By ranker, its share at each of these; in between, shares are linear in the logarithm of
        the number, and beyond they stay as they are. A ranker with a share of 0 is not asked.
    """

    counts: tuple[float, ...]
    shares: Mapping[str, tuple[float, ...]]

    def __post_init__(self) -> None:
        if not self.counts or self.counts[0] < 1 or list(self.counts) != sorted(set(self.counts)):
            raise ValueError("A blend needs ascending numbers of books, from 1 on.")
        for shares in self.shares.values():
            if len(shares) != len(self.counts):
                raise ValueError("A blend needs one share of a ranker for each number of books.")
            if not np.isfinite(shares).all() or min(shares) < 0:
                raise ValueError("The shares of a blend have to be finite, and none below 0.")
        if not (np.sum([*self.shares.values()], axis=0) > 0).all():
            raise ValueError("A blend needs a ranker for every number of books.")

    @classmethod
    def of_one(cls, ranker: str) -> Self:
        """No blend: this ranker alone."""
        return cls((1.0,), {ranker: (1.0,)})

    def at(self, count: int) -> dict[str, float]:
        """The share of each ranker that is asked for a reader of so many books."""
        place, known = np.log(max(count, 1)), np.log(self.counts)
        shares = {name: float(np.interp(place, known, own)) for name, own in self.shares.items()}
        return {name: share for name, share in shares.items() if share > 0}

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> Self:
        """Read the form of the manifest."""
        return cls(
            tuple(float(count) for count in settings["counts"]),
            {name: tuple(map(float, own)) for name, own in settings["shares"].items()},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the form of the manifest."""
        return {"counts": list(self.counts), "shares": {n: list(s) for n, s in self.shares.items()}}


@dataclass(frozen=True, slots=True)
class Blend:
    """Rankers of one release that score together."""

    rankers: Mapping[str, Ranker]
    settings: BlendSettings

    def __post_init__(self) -> None:
        if unknown := self.settings.shares.keys() - self.rankers.keys():
            raise ValueError(f"There is no ranker {', '.join(sorted(unknown))} to blend.")

    def fold_in(self, profile: Profile) -> "BlendScores":
        """Score every book for one reader.

        A ranker to which the books say nothing is left out.

        Raises
        ------
        NothingToFoldIn
            If they say nothing to any of them.
        """
        parts: list[tuple[float, RankerScores]] = []
        refusal: NothingToFoldIn | None = None
        for name, share in self.settings.at(profile.read).items():
            ranker = self.rankers[name]
            try:
                folded = ranker.fold_in(profile.books, profile.weights_for(ranker))
            except NothingToFoldIn as error:
                refusal = error
                continue
            parts.append((share, folded))
        if not parts:
            raise refusal or NothingToFoldIn("No ranker is asked about these books.")
        return BlendScores(parts)


class BlendScores:
    """The weighted sum of several rankers' scores; those of a single one keep their unit.

    Parameters
    ----------
    parts
        The share of each ranker, and its scores.

    Attributes
    ----------
    scores
        Shape (books,), float64.
    """

    def __init__(self, parts: Sequence[tuple[float, RankerScores]]) -> None:
        alone = len(parts) == 1
        self._parts = [(1.0 if alone else share / _spread(one), one) for share, one in parts]
        self.scores: FloatArray = np.zeros(len(parts[0][1].scores))
        for factor, one in self._parts:
            self.scores += factor * one.scores

    def contributions(self, offered: Mixture) -> FloatArray:
        """Split the scores of some books by the reader's books.

        Returns
        -------
        Shape (offered, books of the reader), in the order in which they were given; each row sums
        to a score.
        """
        parts = [factor * one.contributions(offered) for factor, one in self._parts]
        total: FloatArray = np.sum(parts, axis=0)
        return total


def _spread(folded: RankerScores) -> float:
    """The standard deviation of the scores; 1 where all are the same."""
    return float(folded.scores.std(dtype=np.float64)) or 1.0
