"""`python -m tests.bench.index --store STORE`: whether an index of the factors would pay.

The factors of a release are spread to more books: each is a mixture of neighboring ones, with noise
in the shape of their spectrum. Readers are folded in, and their best books found by a product with
all factors, as lists are made today, and by the indexes of `faiss` and `usearch`.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from recommender.engine.foldin import FactorRanker
from recommender.engine.mixture import Mixture
from recommender.engine.release import Release, open_release
from recommender.engine.store import open_store
from recommender.engine.values import Float32Array, IntArray

RATED, READERS = 100, 24
TOPS = (20, 600, 3_000)  # a page, what rules look at first, what filters look at
NEAR, NOISE = 8, 0.5
AT_ONCE = 20_000
SEED = 15

Search = Callable[[Float32Array, int], IntArray]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def spread(factors: Float32Array, books: int) -> Float32Array:
    """Factors of so many books, the given ones first."""
    random = np.random.default_rng(SEED)
    unit = factors / np.maximum(np.linalg.norm(factors, axis=1, keepdims=True), 1e-9)
    near = np.argpartition(-(unit @ unit.T), NEAR + 1, axis=1)[:, : NEAR + 1]
    spectrum = np.sqrt((factors**2).mean(axis=0))
    more = np.empty((books, factors.shape[1]), np.float32)
    more[: len(factors)] = factors
    for start in range(len(factors), books, AT_ONCE):
        count = min(AT_ONCE, books - start)
        base = random.integers(0, len(factors), count)
        mixed = np.zeros((count, factors.shape[1]), np.float32)
        for share in random.dirichlet(np.ones(3), count).T.astype(np.float32):
            mixed += share[:, None] * factors[near[base, random.integers(0, NEAR + 1, count)]]
        noise = random.normal(0, 1, mixed.shape).astype(np.float32) * spectrum
        length = NOISE * np.linalg.norm(mixed, axis=1) / np.linalg.norm(noise, axis=1)
        more[start : start + count] = mixed + length[:, None] * noise
    return more


def readers_of(release: Release) -> tuple[Float32Array, Float32Array]:
    """The release's factors, and those of readers of its best-known books."""
    ranker = release.rankers["factors"]
    assert isinstance(ranker, FactorRanker)
    random = np.random.default_rng(SEED)
    fame = release.books["ratings"] / release.books["ratings"].sum()
    readers = []
    for _ in range(READERS):
        rows = np.sort(random.choice(len(fame), RATED, replace=False, p=fame))
        stars = random.choice([2.0, 3.0, 4.0, 5.0], RATED, p=[0.1, 0.25, 0.35, 0.3])
        folded = ranker.fold_in(Mixture.of_rows(rows), ranker.weights(stars))
        readers.append(folded.reader_factor.astype(np.float32))
    return np.array(ranker.item_factors, np.float32), np.array(readers)


def exact(factors: Float32Array, folder: Path) -> dict[str, Search]:
    """The product with all factors, and choosing the best."""
    del folder

    def search(reader: Float32Array, count: int) -> IntArray:
        return np.argpartition(-(factors @ reader), count)[:count]

    return {"": search}


def one_byte(factors: Float32Array, folder: Path) -> dict[str, Search]:
    """The product with all factors, a byte each."""
    faiss = import_module("faiss")
    index = faiss.IndexScalarQuantizer(
        factors.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.train(factors[::10])
    index.add(factors)
    faiss.write_index(index, str(folder / "index"))
    return {"": _faiss_search(index)}


def clusters(factors: Float32Array, folder: Path) -> dict[str, Search]:
    """Clusters by k-means, of which a share is looked at."""
    faiss = import_module("faiss")
    number = 2 ** round(np.log2(2.3 * np.sqrt(len(factors))))
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(factors.shape[1]),
        factors.shape[1],
        number,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.cp.niter, index.cp.max_points_per_centroid = 8, 64
    index.train(factors)
    index.add(factors)
    faiss.write_index(index, str(folder / "index"))
    found: dict[str, Search] = {}
    for part in (32, 16, 8, 4):
        parameters = faiss.SearchParametersIVF(nprobe=number // part)
        found[f"a {part}th of {number}"] = _faiss_search(index, params=parameters)
    return found


def graph_faiss(factors: Float32Array, folder: Path) -> dict[str, Search]:
    """HNSW."""
    faiss = import_module("faiss")
    index = faiss.IndexHNSWFlat(factors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 80
    index.add(factors)
    faiss.write_index(index, str(folder / "index"))
    found: dict[str, Search] = {}
    for width in (1_000, 3_000, 6_000):
        parameters = faiss.SearchParametersHNSW(efSearch=width)
        found[f"width {width:,}"] = _faiss_search(index, params=parameters)
    return found


def graph_usearch(factors: Float32Array, folder: Path) -> dict[str, Search]:
    """HNSW, on half floats."""
    index: Any = import_module("usearch.index").Index(
        ndim=factors.shape[1], metric="ip", dtype="f16", connectivity=32, expansion_add=80
    )
    index.add(np.arange(len(factors)), factors, threads=1)
    index.save(str(folder / "index"))

    def wide(width: int) -> Search:
        def search(reader: Float32Array, count: int) -> IntArray:
            index.expansion_search = max(width, count)
            keys: IntArray = index.search(reader, count, threads=1).keys
            return keys.astype(np.int64)

        return search

    return {f"width {width:,}": wide(width) for width in (1_000, 3_000, 6_000)}


def _faiss_search(index: Any, **options: Any) -> Search:
    def search(reader: Float32Array, count: int) -> IntArray:
        places: IntArray = index.search(reader[None], count, **options)[1][0]
        return places

    return search


WAYS = {
    "exact": exact,
    "bytes": one_byte,
    "clusters": clusters,
    "faiss": graph_faiss,
    "usearch": graph_usearch,
}


def measure(way: str, factors: Float32Array, readers: Float32Array) -> None:
    """Build one index, and say what it costs and finds."""
    with tempfile.TemporaryDirectory(prefix="bookfold-index-") as name:
        folder = Path(name)
        begun = process_time()
        searches = WAYS[way](factors, folder)
        built = process_time() - begun
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    say(f"{way}: built in {built:,.0f} s of CPU time, {size:,.0f} MB")
    scores = readers @ factors.T
    for setting, search in searches.items():
        for top in TOPS:
            took, recall = [], []
            for reader, own in zip(readers, scores, strict=True):
                begun, worked = perf_counter(), process_time()
                found = search(reader, top)
                took.append((perf_counter() - begun, process_time() - worked))
                recall.append(np.isin(np.argpartition(-own, top)[:top], found).mean())
            p50, p99 = 1000 * np.percentile([clock for clock, _ in took], [50, 99])
            cpu = 1000 * np.median([work for _, work in took])
            say(
                f"  {setting:20} best {top:5,}: p50 {p50:6.1f} ms, p99 {p99:6.1f} ms, "
                f"CPU {cpu:6.1f} ms; recall {np.mean(recall):.4f}, least {np.min(recall):.3f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure indexes of the factors.")
    parser.add_argument("--store", required=True, help="a store with a release of ratings")
    parser.add_argument("--books", type=int, nargs="+", default=[200_000])
    parser.add_argument("--ranks", type=int, nargs="+", default=[512, 128])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args()
    if set(options.ways) - {"exact", "usearch"}:
        import_module("faiss").omp_set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="bookfold-index-") as cache:
        release = open_release(open_store(options.store), cache_dir=Path(cache))
        factors, readers = readers_of(release)
        for books in options.books:
            more = spread(factors, books)
            for rank in options.ranks:
                say(f"\n{books:,} books, rank {rank}, load {os.getloadavg()[0]:.1f}")
                for way in options.ways:
                    own = np.ascontiguousarray(more[:, :rank])
                    measure(way, own, np.ascontiguousarray(readers[:, :rank]))


if __name__ == "__main__":
    main()
