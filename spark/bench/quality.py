"""Bookfold beside its peers: one set of readers, one run, the same metrics.

``python -m spark.bench.quality --data FOLDER`` holds whole readers out of a goodbooks-shaped
folder, builds a release from the others, fits every peer on the same ratings, and prints one table.
"""

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.model import Model
from recommender.engine.rankers import top_n
from recommender.engine.release import open_release
from recommender.engine.store import open_store
from recommender.engine.values import IntArray
from spark.bench.peers import Scorer, peers
from spark.clean import ratings_file
from spark.evaluate import HeldOutReaders, evaluate, measure_lists, summarize
from spark.holdout import HIDDEN_SHARE
from spark.metrics import DEPTH, LIKED, ReaderRanking

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
)
CHUNK = 250


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings by column: rows of readers and of books, stars, and whose and which they are."""

    reader: IntArray
    book: IntArray
    stars: NDArray[np.float32]
    reader_ids: IntArray
    book_ids: IntArray

    @classmethod
    def read(cls, folder: Path) -> "Ratings":
        """Read the ratings of a goodbooks-shaped folder."""
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


def choose_readers(ratings: Ratings, complete: Path, count: int, seed: int) -> IntArray:
    """Rows of the readers to hold out, of those whose history is complete where that is known."""
    rows = np.arange(len(ratings.reader_ids))
    if complete.is_file():
        lines = complete.read_text(encoding="utf-8").split()
        ids = [int(line.split(",")[0]) for line in lines if line[0].isdigit()]
        rows = rows[np.isin(ratings.reader_ids, ids)]
    return np.sort(np.random.default_rng(seed).permutation(rows)[:count])


def split(ratings: Ratings, chosen: IntArray, seed: int) -> tuple[HeldOutReaders, csr_array]:
    """A fifth of each reader's ratings hidden; the rest also as a matrix of their rows."""
    random = np.random.default_rng(seed)
    fold_in: dict[int, dict[int, float]] = {}
    held_out: dict[int, dict[int, float]] = {}
    visible = np.zeros(len(ratings.reader), dtype=bool)
    order = np.argsort(ratings.reader, kind="stable")
    starts = np.searchsorted(ratings.reader[order], [chosen, chosen + 1])
    for row, start, end in zip(chosen, *starts, strict=True):
        places = random.permutation(order[start:end])
        hidden = int(np.ceil(HIDDEN_SHARE * len(places)))
        reader = int(ratings.reader_ids[row])
        held_out[reader] = _stars_of(ratings, places[:hidden])
        fold_in[reader] = _stars_of(ratings, places[hidden:])
        visible[places[hidden:]] = True
    return HeldOutReaders(fold_in, held_out), ratings.matrix(visible)[chosen]


def measure_peer(
    score: Scorer, fold_in: csr_array, readers: HeldOutReaders, book_ids: IntArray
) -> dict[str, Any]:
    """Metrics of a peer on readers given as a matrix, in order of reader."""
    rankings = []
    for start in range(0, fold_in.shape[0], CHUNK):
        part = fold_in[start : start + CHUNK]
        chosen = readers.readers[start : start + CHUNK]
        for i, (reader, scores) in enumerate(zip(chosen, score(part), strict=True)):
            known = part.indices[part.indptr[i] : part.indptr[i + 1]].astype(np.int64)
            top = top_n(np.asarray(scores), book_ids, DEPTH, exclude_rows=known)
            rows = np.searchsorted(book_ids, [book.book_id for book in top])
            hidden = readers.held_out[reader]
            stars = np.array([hidden.get(book.book_id, np.nan) for book in top])
            liked = sum(given >= LIKED for given in hidden.values())
            rankings.append(ReaderRanking(rows, stars, liked))
    return summarize(measure_lists(rankings, readers.readers, readers, book_ids))


def measure_ours(
    data: Path, ratings: Ratings, training: NDArray[np.bool_], splits: Sequence[HeldOutReaders]
) -> dict[str, list[dict[str, Any]]]:
    """Metrics of every ranker of a release built from the training ratings, by split."""
    with TemporaryDirectory(prefix="bookfold-bench-") as name:
        folder = Path(name)
        _write_training(folder / "data", data, ratings, training)
        command = [sys.executable, "-m", "spark.build", "--hold-out=0"]
        arguments = [f"--ratings={folder / 'data'}", f"--store={folder / 'store'}"]
        subprocess.run([*command, *arguments], check=True)
        release = open_release(open_store(str(folder / "store")), cache_dir=folder / "cache")
        return {
            f"Bookfold: {ranker}": [
                summarize(evaluate(Model(release), readers, ranker=ranker)) for readers in splits
            ]
            for ranker in release.rankers
        }


def table_of(measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Means over the splits as a table of Markdown."""
    lines = [f"| ranker | {' | '.join(SHOWN)} |", f"| --- |{' ---: |' * len(SHOWN)}"]
    for name, runs in measured.items():
        means = (f"{np.mean([run[metric] for run in runs]):.4f}" for metric in SHOWN)
        lines.append(f"| {name} | {' | '.join(means)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure everybody."""
    parser = argparse.ArgumentParser(prog="spark.bench.quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a goodbooks-shaped folder")
    parser.add_argument("--readers", type=int, default=1000, help="how many to hold out")
    parser.add_argument("--seeds", type=int, default=3, help="how many splits of their ratings")
    parser.add_argument("--json", type=Path, help="where to write all metrics")
    options = parser.parse_args(arguments)
    ratings = Ratings.read(options.data)
    complete = options.data / "complete_users.csv"
    chosen = choose_readers(ratings, complete, options.readers, seed=20261123)
    splits = [split(ratings, chosen, seed) for seed in range(options.seeds)]
    training = ~np.isin(ratings.reader, chosen)
    measured = dict(_measure_peers(ratings, training, splits))
    measured |= measure_ours(options.data, ratings, training, [readers for readers, _ in splits])
    sys.stdout.write(f"{table_of(measured)}\n")
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    return 0


def _measure_peers(
    ratings: Ratings,
    training: NDArray[np.bool_],
    splits: Sequence[tuple[HeldOutReaders, csr_array]],
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    train = ratings.matrix(training)
    for name, fit in peers().items():
        sys.stderr.write(f"{name} …\n")
        score, books = fit(train), ratings.book_ids
        yield name, [measure_peer(score, rows, readers, books) for readers, rows in splits]


def _stars_of(ratings: Ratings, places: IntArray) -> dict[int, float]:
    books = ratings.book_ids[ratings.book[places]]
    return dict(zip(books.tolist(), ratings.stars[places].tolist(), strict=True))


def _write_training(
    folder: Path, data: Path, ratings: Ratings, training: NDArray[np.bool_]
) -> None:
    """A folder like the data's own, without the readers held out."""
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
