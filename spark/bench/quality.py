"""Compares Bookfold with its peers: the same readers, the same run, the same metrics.

``python -m spark.bench.quality --data FOLDER`` holds complete readers out of a folder of
goodbooks-10k, builds a release from the others, fits every peer on the same ratings, and prints
one table.
"""

import argparse
import csv
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.model import SERVED, Model
from recommender.engine.rankers import top_n
from recommender.engine.release import open_release
from recommender.engine.store import open_store
from recommender.engine.values import FloatArray, IntArray
from spark.bench.peers import Fit, Scorer, peers, settings_of
from spark.bench.rules import format_table as format_rules
from spark.bench.rules import measure_rules
from spark.clean import ratings_file
from spark.evaluate import (
    ERASED,
    SIZES,
    evaluate,
    format_erased,
    measure_erased,
    measure_lists,
    summarize,
)
from spark.holdout import HIDDEN_SHARE
from spark.metrics import DEPTH, LIKED, ReaderRanking
from spark.readers import HeldOutReaders, Ratings, draw
from spark.volumes import Volumes, facts_from

SIDE_FILES = ("books", "book_tags", "tags", "to_read")
COLUMNS = ("user_id", "book_id", "rating")
SHOWN = (
    "ndcg@10",
    "ndcg@100",
    "recall@20",
    "popularity@10",
    "coverage@10",
    "max_share@10",
    "disliked@20",
    "series_violations@10",
)
CHUNK = 250
READERS_BY_SIZE = 300
OURS = {
    SERVED: "Bookfold",
    "neighbours": "Bookfold: neighbors alone",
    "factors": "Bookfold: factors alone",
}
Measured = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Ratings by column: row of the reader, row of the book, stars; and the ids of these rows."""

    reader: IntArray
    book: IntArray
    stars: NDArray[np.float32]
    reader_ids: IntArray
    book_ids: IntArray

    @classmethod
    def read(cls, folder: Path) -> "Columns":
        """Read the ratings of a folder in the format of goodbooks-10k."""
        options = pyarrow.csv.ConvertOptions(
            include_columns=list(COLUMNS), column_types={"rating": pa.float32()}
        )
        table = pyarrow.csv.read_csv(ratings_file(str(folder)), convert_options=options)
        columns = [table.column(name).to_numpy() for name in COLUMNS]
        reader_ids, reader = np.unique(columns[0], return_inverse=True)
        book_ids, book = np.unique(columns[1], return_inverse=True)
        return cls(reader, book, columns[2], reader_ids, book_ids)

    def matrix(self, chosen: NDArray[np.bool_]) -> csr_array:
        """Stars of the chosen ratings, readers × books."""
        shape = (len(self.reader_ids), len(self.book_ids))
        where = (self.reader[chosen], self.book[chosen])
        return csr_array((self.stars[chosen], where), shape=shape)


def choose_readers(ratings: Columns, complete: Path, count: int, seed: int) -> IntArray:
    """Rows of random readers, only of those with a complete history if that is known."""
    rows = np.arange(len(ratings.reader_ids))
    if complete.is_file():
        lines = complete.read_text(encoding="utf-8").split()
        ids = [int(line.split(",")[0]) for line in lines if line[0].isdigit()]
        rows = rows[np.isin(ratings.reader_ids, ids)]
    return np.random.default_rng(seed).permutation(rows)[:count]


def split(ratings: Columns, chosen: IntArray, seed: int, *, last: bool = False) -> HeldOutReaders:
    """The chosen readers, with a fifth of each reader's ratings hidden: any, or the last ones."""
    random = np.random.default_rng(seed)
    fold_in: dict[int, dict[int, float]] = {}
    held_out: dict[int, dict[int, float]] = {}
    order = np.argsort(ratings.reader, kind="stable")
    starts = np.searchsorted(ratings.reader[order], [chosen, chosen + 1])
    for row, start, end in zip(chosen, *starts, strict=True):
        places = order[start:end][::-1] if last else random.permutation(order[start:end])
        hidden = int(np.ceil(HIDDEN_SHARE * len(places)))
        reader = int(ratings.reader_ids[row])
        held_out[reader] = _stars_of(ratings, places[:hidden])
        fold_in[reader] = _stars_of(ratings, places[hidden:])
    return HeldOutReaders(fold_in, held_out)


def measure_peer(
    score: Scorer,
    given: Ratings,
    readers: HeldOutReaders,
    book_ids: IntArray,
    volumes: Volumes | None = None,
) -> dict[str, Any]:
    """Metrics of a peer, with the given ratings of each reader folded in."""
    rankings = []
    chosen = sorted(given)
    for start in range(0, len(chosen), CHUNK):
        part = chosen[start : start + CHUNK]
        scores = np.asarray(score(matrix_of(part, given, book_ids)))
        rankings += [
            _ranked(own, readers, reader, book_ids)
            for reader, own in zip(part, scores, strict=True)
        ]
    return summarize(measure_lists(rankings, chosen, readers, book_ids, volumes))


def matrix_of(chosen: Sequence[int], given: Ratings, book_ids: IntArray) -> csr_array:
    """Stars of the chosen readers, in their order, × books."""
    starts = np.cumsum([0, *(len(given[reader]) for reader in chosen)])
    rated = [np.fromiter(given[reader], dtype=np.int64) for reader in chosen]
    stars = [np.fromiter(given[reader].values(), dtype=np.float32) for reader in chosen]
    books = np.searchsorted(book_ids, np.concatenate(rated))
    shape = (len(chosen), len(book_ids))
    return csr_array((np.concatenate(stars), books, starts), shape=shape)


def _ranked(
    scores: FloatArray, readers: HeldOutReaders, reader: int, book_ids: IntArray
) -> ReaderRanking:
    known = np.searchsorted(book_ids, np.fromiter(readers.fold_in[reader], dtype=np.int64))
    top = top_n(scores, book_ids, DEPTH, exclude_rows=known)
    hidden = readers.held_out[reader]
    return ReaderRanking(
        rows=np.searchsorted(book_ids, [book.book_id for book in top]),
        stars=np.array([hidden.get(book.book_id, np.nan) for book in top]),
        liked=sum(stars >= LIKED for stars in hidden.values()),
    )


def tune(
    fits: Sequence[Fit], train: csr_array, readers: HeldOutReaders, book_ids: IntArray
) -> tuple[Scorer, list[dict[str, Any]]]:
    """The fit with the highest NDCG@100 on the tuning readers, and the figures of all fits."""
    best, tried, highest = None, [], -1.0
    for fit in fits:
        score = fit(train)
        accuracy = measure_peer(score, readers.fold_in, readers, book_ids)["ndcg@100"]
        tried.append({**settings_of(fit), "ndcg@100": accuracy})
        if accuracy > highest:
            best, highest = score, accuracy
        del score
    if best is None:
        raise ValueError("There is nothing to choose from.")
    return best, tried


def measure_ours(
    data: Path, ratings: Columns, training: NDArray[np.bool_], splits: Sequence[HeldOutReaders]
) -> tuple[Measured, dict[str, dict[str, Any]]]:
    """Metrics of what is served and of every ranker, from a release of the training ratings.

    Also, on the first split, what the rules after scoring cost the default ranker.
    """
    facts = facts_from(side_file(data, "books"))
    with trained(data, ratings, training) as model:
        volumes = Volumes.of(facts, model.release.book_ids)
        measured: Measured = {}
        for ranker in (SERVED, *model.release.rankers):
            runs = [
                summarize(evaluate(model, readers, ranker=ranker, volumes=volumes))
                for readers in splits
            ]
            for size in SIZES:
                values = evaluate(model, first(splits[0]), ranker=ranker, size=size)
                runs[0].setdefault("sizes", {})[str(size)] = summarize(values)
            for seed, (run, readers) in enumerate(zip(runs, splits, strict=True)):
                run["erased"] = {
                    f"{share:g}": measure_erased(model, readers, ranker, share, seed=seed)
                    for share in ERASED
                }
            measured[OURS[ranker]] = runs
        return measured, measure_rules(model, splits[0], facts)


@contextmanager
def trained(data: Path, ratings: Columns, training: NDArray[np.bool_]) -> Iterator[Model]:
    """The model that `spark.build` makes of these ratings, and of all files beside them."""
    with TemporaryDirectory(prefix="bookfold-bench-") as name:
        folder = Path(name)
        _write_training(folder / "data", data, ratings, training)
        command = [sys.executable, "-m", "spark.build", "--hold-out=0"]
        arguments = [f"--ratings={folder / 'data'}", f"--store={folder / 'store'}"]
        subprocess.run([*command, *arguments], check=True)
        yield Model(open_release(open_store(str(folder / "store")), cache_dir=folder / "cache"))


def format_table(measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Means over the splits as a Markdown table."""
    lines = [f"| ranker | {' | '.join(SHOWN)} |", f"| --- |{' ---: |' * len(SHOWN)}"]
    for name, runs in measured.items():
        means = (f"{np.mean([run[metric] for run in runs]):.4f}" for metric in SHOWN)
        lines.append(f"| {name} | {' | '.join(means)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure everybody."""
    parser = argparse.ArgumentParser(prog="spark.bench.quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of goodbooks-10k")
    parser.add_argument("--readers", type=int, default=1000, help="how many to hold out")
    parser.add_argument("--tuning", type=int, default=300, help="how many to tune the peers on")
    parser.add_argument("--seeds", type=int, default=3, help="how many splits of their ratings")
    parser.add_argument("--json", type=Path, help="where to write all metrics")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave alone the peers of which the JSON file has figures of these data and settings",
    )
    options = parser.parse_args(arguments)
    ratings = Columns.read(options.data)
    complete = options.data / "complete_users.csv"
    both = options.readers + options.tuning
    drawn = choose_readers(ratings, complete, both, seed=20261123)
    chosen, others = np.sort(drawn[: options.readers]), np.sort(drawn[options.readers :])
    splits = [split(ratings, chosen, seed) for seed in range(options.seeds)]
    training = ~np.isin(ratings.reader, drawn)
    measured: Measured = {}
    tried: dict[str, list[dict[str, Any]]] = {}
    train, tuning = ratings.matrix(training), split(ratings, others, seed=0)
    facts = facts_from(side_file(options.data, "books"))
    volumes = Volumes.of(facts, ratings.book_ids)
    run = run_of(ratings, options)
    offered = peers()
    if options.keep:
        measured, tried = kept(options.json, run, offered)
    for name, fits in offered.items():
        if name in measured:
            continue
        sys.stderr.write(f"{name} …\n")
        score, tried[name] = tune(fits, train, tuning, ratings.book_ids)
        measured[name] = _measure_fitted(score, splits, ratings.book_ids, volumes)
        _write(options.json, {"run": run, "measured": measured, "tried": tried, "rules": {}})
    ours, rules = measure_ours(options.data, ratings, training, splits)
    measured = ours | measured
    _write(options.json, {"run": run, "measured": measured, "tried": tried, "rules": rules})
    sys.stdout.write(f"{format_table(measured)}\n\n{format_rules(rules)}\n\n")
    sys.stdout.write(f"{format_erased({name: runs[0] for name, runs in ours.items()})}\n")
    return 0


def _measure_fitted(
    score: Scorer, splits: Sequence[HeldOutReaders], book_ids: IntArray, volumes: Volumes
) -> list[dict[str, Any]]:
    runs = [measure_peer(score, readers.fold_in, readers, book_ids, volumes) for readers in splits]
    few = first(splits[0])
    runs[0]["sizes"] = {
        str(size): measure_peer(score, given, few, book_ids)
        for size in SIZES
        if (given := draw(few, size, seed=0))
    }
    return runs


def first(readers: HeldOutReaders) -> HeldOutReaders:
    """The first readers, enough to show what fewer ratings cost."""
    few = readers.readers[:READERS_BY_SIZE]
    return HeldOutReaders(
        {reader: readers.fold_in[reader] for reader in few},
        {reader: readers.held_out[reader] for reader in few},
    )


def _write(path: Path | None, figures: Mapping[str, Any]) -> None:
    """Save the figures after each ranker, so that an interrupted run is not lost."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{json.dumps(figures, indent=1)}\n", encoding="utf-8")


def run_of(ratings: Columns, options: argparse.Namespace) -> dict[str, int]:
    """What two runs must have in common for their figures to be compared."""
    data = 0
    for column in (ratings.reader, ratings.book, ratings.stars):
        data = zlib.crc32(np.ascontiguousarray(column).data, data)
    return {
        "data": data,
        "readers": options.readers,
        "tuning": options.tuning,
        "seeds": options.seeds,
    }


def kept(
    path: Path | None, run: Mapping[str, int], offered: Mapping[str, Sequence[Fit]]
) -> tuple[Measured, dict[str, list[dict[str, Any]]]]:
    """Figures and searches of peers from an earlier run with the same data and settings."""
    if path is None or not path.is_file():
        return {}, {}
    found = json.loads(path.read_text(encoding="utf-8"))
    if found["run"] != run:
        return {}, {}
    measured, tried = {}, {}
    for name, fits in offered.items():
        searched = found["tried"].get(name, [])
        settings = [
            {key: value for key, value in one.items() if key != "ndcg@100"} for one in searched
        ]
        if settings == [settings_of(fit) for fit in fits]:
            measured[name], tried[name] = found["measured"][name], searched
    return measured, tried


def side_file(data: Path, name: str) -> Path:
    packed = data / f"{name}.csv.gz"
    return packed if packed.is_file() else data / f"{name}.csv"


def _stars_of(ratings: Columns, places: IntArray) -> dict[int, float]:
    books = ratings.book_ids[ratings.book[places]]
    return dict(zip(books.tolist(), ratings.stars[places].tolist(), strict=True))


def _write_training(
    folder: Path, data: Path, ratings: Columns, training: NDArray[np.bool_]
) -> None:
    """Write a copy of the data without the held-out readers."""
    folder.mkdir()
    for name in SIDE_FILES:
        for file in (data / f"{name}.csv", data / f"{name}.csv.gz"):
            if file.is_file():
                (folder / file.name).symlink_to(file.resolve())
    with (folder / "ratings.csv").open("w", encoding="utf-8", newline="") as written:
        lines = csv.writer(written)
        lines.writerow(COLUMNS)
        readers = ratings.reader_ids[ratings.reader[training]]
        books = ratings.book_ids[ratings.book[training]]
        stars = ratings.stars[training]
        lines.writerows(zip(readers.tolist(), books.tolist(), stars.tolist(), strict=True))


if __name__ == "__main__":
    raise SystemExit(main())
