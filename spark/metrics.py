"""Metrics of ranked lists, compared with ratings hidden from the ranker. Pure NumPy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine.values import FloatArray, IntArray
from spark.volumes import Volumes

LIKED = 4.0
DISLIKED = 2.0
DEPTH = 100

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ReaderRanking:
    """A ranker's first books for one reader, and the reader's hidden ratings of them.

    Attributes
    ----------
    rows
        Shape (depth,): rows of the recommended books, best first.
    stars
        Shape (depth,): the reader's hidden ratings of them, NaN where there is none.
    liked
        How many of all hidden books are liked, recommended or not.
    """

    rows: IntArray
    stars: FloatArray
    liked: int


def ndcg_at(k: int, relevant: BoolArray, liked: int) -> float:
    """Normalized discounted cumulative gain of one list, with binary relevance.

    A relevant book in place i (from 1) gains ``1 / log2(i + 1)``; the sum is divided by that of the
    ideal list, which begins with ``min(k, liked)`` relevant books (Järvelin and Kekäläinen, 2002).

    Parameters
    ----------
    relevant
        Shape (depth,): whether the book in each place is one the reader likes.
    liked
        The number of all such books, at least 1.
    """
    gains = 1.0 / np.log2(np.arange(2, k + 2))
    gained = float(gains[: len(relevant[:k])][relevant[:k]].sum())
    return gained / float(gains[: min(k, liked)].sum())


def recall_at(k: int, relevant: BoolArray, liked: int) -> float:
    """The number of liked books in the first k, divided by the most that could be there."""
    return float(relevant[:k].sum()) / min(k, liked)


def disliked_at(k: int, stars: FloatArray) -> float:
    """Among the hidden books in the first k, the share with 2 stars or fewer; 0 for none."""
    known = stars[:k][~np.isnan(stars[:k])]
    return float((known <= DISLIKED).mean()) if len(known) else 0.0


def gini(counts: NDArray[np.int64]) -> float:
    """How unevenly counts are distributed: 0 if all are equal, near 1 if one has everything."""
    ordered = np.sort(counts).astype(np.float64)
    total = ordered.sum()
    if not total:
        return 0.0
    places = np.arange(1, len(ordered) + 1)
    return float(((2 * places - len(ordered) - 1) * ordered).sum() / (len(ordered) * total))


def per_reader(rankings: Sequence[ReaderRanking], popularity: FloatArray) -> dict[str, FloatArray]:
    """Metrics of each list by itself; shape (readers,) each.

    NDCG and recall are NaN for a reader without liked hidden books, where they are undefined.

    Parameters
    ----------
    popularity
        Shape (books,): the share of the readers evaluated whose history has the book.
    """
    values: dict[str, list[float]] = {
        name: [] for name in ("ndcg@10", "ndcg@100", "recall@20", "recall@50")
    }
    values |= {"disliked@20": [], "popularity@10": []}
    for ranking in rankings:
        relevant = ranking.stars >= LIKED
        for k in (10, 100):
            known = ndcg_at(k, relevant, ranking.liked) if ranking.liked else np.nan
            values[f"ndcg@{k}"].append(known)
        for k in (20, 50):
            known = recall_at(k, relevant, ranking.liked) if ranking.liked else np.nan
            values[f"recall@{k}"].append(known)
        values["disliked@20"].append(disliked_at(20, ranking.stars))
        top = popularity[ranking.rows[:10]]
        values["popularity@10"].append(float(top.mean()) if len(top) else np.nan)
    return {name: np.array(column) for name, column in values.items()}


def intra_list_distance(rankings: Sequence[ReaderRanking], vectors: FloatArray) -> FloatArray:
    """How different the first ten books of each list are from each other; shape (readers,).

    The mean of 1 − cosine over all pairs (Ziegler et al., 2005); NaN for fewer than two books.

    Parameters
    ----------
    vectors
        Shape (books, rank): the vector of each book.
    """
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    units = vectors / lengths
    distances = np.full(len(rankings), np.nan)
    for place, ranking in enumerate(rankings):
        first = units[ranking.rows[:10]]
        if len(first) > 1:
            upper = np.triu_indices(len(first), k=1)
            distances[place] = 1.0 - (first @ first.T)[upper].mean()
    return distances


def series_violations(
    rankings: Sequence[ReaderRanking], known: Sequence[IntArray], volumes: Volumes
) -> FloatArray:
    """How often a list offers a volume too early; shape (readers,), NaN for empty lists.

    The share of the first ten books that are volumes of a series of which an earlier one is neither
    known to the reader nor higher in the list. Earlier ones are those with whole numbers from 1 on;
    nobody has to read volume 1.5 before the second.

    Parameters
    ----------
    known
        For the reader of each list, the rows of the books folded in.
    """
    by_series: dict[int, IntArray] = {}
    shares = np.full(len(rankings), np.nan)
    for place, (ranking, own) in enumerate(zip(rankings, known, strict=True)):
        seen, early = set(own.tolist()), 0
        for row in ranking.rows[:10].tolist():
            series, number = int(volumes.series[row]), volumes.number[row]
            if series >= 0:
                if series not in by_series:
                    by_series[series] = np.flatnonzero(volumes.series == series)
                rows = by_series[series]
                numbers = volumes.number[rows]
                is_whole = numbers == np.floor(numbers)
                before = rows[is_whole & (numbers >= 1) & (numbers < number)]
                early += not seen.issuperset(before.tolist())
            seen.add(row)
        if len(ranking.rows):
            shares[place] = early / len(ranking.rows[:10])
    return shares


def over_lists(rankings: Sequence[ReaderRanking], books: int) -> dict[str, float]:
    """Metrics of all lists together: how many books they contain, and how evenly."""
    counts = np.zeros(books, dtype=np.int64)
    for ranking in rankings:
        counts[ranking.rows[:10]] += 1
    return {
        "coverage@10": float((counts > 0).mean()),
        "gini@10": gini(counts),
        "max_share@10": float(counts.max() / len(rankings)),
    }


def bootstrap_interval(values: FloatArray, *, seed: int, draws: int = 1000) -> tuple[float, float]:
    """The 95% interval of a mean over readers, by bootstrap (percentile method).

    Parameters
    ----------
    values
        Shape (readers,), not all of them NaN; readers whose value is NaN do not count.
    """
    known = values[~np.isnan(values)]
    random = np.random.default_rng(seed)
    picks = random.integers(0, len(known), size=(draws, len(known)))
    low, high = np.percentile(known[picks].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def mean_of(values: Mapping[str, FloatArray]) -> dict[str, float]:
    """Each metric's mean over the readers for whom it is known."""
    return {name: float(np.nanmean(column)) for name, column in values.items()}
