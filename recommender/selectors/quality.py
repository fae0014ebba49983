"""How good a release is, as measured on held-out readers, for pages and the admin to show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.drawing import plots
from recommender.engine.model import SERVED
from recommender.models import ModelRelease

ACCURACY = "ndcg@100"
#: How pages call what is measured; `served` is what readers get.
NAMES = {
    "served": "Bookfold’s lists",
    "neighbours": "Neighbors alone",
    "factors": "Factors alone",
    "popularity": "Most rated",
}
# Ratings in the whole of goodbooks-10k, as its makers publish it.
GOODBOOKS_RATINGS = 5_976_479


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one ranker; shares are between 0 and 1.

    ``by_size`` is the accuracy by the number of ratings folded in.
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
    """All rankers on the same readers, and how popular the books are that those had read."""

    readers: int
    profile_popularity: float
    rankers: tuple[Figures, ...]
    #: The accuracy among some books without their ratings, and with them.
    unrated: tuple[float, float] | None = None

    @property
    def sizes(self) -> list[int]:
        """The numbers of ratings with which some ranker was measured."""
        return sorted({size for figures in self.rankers for size in figures.by_size})

    @property
    def by_size(self) -> list[tuple[int, list[float | None]]]:
        """For each of these numbers, the accuracy of the rankers in `measured_by_size`."""
        return [(n, [r.by_size.get(n) for r in self.measured_by_size]) for n in self.sizes]

    @property
    def measured_by_size(self) -> list[Figures]:
        """The rankers that were measured by size."""
        return [figures for figures in self.rankers if figures.by_size]


def quality_of(*, release: ModelRelease) -> Quality | None:
    """The metrics that a release carries; None if nothing was measured."""
    rankers = release.metrics.get("rankers") or {}
    measured = {name: values for name, values in rankers.items() if ACCURACY in values}
    # The first releases did not measure what they served.
    served = SERVED if SERVED in measured else release.default_ranker
    default = measured.get(served)
    if default is None:
        return None
    order = sorted(measured, key=lambda name: -float(measured[name][ACCURACY]))
    return Quality(
        readers=int(default["readers"]),
        profile_popularity=float(default["profile_popularity"]),
        rankers=tuple(_figures(name, measured[name], served) for name in order),
        unrated=_unrated(default),
    )


def _unrated(served: Mapping[str, Any]) -> tuple[float, float] | None:
    measured = served.get("unrated", {})
    found = [measured.get(name, {}).get(ACCURACY) for name in ("without", "with")]
    return (float(found[0]), float(found[1])) if None not in found else None


def default_figures(*, release: ModelRelease) -> Figures | None:
    """The figures of the ranker that the release uses; None if nothing was measured."""
    quality = quality_of(release=release)
    return next((one for one in quality.rankers if one.is_default), None) if quality else None


def sample_percent(*, release: ModelRelease) -> int | None:
    """What percentage of goodbooks-10k a release was built from; None for all of it."""
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
        by_size={int(n): float(metrics[ACCURACY]) for n, metrics in sizes if ACCURACY in metrics},
    )


def bias_plot(quality: Quality) -> plots.Plot:
    """How accurate each ranker is, and how well known the books are that it offers."""
    return plots.scatter(
        {one.name: (one.popularity, one.accuracy) for one in quality.rankers},
        x_label="readers who know a recommended book",
        y_label="accuracy (NDCG@100)",
        rule=(quality.profile_popularity, "their own books"),
    )


def size_plot(quality: Quality) -> plots.Plot:
    """How accurate each ranker is by the number of ratings that are known of a reader."""
    return plots.lines(
        {one.name: one.by_size for one in quality.measured_by_size},
        x_label="ratings known of a reader",
        y_label="accuracy (NDCG@100)",
    )
