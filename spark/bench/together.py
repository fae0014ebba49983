"""Measures the lists of two who read together, beside lists of their own and other rules.

``python -m spark.bench.together --release STORE --fold-in FILE --held-out FILE`` draws pairs of the
readers and prints two Markdown tables: what each of any two finds on their list, and whether two
who have loved the same hidden books find those. The order is that of the site; its rules about
series, authors and languages are not applied, as in the other measurements of rankers.
"""

import argparse
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from recommender.engine.model import Model, Scores
from recommender.engine.release import open_release
from recommender.engine.store import open_store
from recommender.engine.together import Rule, joint_books, shares_of_best
from recommender.engine.values import FloatArray, NothingToFoldIn, ScoredBook
from spark.metrics import (
    DEPTH,
    DISLIKED,
    LIKED,
    ReaderRanking,
    ndcg_at,
    per_reader,
    recall_at,
)
from spark.readers import HeldOutReaders, read_readers

METRICS = ("ndcg@10", "ndcg@100", "recall@20", "disliked@20")
FIRST = 10


def mean_rule(scores: Sequence[FloatArray]) -> FloatArray:
    """The mean of the shares alone, as if nobody's dislike weighed more."""
    mean: FloatArray = np.mean([shares_of_best(own) for own in scores], axis=0)
    return mean


def least_rule(scores: Sequence[FloatArray]) -> FloatArray:
    """The smallest share alone."""
    least: FloatArray = np.min([shares_of_best(own) for own in scores], axis=0)
    return least


JOINT: Mapping[str, Rule | None] = {
    "one list, as served": None,
    "one list: smallest share alone": least_rule,
    "one list: mean alone": mean_rule,
}
#: How many hidden books that both have loved such a pair must have.
LOVED_BY_BOTH = 2
OWN = "each one's own list"
OWN_WITHOUT = "the same, without books the other has read"


@dataclass(frozen=True, slots=True)
class Member:
    """One of a pair, with what is hidden of theirs."""

    scores: Scores
    known: Mapping[int, float]
    hidden: Mapping[int, float]

    @property
    def loved(self) -> frozenset[int]:
        return frozenset(book for book, stars in self.hidden.items() if stars >= LIKED)

    def dislikes_one_of(self, books: Sequence[ScoredBook]) -> bool:
        return any(self.hidden.get(one.book_id, LIKED) <= DISLIKED for one in books)


Pair = tuple[Member, Member]


def members_of(model: Model, readers: HeldOutReaders) -> list[Member]:
    """The readers of whom the release can tell something, in order."""
    members = []
    for reader in readers.readers:
        known = readers.fold_in[reader]
        try:
            members.append(Member(model.fold_in(known), known, readers.held_out[reader]))
        except NothingToFoldIn:
            continue
    return members


def draw_pairs(members: Sequence[Member], count: int, seed: int) -> list[Pair]:
    """Pairs of different readers; nobody is in two of them."""
    order = np.random.default_rng(seed).permutation(len(members))[: 2 * count]
    drawn = [members[at] for at in order]
    return list(zip(drawn[::2], drawn[1::2], strict=False))


def draw_alike(members: Sequence[Member], count: int, seed: int) -> list[Pair]:
    """Pairs who have loved some of the same hidden books."""
    pairs = [
        pair
        for pair in combinations(members, 2)
        if len(pair[0].loved & pair[1].loved) >= LOVED_BY_BOTH
    ]
    order = np.random.default_rng(seed).permutation(len(pairs))[:count]
    return [pairs[at] for at in order]


def lists_of(pair: Pair) -> dict[str, list[list[ScoredBook]]]:
    """What each of the two gets, by the kind of list."""
    known = [frozenset(one.known) for one in pair]
    both = known[0] | known[1]

    def own(exclude: Sequence[Collection[int]]) -> list[list[ScoredBook]]:
        return [
            one.scores.top(DEPTH, exclude=books) for one, books in zip(pair, exclude, strict=True)
        ]

    joint = {
        name: joint_books([one.scores for one in pair], exclude=both, rule=rule)[:DEPTH]
        for name, rule in JOINT.items()
    }
    return {
        OWN: own(known),
        OWN_WITHOUT: own([both, both]),
        **{name: [books, books] for name, books in joint.items()},
    }


def measure(model: Model, pairs: Sequence[Pair]) -> dict[str, dict[str, float]]:
    """Means over the members; `worse` is the mean over pairs of who fares worse."""
    kinds: dict[str, list[tuple[list[ReaderRanking], bool]]] = {}
    for pair in pairs:
        for name, lists in lists_of(pair).items():
            rankings = [_ranking(model, one, books) for one, books in zip(pair, lists, strict=True)]
            disliked = any(one.dislikes_one_of(books[:FIRST]) for books in lists for one in pair)
            kinds.setdefault(name, []).append((rankings, disliked))
    nothing = np.zeros(len(model.release.book_ids))
    measured = {}
    for name, of_pairs in kinds.items():
        values = per_reader([one for both, _ in of_pairs for one in both], nothing)
        worse = values["ndcg@100"].reshape(-1, 2).min(axis=1)
        measured[name] = {
            **{metric: float(np.nanmean(values[metric])) for metric in METRICS},
            "worse": float(np.nanmean(worse)),
            "with a disliked book": float(np.mean([disliked for _, disliked in of_pairs])),
        }
    return measured


def measure_shared(pairs: Sequence[Pair]) -> dict[str, dict[str, float]]:
    """How well the lists name the hidden books that both have loved: means over pairs."""
    kinds: dict[str, list[list[float]]] = {}
    for pair in pairs:
        loved = pair[0].loved & pair[1].loved
        for name, lists in lists_of(pair).items():
            for books in lists:
                relevant = np.array([one.book_id in loved for one in books], dtype=bool)
                values = [ndcg_at(k, relevant, len(loved)) for k in (10, DEPTH)]
                found = recall_at(20, relevant, len(loved))
                kinds.setdefault(name, []).append([*values, found])
    return {
        name: dict(zip(METRICS, np.mean(values, axis=0).tolist(), strict=False))
        for name, values in kinds.items()
    }


def _ranking(model: Model, member: Member, books: Sequence[ScoredBook]) -> ReaderRanking:
    ids = np.array([one.book_id for one in books], dtype=np.int64)
    return ReaderRanking(
        rows=model.release.rows_of(ids),
        stars=np.array([member.hidden.get(int(book), np.nan) for book in ids]),
        liked=sum(stars >= LIKED for stars in member.hidden.values()),
    )


def format_table(measured: Mapping[str, Mapping[str, float]]) -> str:
    """A Markdown table with one row per kind of list."""
    columns = list(next(iter(measured.values()), {}))
    lines = [f"| list | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for name, values in measured.items():
        lines.append(f"| {name} | {' | '.join(f'{values[column]:.3f}' for column in columns)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure joint lists of pairs drawn from given readers."""
    parser = argparse.ArgumentParser(prog="spark.bench.together", description=__doc__)
    add = parser.add_argument
    add("--release", required=True, help="a store; its latest release is measured")
    add("--fold-in", required=True, type=Path, help="CSV of user_id, book_id, rating to fold in")
    add("--held-out", required=True, type=Path, help="CSV of the ratings that are held out")
    add("--pairs", type=int, default=300, help="how many pairs are drawn for each table")
    add("--seed", type=int, default=0, help="what draws them")
    options = parser.parse_args(arguments)
    readers = read_readers(options.fold_in, options.held_out)
    with TemporaryDirectory(prefix="bookfold-together-") as folder:
        model = Model(open_release(open_store(options.release), cache_dir=Path(folder)))
        members = members_of(model, readers)
        any_two = draw_pairs(members, options.pairs, options.seed)
        alike = draw_alike(members, options.pairs, options.seed)
        tables = [
            f"{len(any_two)} pairs: what each of the two finds\n",
            format_table(measure(model, any_two)),
            f"\n{len(alike)} pairs who loved the same hidden books: whether they find those\n",
            format_table(measure_shared(alike)),
        ]
    sys.stdout.write("\n".join(tables) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
