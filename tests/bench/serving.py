"""`python -m tests.bench.serving`: lists from releases of up to 1,000,000 drawn books.

How long a release takes to open, what a further process that opens it costs in memory, and fold-in
with the best 20 and the reasons of ten, by ranker. Books are drawn by fame, so that readers have
the known ones; weights and factors mean nothing. Where the package `implicit` is installed, it
folds the same readers into the same factors.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from recommender.engine.manifest import Dataset
from recommender.engine.model import SERVED, Model
from recommender.engine.publish import Draft, Part, promote, write_release
from recommender.engine.release import open_release
from recommender.engine.store import open_store
from recommender.engine.weights import SIGNED_WEIGHTS
from spark.bench.drawn import fame
from spark.factors import FactorSettings, factors_part
from spark.pipeline import BLEND

NEIGHBOURS, RATED, READERS, TOP, EXPLAINED = 200, 100, 40, 20, 10
ROWS_AT_ONCE = 20_000
SEED = 15


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how big releases are served.")
    parser.add_argument("--books", type=int, nargs="+", default=[10_000, 200_000, 1_000_000])
    parser.add_argument("--ranks", type=int, nargs="+", default=[512, 128], help="of the factors")
    parser.add_argument("--open", type=Path, help="open the release there, and say what it costs")
    options = parser.parse_args()
    if options.open:
        say_costs(options.open)
        return
    for books in options.books:
        for rank in options.ranks:
            with tempfile.TemporaryDirectory(prefix="bookfold-serving-") as folder:
                publish(Path(folder), books, rank)
                say(f"\n{books:,} books, factors of rank {rank}")
                for _ in ("first", "further"):
                    command = [sys.executable, "-m", "tests.bench.serving", f"--open={folder}"]
                    subprocess.run(command, check=True)
                measure(Path(folder))


def publish(folder: Path, books: int, rank: int) -> None:
    """Write and promote a release of neighbors and factors, blended as `spark.build` does."""
    random = np.random.default_rng(SEED)
    targets = [
        np.sort(random.integers(0, books, (len(rows), NEIGHBOURS), dtype=np.int32), axis=1).ravel()
        for rows in np.array_split(np.arange(books), -(-books // ROWS_AT_ONCE))
    ]
    values = random.exponential(0.02, books * NEIGHBOURS).astype(np.float32)
    neighbours = Part(
        {
            "starts": np.arange(0, books * NEIGHBOURS + 1, NEIGHBOURS, dtype=np.int64),
            "targets": np.concatenate(targets),
            "values": values,
        },
        {"weights": SIGNED_WEIGHTS.to_json()},
    )
    factors = random.normal(0, 0.05, (books, rank)).astype(np.float32)
    draft = Draft(
        books={
            "book_id": np.arange(1, books + 1, dtype=np.int64),
            "ratings": (1 + 1e8 * fame(books)).astype(np.int64),
        },
        parts={
            "neighbours": neighbours,
            "factors": factors_part(factors, FactorSettings(rank=rank)),
        },
        dataset=Dataset("drawn", True, ratings=1, readers=1, books=books, sha256="0"),
        default_ranker="neighbours",
        served=BLEND.to_json(),
    )
    store = open_store(str(folder / "store"))
    promote(store, write_release(store, draft, now=datetime(2026, 1, 1, tzinfo=UTC)).version)


def opened(folder: Path) -> Model:
    """The release in use, from the host's copy."""
    return Model(open_release(open_store(str(folder / "store")), cache_dir=folder / "cache"))


def say_costs(folder: Path) -> None:
    """Open the release in this process, and say the seconds and the memory that are its own."""
    before, begun = own_memory(), perf_counter()
    model = opened(folder)
    seconds = perf_counter() - begun
    model.fold_in({1: 5.0}).top(TOP)
    say(f"opened in {seconds:.1f} s, {own_memory() - before:,.0f} MB of its own")


def own_memory() -> float:
    """Megabytes that this process has written; what it reads of files, all processes share."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    [dirty] = [line.split()[1] for line in lines if line.startswith("Private_Dirty:")]
    return int(dirty) / 1024


def measure(folder: Path) -> None:
    """Fold readers in, and say how long it takes."""
    model = opened(folder)
    random = np.random.default_rng(SEED)
    ids = model.release.book_ids
    readers = [
        dict(
            zip(
                random.choice(ids, RATED, replace=False, p=fame(len(ids))).tolist(),
                random.choice([2.0, 3.0, 4.0, 5.0], RATED).tolist(),
                strict=True,
            )
        )
        for _ in range(READERS)
    ]
    for ranker in ("neighbours", "factors", SERVED):

        def best(ratings: Mapping[int, float], ranker: str = ranker) -> None:
            model.fold_in(ratings, ranker=ranker).top(TOP, exclude=ratings)

        say_times(f"{ranker}, best {TOP}", readers, best)

    def explained(ratings: Mapping[int, float]) -> None:
        scores = model.fold_in(ratings)
        best = [book.book_id for book in scores.top(EXPLAINED, exclude=ratings)]
        scores.reasons_to_show(best)

    say_times(f"{SERVED}, best {EXPLAINED} with reasons", readers, explained)
    if find_spec("implicit"):
        say_times(f"implicit, best {TOP}", readers, implicit_of(model))


def implicit_of(model: Model) -> Callable[[Mapping[int, float]], object]:
    """The fold-in of `implicit`, its factors those of the model."""
    als, sparse = import_module("implicit.cpu.als"), import_module("scipy.sparse")
    factors = np.array(model.release.parts["factors"]["item_factors"])
    peer: Any = als.AlternatingLeastSquares(factors=factors.shape[1], num_threads=1)
    peer.item_factors = factors

    def best(ratings: Mapping[int, float]) -> object:
        rows = model.release.rows_of(np.array([*ratings]))
        liked = np.array([*ratings.values()], dtype=np.float32)
        one = sparse.csr_matrix((liked, ([0] * len(rows), rows)), shape=(1, len(factors)))
        return peer.recommend(0, one, N=TOP, recalculate_user=True)

    return best


def say_times(
    what: str, readers: list[dict[int, float]], answer: Callable[[Mapping[int, float]], object]
) -> None:
    """Median and 99th percentile, and of the processor's time."""
    clock, cpu = [], []
    for ratings in readers[:5] + readers:
        begun, worked = perf_counter(), process_time()
        answer(ratings)
        clock.append(1000 * (perf_counter() - begun))
        cpu.append(1000 * (process_time() - worked))
    times, work = np.percentile(clock[5:], [50, 99]), np.percentile(cpu[5:], [50, 99])
    say(
        f"  {what:32} p50 {times[0]:7.2f} ms, p99 {times[1]:7.2f} ms; "
        f"CPU {work[0]:7.2f} and {work[1]:7.2f} ms"
    )


if __name__ == "__main__":
    main()
