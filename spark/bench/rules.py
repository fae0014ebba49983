"""Measures what the rules after scoring cost: each alone, all together, and the dial.

``python -m spark.bench.rules --release STORE --books FILE --fold-in FILE --held-out FILE`` prints a
Markdown table. A rule without facts does nothing, so a rule is measured alone by giving it only the
facts it uses.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from recommender.engine.dial import CandidateFeatures
from recommender.engine.model import Model
from recommender.engine.release import open_release
from recommender.engine.rerank import BookFacts, RerankOptions, rerank
from recommender.engine.store import open_store
from recommender.engine.values import FloatArray
from spark.evaluate import measure_lists, summarize
from spark.metrics import DEPTH, LIKED, ReaderRanking
from spark.readers import HeldOutReaders, read_readers
from spark.volumes import Volumes, facts_from

CANDIDATES = 400
SHOWN = (
    "ndcg@10",
    "ndcg@100",
    "recall@20",
    "popularity@10",
    "coverage@10",
    "disliked@20",
    "series_violations@10",
)
FREE = RerankOptions(per_author=DEPTH, next_volumes=None)


@dataclass(frozen=True, slots=True)
class Rule:
    """The facts that a rule sees of books and candidates, and its options."""

    sees: Callable[[BookFacts], BookFacts] = lambda _: BookFacts()
    options: RerankOptions = FREE
    around: Callable[[CandidateFeatures], CandidateFeatures] = lambda around: around


def _unlike(around: CandidateFeatures) -> CandidateFeatures:
    """The features as if no books were similar, so that the dial changes popularity only."""
    count = len(around.ratings)

    def similarity(place: int) -> FloatArray:
        alike: FloatArray = np.eye(1, count, place)[0]
        return alike

    return replace(around, similarity=similarity)


def _equally_famous(around: CandidateFeatures) -> CandidateFeatures:
    return replace(around, ratings=np.ones_like(around.ratings))


RULES: Mapping[str, Rule] = {
    "none": Rule(),
    "languages the reader reads": Rule(lambda book: BookFacts(language=book.language)),
    "two books an author in ten": Rule(
        lambda book: BookFacts(author_ids=book.author_ids), RerankOptions()
    ),
    "one book a series, no box sets of what was read": Rule(
        lambda book: (
            BookFacts(
                author_ids=book.author_ids, series=book.series, is_collection=book.is_collection
            )
            if book.is_collection
            else BookFacts(author_ids=book.author_ids, series=book.series)
        )
    ),
    "the next unread volume only": Rule(
        lambda book: BookFacts(series=book.series, number=book.number)
    ),
    "three next volumes in ten": Rule(
        lambda book: BookFacts(series=book.series, number=book.number),
        replace(FREE, next_volumes=RerankOptions().next_volumes),
    ),
    "all of them": Rule(lambda book: book, RerankOptions()),
    "dial −2, very familiar": Rule(options=replace(FREE, dial=-2)),
    "dial −1, familiar": Rule(options=replace(FREE, dial=-1)),
    "dial 1, adventurous": Rule(options=replace(FREE, dial=1)),
    "dial 1 by fame alone": Rule(options=replace(FREE, dial=1), around=_unlike),
    "dial 1 by likeness alone (MMR)": Rule(options=replace(FREE, dial=1), around=_equally_famous),
    "dial 2, very adventurous": Rule(options=replace(FREE, dial=2)),
    "dial 2 by likeness alone (MMR)": Rule(options=replace(FREE, dial=2), around=_equally_famous),
}


def measure_rules(
    model: Model, readers: HeldOutReaders, facts: Mapping[int, BookFacts]
) -> dict[str, dict[str, Any]]:
    """Metrics of the lists after each rule, by the rule's name."""
    book_ids = model.release.book_ids
    volumes = Volumes.of(dict(facts), book_ids)
    measured = {}
    for name, rule in RULES.items():
        seen = {book_id: rule.sees(book) for book_id, book in facts.items()}
        lists = [_list(model, rule, seen, readers, reader) for reader in readers.readers]
        values = measure_lists(lists, readers.readers, readers, book_ids, volumes)
        measured[name] = summarize(values)
    return measured


def _list(
    model: Model,
    rule: Rule,
    facts: Mapping[int, BookFacts],
    readers: HeldOutReaders,
    reader: int,
) -> ReaderRanking:
    known, hidden = readers.fold_in[reader], readers.held_out[reader]
    scores = model.fold_in(known)
    candidates = [one for one in scores.top(CANDIDATES, exclude=known) if one.score > 0]
    around = rule.around(scores.candidate_features([one.book_id for one in candidates]))
    chosen = rerank(candidates, facts, known, rule.options, around, top=DEPTH)
    books = np.array([one.book_id for one in chosen], dtype=np.int64)
    return ReaderRanking(
        rows=model.release.rows_of(books),
        stars=np.array([hidden.get(int(book), np.nan) for book in books]),
        liked=sum(stars >= LIKED for stars in hidden.values()),
    )


def format_table(measured: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table with one row per rule."""
    lines = [f"| rule | {' | '.join(SHOWN)} |", f"| --- |{' ---: |' * len(SHOWN)}"]
    for name, values in measured.items():
        cells = " | ".join(f"{values[metric]:.4f}" for metric in SHOWN)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the rules on given readers."""
    parser = argparse.ArgumentParser(prog="spark.bench.rules", description=__doc__)
    add = parser.add_argument
    add("--release", required=True, help="a store; its latest release is measured")
    add("--books", required=True, type=Path, help="books.csv of the data set")
    add("--fold-in", required=True, type=Path, help="CSV of user_id, book_id, rating to fold in")
    add("--held-out", required=True, type=Path, help="CSV of the ratings that are held out")
    options = parser.parse_args(arguments)
    readers = read_readers(options.fold_in, options.held_out)
    with TemporaryDirectory(prefix="bookfold-rules-") as folder:
        release = open_release(open_store(options.release), cache_dir=Path(folder))
        measured = measure_rules(Model(release), readers, facts_from(options.books))
    sys.stdout.write(f"{format_table(measured)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
