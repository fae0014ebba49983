"""Measures by a protocol with published figures, and by one that hides what came last.

``python -m spark.bench.published --data FOLDER``. The protocol is that of SANSA's example on
goodbooks-10k (https://github.com/glami/sansa): stars of 4 and 5 are likes and the others are left
out, readers have five likes or more, 2,500 of them are unseen, and a fifth of each one's likes is
hidden. The published figures are of the whole set; on another folder ours and the peers' of the
same run tell. The second protocol hides the last fifth of each reader by the order of the file, so
that the first volumes of a series are read and the later ones hidden: rules for series cost there
what they cost readers. A file in the order of its books tells no time; there the order is drawn,
with the volumes of each series in turn.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.engine.model import SERVED
from spark.bench.peers import Fit, peers
from spark.bench.quality import (
    OURS,
    Columns,
    choose_readers,
    first,
    measure_peer,
    side_file,
    split,
    trained,
    tune,
)
from spark.bench.rules import format_table as format_rules
from spark.bench.rules import measure_rules
from spark.evaluate import evaluate, summarize
from spark.metrics import LIKED
from spark.readers import HeldOutReaders
from spark.volumes import Volumes, facts_from

FEWEST_LIKES, READERS, TUNING, SEED = 5, 2_500, 300, 20261127
BESIDE = ("popularity", "EASE, likes only", "MRF", "SLIM", "SANSA")
#: A file with a larger share of steps to a higher number is in the order of its books.
BY_BOOK = 0.95
#: NDCG@100 on the whole set, as published.
PUBLISHED = {"EASE": 0.4985, "SANSA": 0.5011, "MRF": 0.5076}
SHOWN = ("ndcg@100", "recall@20")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure by both protocols, and print a table of each."""
    parser = argparse.ArgumentParser(prog="spark.bench.published", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of goodbooks-10k")
    parser.add_argument("--readers", type=int, default=READERS, help="how many are unseen")
    options = parser.parse_args(arguments)
    ratings = likes_alone(Columns.read(options.data))
    complete = options.data / "complete_users.csv"
    drawn = choose_readers(ratings, complete, options.readers + TUNING, seed=SEED)
    others, chosen = np.sort(drawn[:TUNING]), np.sort(drawn[TUNING:])  # fewer, if there are fewer
    training = ~np.isin(ratings.reader, drawn)
    facts = facts_from(side_file(options.data, "books"))
    in_time = not is_by_book(ratings)
    timed = ratings if in_time else in_turn(ratings, Volumes.of(facts, ratings.book_ids), SEED)
    protocols = {
        "any fifth hidden": split(ratings, chosen, SEED),
        "the last fifth hidden": split(timed, chosen, SEED, last=True),
    }
    columns = [f"{metric}, {protocol}" for protocol in protocols for metric in SHOWN]
    say(f"{len(chosen):,} unseen readers; published for the whole set, any fifth hidden, NDCG@100:")
    say(", ".join(f"{name} {figure:.4f}" for name, figure in PUBLISHED.items()))
    if not in_time:
        say("The file is in the order of its books: what came last is drawn, volumes in turn.")
    say(f"\n| | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}")
    offered = peers()
    for name in filter(offered.__contains__, BESIDE):
        fits = offered[name]
        say_row(name, measure_peers(ratings, training, others, fits, protocols.values()))
    with trained(options.data, ratings, training) as model:
        for ranker in (SERVED, *model.release.rankers):
            runs = [evaluate(model, readers, ranker=ranker) for readers in protocols.values()]
            say_row(OURS[ranker], [summarize(run) for run in runs])
        few = first(protocols["the last fifth hidden"])
        say(f"\nRules, the last fifth hidden, {len(few.readers)} readers\n")
        say(format_rules(measure_rules(model, few, facts)))
    return 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_row(name: str, runs: Sequence[Mapping[str, float]]) -> None:
    """A row of the table, as soon as it is measured."""
    figures = [f"{run[metric]:.4f}" for run in runs for metric in SHOWN]
    say(f"| {name} | {' | '.join(figures)} |")


def likes_alone(ratings: Columns) -> Columns:
    """The likes of readers with enough of them."""
    liked = ratings.stars >= LIKED
    enough = np.bincount(ratings.reader[liked], minlength=len(ratings.reader_ids)) >= FEWEST_LIKES
    used = liked & enough[ratings.reader]
    reader_ids, reader = np.unique(ratings.reader_ids[ratings.reader[used]], return_inverse=True)
    book_ids, book = np.unique(ratings.book_ids[ratings.book[used]], return_inverse=True)
    return Columns(reader, book, ratings.stars[used], reader_ids, book_ids)


def is_by_book(ratings: Columns) -> bool:
    """Whether nearly all readers' books come by number, so that the file tells no time."""
    order = np.argsort(ratings.reader, kind="stable")
    reader, book = ratings.reader[order], ratings.book[order]
    same = reader[1:] == reader[:-1]
    return bool(np.mean(book[1:][same] > book[:-1][same]) > BY_BOOK)


def in_turn(ratings: Columns, volumes: Volumes, seed: int) -> Columns:
    """The ratings in an order that may have been: any, but of a series the lower volumes first."""
    drawn = np.random.default_rng(seed).random(len(ratings.reader))
    series = volumes.series[ratings.book]
    volume = np.flatnonzero(series >= 0)
    reader, number = ratings.reader[volume], volumes.number[ratings.book[volume]]
    by_number = volume[np.lexsort((number, series[volume], reader))]
    by_draw = volume[np.lexsort((drawn[volume], series[volume], reader))]
    drawn[by_number] = drawn[by_draw]
    order = np.argsort(drawn)
    return replace(
        ratings,
        reader=ratings.reader[order],
        book=ratings.book[order],
        stars=ratings.stars[order],
    )


def measure_peers(
    ratings: Columns,
    training: NDArray[np.bool_],
    others: NDArray[np.int64],
    fits: Sequence[Fit],
    protocols: Iterable[HeldOutReaders],
) -> list[dict[str, float]]:
    """Metrics of a peer, tuned on other readers, by protocol."""
    tuning = split(ratings, others, SEED)
    score, _ = tune(fits, ratings.matrix(training), tuning, ratings.book_ids)
    return [
        measure_peer(score, readers.fold_in, readers, ratings.book_ids) for readers in protocols
    ]


if __name__ == "__main__":
    raise SystemExit(main())
