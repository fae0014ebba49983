"""The neighbors of a release: for each book, a ridge regression on the most similar books."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import csc_array, csr_array, diags_array

from recommender.engine.neighbours import READING_WEIGHTS
from recommender.engine.publish import Part
from recommender.engine.values import Float32Array, FloatArray, IntArray
from recommender.engine.weights import ReadingWeights, WeightTable
from spark.gram import GramSettings, gram_rows
from spark.signals import STARS, SideFiles, SignalSettings, index_books, reader_rows, side_rows

WEIGHTS = "book int, neighbours array<int>, weights array<float>"
JOBS = 9
FOLD_IN_WEIGHTS = WeightTable(STARS, (-0.6, -0.2, 0.5, 1.0, 1.25))


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourSettings:
    """Hyper-parameters, found on held-out readers.

    Attributes
    ----------
    weights
        From stars to the weight of a rating when a reader is folded in.
    reading_weights
        The weights of books without stars, likewise.
    ridge, ridge_power
        Each book's λ is ``ridge · n ** ridge_power``, n being the weight of its ratings.
    discount_offset, discount_power
        Scores of a book are divided by ``(n + discount_offset) ** discount_power``.
    """

    weights: WeightTable = FOLD_IN_WEIGHTS
    reading_weights: ReadingWeights = READING_WEIGHTS
    ridge: float = 6.0
    ridge_power: float = 0.6
    discount_offset: float = 30.0
    discount_power: float = 0.12
    gram: GramSettings = field(default_factory=GramSettings)
    signals: SignalSettings = field(default_factory=SignalSettings)

    def to_json(self) -> dict[str, Any]:
        """The settings as in the manifest."""
        signals = self.signals
        return {
            "weights": self.weights.to_json(),
            "reading_weights": self.reading_weights.to_json(),
            "ridge": self.ridge,
            "ridge_power": self.ridge_power,
            "discount_offset": self.discount_offset,
            "discount_power": self.discount_power,
            "neighbours": self.gram.candidates,
            "gram_entries_kept": self.gram.kept,
            "training_weights": {
                "given": signals.given.to_json(),
                "wanted": signals.wanted.to_json(),
                "length_offset": signals.length_offset,
                "length_power": signals.length_power,
                "to_read": signals.to_read,
                "series": signals.series,
                "authors": signals.authors,
                "tags": signals.tags,
            },
        }


def train_neighbours(
    session: SparkSession,
    ratings: DataFrame,
    book_ids: IntArray,
    files: SideFiles,
    settings: NeighbourSettings,
) -> Part:
    """Solve every book's system on the executors and collect the weights.

    Parameters
    ----------
    ratings
        ``user_id, book_id, stars``, one row for each pair.
    book_ids
        Shape (books,), ascending.
    files
        Further data about the books.

    Returns
    -------
    The part of a release: the weights by the rated book (see `recommender.engine.neighbours`).
    """
    index = index_books(session, book_ids)
    readers = reader_rows(ratings, index, settings.signals).cache()
    sides = side_rows(session, files, readers, index, settings.signals)
    rated = readers.select("row", "book", "given", "wanted")
    entries = reduce(DataFrame.unionByName, sides, rated).cache()
    counts = _squares(rated, len(book_ids))
    rows = gram_rows(entries, _squares(entries, len(book_ids)), settings.gram).cache()
    table = book_weights(rows, ridge_of(counts, settings), settings.gram.block).toArrow()
    for cached in (rows, entries, readers):
        cached.unpersist()
    return neighbours_part(table, counts, settings)


def ridge_of(counts: Float32Array, settings: NeighbourSettings) -> Float32Array:
    """λ of every book; a book without ratings counts as if it had one."""
    ridge = settings.ridge * np.maximum(counts, 1.0) ** settings.ridge_power
    return ridge.astype(np.float32)


def book_weights(rows: DataFrame, ridge: Float32Array, block: int) -> DataFrame:
    """``book, neighbours, weights``: the solution of every book's system.

    A block of books and the pruned rows of all their candidates are brought to one executor.
    """
    group = F.floor(F.col("book") / block).cast("int").alias("group")
    targets = rows.select(group, "book", "candidates", "wanted")
    needed = targets.select(
        F.col("group").alias("needed_by"), F.explode("candidates").alias("source")
    ).distinct()
    sources = needed.join(
        rows.select(F.col("book").alias("source"), "others", "values"), "source", how="inner"
    ).select("needed_by", "source", "others", "values")

    def solve(targets: pa.Table, sources: pa.Table) -> pa.Table:
        return _solve_block(targets, sources, ridge)

    return (
        targets.groupBy("group").cogroup(sources.groupBy("needed_by")).applyInArrow(solve, WEIGHTS)
    )


def solve_system(
    products: Float32Array, ridge: Float32Array, wanted: Float32Array
) -> FloatArray | Float32Array:
    """Solve ``(G_CC + Λ) b = G_Cj``.

    Parameters
    ----------
    products
        Shape (candidates, candidates), the Gram matrix of the candidates; overwritten.
    ridge
        Shape (candidates,), the diagonal of Λ.
    wanted
        Shape (candidates,), the right-hand side.
    """
    products.flat[:: len(products) + 1] += ridge
    try:
        cholesky = cho_factor(products, lower=True, check_finite=False)
    except LinAlgError:
        # A pruned matrix may not be positive definite; least squares works all the same.
        return np.linalg.lstsq(products, wanted, rcond=None)[0]
    return cho_solve(cholesky, wanted, check_finite=False)


def neighbours_part(table: pa.Table, counts: Float32Array, settings: NeighbourSettings) -> Part:
    """The part of a release, from ``book, neighbours, weights`` in any order."""
    order = np.argsort(table.column("book").to_numpy())
    neighbours = _lists(table.column("neighbours"))
    weights = _lists(table.column("weights"))
    lengths = np.zeros(len(counts) + 1, dtype=np.int64)
    lengths[table.column("book").to_numpy() + 1] = np.diff(neighbours.ends, prepend=0)
    discount = (counts + settings.discount_offset) ** -settings.discount_power
    columns = csc_array(
        (
            np.concatenate([weights.of(i) for i in order] or [np.empty(0, np.float32)]),
            np.concatenate([neighbours.of(i) for i in order] or [np.empty(0, np.int32)]),
            np.cumsum(lengths),
        ),
        shape=(len(counts), len(counts)),
    )
    by_book = (columns @ diags_array(discount)).tocsr()
    by_book.sort_indices()
    return Part(
        tensors={
            "starts": by_book.indptr.astype(np.int64),
            "targets": by_book.indices.astype(np.int32),
            "values": by_book.data.astype(np.float32),
        },
        settings=settings.to_json(),
    )


def _squares(entries: DataFrame, books: int) -> Float32Array:
    """Shape (books,): the sum of each book's squared ``given``."""
    summed = entries.groupBy("book").agg(F.sum(F.col("given").cast("double") ** 2).alias("sum"))
    table = summed.toArrow()
    squares = np.zeros(books, dtype=np.float32)
    # Spark adds in any order; the differences are far beyond the digits that are kept.
    squares[table.column("book").to_numpy()] = np.round(table.column("sum").to_numpy(), 4)
    return squares


@dataclass(frozen=True, slots=True)
class _Lists:
    """A column of lists, flattened."""

    values: NDArray[Any]
    ends: IntArray

    def of(self, i: int) -> NDArray[Any]:
        start = self.ends[i - 1] if i else 0
        return self.values[start : self.ends[i]]


def _lists(column: pa.ChunkedArray) -> _Lists:
    array = column.combine_chunks()
    return _Lists(array.flatten().to_numpy(), np.cumsum(array.value_lengths().to_numpy()))


def _solve_block(targets: pa.Table, sources: pa.Table, ridge: Float32Array) -> pa.Table:
    solved = list(_solutions(targets, sources, ridge))
    return pa.table(
        {
            "book": targets.column("book"),
            "neighbours": targets.column("candidates"),
            "weights": pa.array(solved, pa.list_(pa.float32())),
        }
    )


def _solutions(targets: pa.Table, sources: pa.Table, ridge: Float32Array) -> Iterator[Float32Array]:
    candidates, wanted = _lists(targets.column("candidates")), _lists(targets.column("wanted"))
    others, values = _lists(sources.column("others")), _lists(sources.column("values"))
    starts = np.append(0, others.ends)
    rows = csr_array((values.values, others.values, starts), (sources.num_rows, len(ridge)))
    at = np.empty(len(ridge), dtype=np.int64)
    at[sources.column("source").to_numpy()] = np.arange(sources.num_rows)
    for target in range(targets.num_rows):
        chosen = candidates.of(target)
        products = rows[at[chosen]][:, chosen].toarray()
        # Of two books, one may have kept their common entry while the other has not.
        products = np.where(products == 0, products.T, products)
        yield solve_system(products, ridge[chosen], wanted.of(target)).astype(np.float32)
