"""What was measured of a release on readers held out, for pages and the admin to show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.models import ModelRelease

ACCURACY = "ndcg@100"
NAMES = {"neighbours": "Neighbors", "factors": "Factors", "popularity": "Most rated"}
# Ratings in the whole of goodbooks-10k, as its makers publish it.
GOODBOOKS_RATINGS = 5_976_479


@dataclass(frozen=True, slots=True)
class Figures:
    """One way to rank and how it did; shares are between 0 and 1.

    ``by_size`` is the accuracy with so many ratings folded in.
    """

    name: str
    is_default: bool
    accuracy: float
    popularity: float
    coverage: float
    disliked: float
    by_size: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Quality:
    """All ways to rank on the same readers; ``own`` is the popularity of what those had read."""

    readers: int
    own: float
    rankers: tuple[Figures, ...]

    @property
    def sizes(self) -> list[int]:
        """The counts of ratings with which anything was measured."""
        return sorted({size for figures in self.rankers for size in figures.by_size})

    @property
    def by_size(self) -> list[tuple[int, list[float | None]]]:
        """Of each such count the accuracy of those rankers that were measured by size."""
        return [(size, [r.by_size.get(size) for r in self.sized]) for size in self.sizes]

    @property
    def sized(self) -> list[Figures]:
        """The rankers that were measured by size."""
        return [figures for figures in self.rankers if figures.by_size]


def quality_of(release: ModelRelease) -> Quality | None:
    """What the release tells of itself; None where nothing was measured."""
    measured = release.metrics.get("rankers") or {}
    found = {name: values for name, values in measured.items() if ACCURACY in values}
    default = found.get(release.default_ranker)
    if default is None:
        return None
    order = sorted(found, key=lambda name: -float(found[name][ACCURACY]))
    return Quality(
        readers=int(default["readers"]),
        own=float(default["profile_popularity"]),
        rankers=tuple(_figures(name, found[name], release.default_ranker) for name in order),
    )


def sample_percent(release: ModelRelease) -> int | None:
    """How much of goodbooks-10k a release was built from, if not the whole; in percent."""
    if "goodbooks" not in release.dataset.lower() or release.is_simulated:
        return None
    percent = round(100 * (release.ratings - release.own_ratings) / GOODBOOKS_RATINGS)
    return max(percent, 1) if percent < 98 else None


def _figures(name: str, values: Mapping[str, Any], default: str) -> Figures:
    sizes = values.get("sizes", {}).items()
    return Figures(
        name=NAMES.get(name, name),
        is_default=name == default,
        accuracy=float(values[ACCURACY]),
        popularity=float(values["popularity@10"]),
        coverage=float(values["coverage@10"]),
        disliked=float(values["disliked@20"]),
        by_size={int(size): float(own[ACCURACY]) for size, own in sizes if ACCURACY in own},
    )
