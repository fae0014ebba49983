"""The factors of a release: implicit ALS on signed weights, every half-step exact.

The rows are those of `spark.signals`: readers' ratings and to-read shelves, and the books of an
author, of a series and with a tag. They are divided into parts. In every round each part computes
the factors of its rows from those of the books; then each block of books computes its factors from
those of the rows that have its books. A task holds the factors of all books and of one part's
rows, or of the rows for one block; only the factors of books are collected on the driver.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy.sparse import csr_array, hstack

from recommender.engine.foldin import READING_WEIGHTS
from recommender.engine.publish import Part
from recommender.engine.release import Release
from recommender.engine.values import Float32Array, IntArray
from recommender.engine.weights import SIGNED_WEIGHTS, ReadingWeights, WeightTable
from spark.blocks import block_ends
from spark.half_step import Eigenbasis, gram_of, half_step, solving_work
from spark.progress import StepPart, unwatched
from spark.signals import SideFiles, SignalSettings, index_books, reader_rows, side_rows

BOOKS_PER_FACTOR = 4
FIRST_LENGTH = 0.1
PACKED = "part int, starts binary, books binary, weights binary"
PIECES = (
    "block int, part int, gram binary, factors binary, starts binary, rows binary, weights binary"
)
SOLVED = "block int, factors binary"
#: Of the whole training: what it takes to sort the entries into parts, and how many jobs do so.
PACKING_SHARE, PACKING_JOBS = 0.1, 8
ROUND_JOBS = 3
#: Rounds from the factors of the release in use (docs/QUALITY.md).
WARM_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSettings:
    """Hyper-parameters of the factors, found on held-out readers (`spark.bench.tune`).

    Attributes
    ----------
    rank
        Number of factors; a small catalog gets one for every four books (`for_books`).
    regularization, regularization_offset
        The λ of a reader or a book with n₊ positive weights is
        ``regularization · (n₊ + regularization_offset)``.
    fold_in_regularization
        Replaces ``regularization`` when readers are folded in later; the same if None.
    fold_in_few
        Readers with about this many likes or fewer are folded in with a larger λ
        (`recommender.engine.foldin`).
    reading_weights
        The weights of books without stars when readers are folded in.
    to_read, authors, series, tags
        The weight of an entry in such a row; for tags, of all entries of a book together.
    rows_per_part, books_per_block
        The size of a task; blocks have so many books on average, and all about as much work. Sums
        are computed by part, so that their rounding depends on these sizes and the data, and not
        on the cluster.
    """

    rank: int = 512
    iterations: int = 5
    regularization: float = 0.1
    regularization_offset: float = 50.0
    fold_in_regularization: float | None = 0.03
    fold_in_few: float = 50.0
    alpha: float = 3.0
    seed: int = 1
    weights: WeightTable = SIGNED_WEIGHTS
    reading_weights: ReadingWeights = READING_WEIGHTS
    to_read: float = 0.5
    authors: float = 4.0
    series: float = 4.0
    tags: float = 5.0
    rows_per_part: int = 8_000
    books_per_block: int = 2_500

    def for_books(self, books: int) -> "FactorSettings":
        """The same settings, with no more factors than this many books support."""
        return replace(self, rank=max(1, min(self.rank, books // BOOKS_PER_FACTOR)))

    def to_json(self) -> dict[str, Any]:
        """The settings as in the manifest."""
        return {
            "rank": self.rank,
            "iterations": self.iterations,
            "regularization": self.regularization,
            "regularization_offset": self.regularization_offset,
            "fold_in_regularization": self.fold_in_regularization or self.regularization,
            "fold_in_few": self.fold_in_few,
            "alpha": self.alpha,
            "seed": self.seed,
            "weights": self.weights.to_json(),
            "reading_weights": self.reading_weights.to_json(),
            "rows": {
                "to_read": self.to_read,
                "authors": self.authors,
                "series": self.series,
                "tags": self.tags,
            },
        }


def weighted_entries(
    session: SparkSession,
    ratings: DataFrame,
    book_ids: IntArray,
    files: SideFiles,
    settings: FactorSettings,
) -> DataFrame:
    """``row``, ``book``, ``weight`` of every entry that the factors are trained on.

    Parameters
    ----------
    ratings
        ``user_id, book_id, stars``, one row for each pair.
    book_ids
        Shape (books,), ascending.
    files
        Further data about the books.
    """
    # The rows of authors, series and tags are scaled for a Gram matrix, which squares them.
    signals = SignalSettings(
        given=settings.weights,
        wanted=settings.weights,
        length_power=0.0,
        to_read=settings.to_read,
        authors=settings.authors**2,
        series=settings.series**2,
        tags=settings.tags**2,
    )
    index = index_books(session, book_ids)
    readers = reader_rows(ratings, index, signals)
    sides = side_rows(session, files, readers, index, signals, shelves_apart=True)
    entries = reduce(DataFrame.unionByName, sides, readers.select("row", "book", "given", "wanted"))
    weighted = entries.select("row", "book", F.col("given").alias("weight"))
    return weighted.where("weight != 0")


def train_factors(
    entries: DataFrame,
    books: int,
    settings: FactorSettings,
    *,
    start: Float32Array | None = None,
    part: StepPart = unwatched,
) -> Float32Array:
    """Factors of the books, shape (books, rank); zero for a book that nobody likes.

    Parameters
    ----------
    entries
        ``row, book, weight``, one row for each pair; ``book`` counts from 0.
    start
        Factors of the same shape to go on from, in place of random ones.
    part
        Called around each part of the work with its share of the whole (`spark.progress`).
    """
    context = entries.sparkSession.sparkContext
    with part(PACKING_SHARE, expected_jobs=PACKING_JOBS):
        entries = entries.cache()
        parts = -(-entries.select("row").distinct().count() // settings.rows_per_part)
        ends = factor_blocks(_entry_counts(entries, books), settings)
        packed = _packed(entries, max(1, parts)).cache()
        packed.count()
        entries.unpersist()
    factors = first_factors(books, settings) if start is None else start
    for _ in range(settings.iterations):
        with part((1 - PACKING_SHARE) / settings.iterations, expected_jobs=ROUND_JOBS):
            shared = context.broadcast((factors, Eigenbasis.of(gram_of(factors))))
            pieces = packed.mapInArrow(_rows_step(shared, ends, settings), PIECES)
            blocks = pieces.repartitionById(len(ends), "block")
            table = blocks.mapInArrow(_books_step(settings), SOLVED).toArrow()
            solved = [np.frombuffer(bytes_.as_py(), np.float32) for bytes_ in _by(table, "block")]
            factors = np.concatenate(solved).reshape(books, settings.rank)
            shared.destroy()
    packed.unpersist()
    return factors


def first_factors(books: int, settings: FactorSettings) -> Float32Array:
    """Short random factors to start from, shape (books, rank)."""
    random = np.random.default_rng(settings.seed)
    length = FIRST_LENGTH / np.sqrt(settings.rank)
    return random.normal(0, length, (books, settings.rank)).astype(np.float32)


def factors_in_use(
    release: Release, book_ids: IntArray, settings: FactorSettings
) -> Float32Array | None:
    """The factors of a release for some books; random ones for those it lacks.

    None if it has no factors of this rank.
    """
    known = release.parts.get("factors", {}).get("item_factors")
    if known is None or known.shape[1] != settings.rank:
        return None
    factors, rows = first_factors(len(book_ids), settings), release.rows_of(book_ids)
    factors[rows >= 0] = known[rows[rows >= 0]]
    return factors


def factors_part(item_factors: Float32Array, settings: FactorSettings) -> Part:
    """The part of a release: the factors in the eigenbasis of their YᵀY, most of it first.

    Turning all factors together changes no product of two of them.
    """
    basis = Eigenbasis.of(gram_of(item_factors)).vectors[:, ::-1]
    turned = (item_factors.astype(np.float64) @ basis).astype(np.float32)
    return Part(
        tensors={"item_factors": turned},
        settings=settings.to_json() | {"in_eigenbasis": True},
    )


def factor_blocks(counts: IntArray, settings: FactorSettings) -> IntArray:
    """Where the blocks of books end, by the work that they make: see `block_ends`.

    Parameters
    ----------
    counts
        Shape (books,): the entries of each.
    """
    work = solving_work(counts, settings.rank)
    return block_ends(work, -(-len(counts) // settings.books_per_block))


def _entry_counts(entries: DataFrame, books: int) -> IntArray:
    table = entries.groupBy("book").count().toArrow()
    counts = np.zeros(books, dtype=np.int64)
    counts[table.column("book").to_numpy()] = table.column("count").to_numpy()
    return counts


def _packed(entries: DataFrame, parts: int) -> DataFrame:
    """The rows of each part as one sparse matrix."""
    parted = entries.select("*", F.pmod(F.xxhash64("row"), F.lit(parts)).cast("int").alias("part"))
    # One partition a part: by hashes, some would get several, and a core would wait for the other.
    return parted.groupBy("part").applyInArrow(_pack, PACKED).repartitionById(parts, "part")


def _pack(table: pa.Table) -> pa.Table:
    row, book = table.column("row").to_numpy(), table.column("book").to_numpy()
    order = np.lexsort((book, row))
    counts = np.unique(row, return_counts=True)[1]
    packed = {
        "part": table.column("part")[0].as_py(),
        "starts": np.concatenate([[0], np.cumsum(counts)]).astype(np.int32).tobytes(),
        "books": book[order].astype(np.int32).tobytes(),
        "weights": table.column("weight").to_numpy()[order].astype(np.float32).tobytes(),
    }
    return pa.Table.from_pylist([packed], schema=_PACKED)


_PACKED = pa.schema(
    [("part", pa.int32()), *((name, pa.binary()) for name in ("starts", "books", "weights"))]
)


def _rows_step(
    shared: "Broadcast[tuple[Float32Array, Eigenbasis]]", ends: IntArray, settings: FactorSettings
) -> Any:
    """Compute the factors of the rows of packed parts, for each block of books that needs them."""

    def step(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        factors, basis = shared.value
        for batch in batches:
            for packed in batch.to_pylist():
                weights = csr_array(
                    (
                        np.frombuffer(packed["weights"], np.float32),
                        np.frombuffer(packed["books"], np.int32),
                        np.frombuffer(packed["starts"], np.int32),
                    ),
                    shape=(len(packed["starts"]) // 4 - 1, len(factors)),
                )
                rows = _solve(weights, factors, basis, settings)
                for piece in _pieces(packed["part"], weights, rows, ends):
                    yield pa.RecordBatch.from_pylist([piece], schema=_PIECES)

    return step


def _pieces(
    part: int, weights: csr_array, rows: Float32Array, ends: IntArray
) -> Iterator[dict[str, Any]]:
    """For every block of books, the rows that have its books, and the part's own XᵀX."""
    by_book = csr_array(weights.T)
    gram = gram_of(rows).tobytes()
    for block, (first, end) in enumerate(pairwise([0, *ends])):
        mine = by_book[first:end]
        touching, places = np.unique(mine.indices, return_inverse=True)
        yield {
            "block": block,
            "part": part,
            "gram": gram,
            "factors": rows[touching].tobytes(),
            "starts": mine.indptr.astype(np.int32).tobytes(),
            "rows": places.astype(np.int32).tobytes(),
            "weights": mine.data.tobytes(),
        }


_PIECES = pa.schema(
    [
        ("block", pa.int32()),
        ("part", pa.int32()),
        *((name, pa.binary()) for name in ("gram", "factors", "starts", "rows", "weights")),
    ]
)


def _books_step(settings: FactorSettings) -> Any:
    """From the pieces of one block, which is a partition, the factors of its books."""
    rank = settings.rank

    def step(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        pieces = sorted(
            (piece for batch in batches for piece in batch.to_pylist()), key=itemgetter("part")
        )
        grams = [np.frombuffer(piece["gram"]) for piece in pieces]
        gram = np.sum(grams, axis=0).reshape(rank, rank)
        rows = np.concatenate([np.frombuffer(piece["factors"], np.float32) for piece in pieces])
        weights = csr_array(hstack([_weights_of(piece, rank) for piece in pieces], format="csr"))
        solved = _solve(weights, rows.reshape(-1, rank), Eigenbasis.of(gram), settings)
        answer = {"block": pieces[0]["block"], "factors": solved.tobytes()}
        yield pa.RecordBatch.from_pylist([answer], schema=_SOLVED)

    return step


_SOLVED = pa.schema([("block", pa.int32()), ("factors", pa.binary())])


def _weights_of(piece: dict[str, Any], rank: int) -> csr_array:
    """Shape (books of the block, rows that touch it)."""
    starts = np.frombuffer(piece["starts"], np.int32)
    entries = (
        np.frombuffer(piece["weights"], np.float32),
        np.frombuffer(piece["rows"], np.int32),
        starts,
    )
    return csr_array(entries, shape=(len(starts) - 1, len(piece["factors"]) // (4 * rank)))


def _solve(
    weights: csr_array, factors: Float32Array, basis: Eigenbasis, settings: FactorSettings
) -> Float32Array:
    return half_step(
        weights,
        factors,
        basis,
        alpha=settings.alpha,
        regularization=settings.regularization,
        offset=settings.regularization_offset,
    )


def _by(table: pa.Table, key: str) -> pa.ChunkedArray:
    return table.sort_by(key).column("factors")
