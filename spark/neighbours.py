"""The neighbors of a release: for each book, a ridge regression on the most similar books."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import csc_array, diags_array

from recommender.engine.neighbours import READING_WEIGHTS, entries_of
from recommender.engine.publish import Part
from recommender.engine.values import Float32Array, FloatArray, IntArray
from recommender.engine.weights import ReadingWeights, WeightTable
from spark.gram import GramSettings, gram_blocks, gram_rows
from spark.progress import StepPart, unwatched
from spark.signals import STARS, SideFiles, SignalSettings, index_books, reader_rows, side_rows

WEIGHTS = "book int, neighbours array<int>, weights array<float>"
#: What gathering the entries and multiplying them take of the whole, and how many jobs of Spark do
#: so; the systems are the rest, nearly all of it the last job.
ENTRIES_SHARE, ENTRIES_JOBS = 0.3, 27
PRODUCTS_SHARE, PRODUCTS_JOBS = 0.3, 5
SYSTEMS_JOBS, LAST_OF_SYSTEMS = 6, 0.8
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
    *,
    groups: IntArray | None = None,
    part: StepPart = unwatched,
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
    groups
        Shape (books,): whose systems are solved together. Of books that are alike (`alike_groups`)
        they need many of the same rows; by number, if none are given.
    part
        What watches how far the training is.

    Returns
    -------
    The part of a release: the weights by the rated book (see `recommender.engine.neighbours`).
    """
    if groups is None:
        groups = np.arange(len(book_ids)) // settings.gram.block
    with part(ENTRIES_SHARE, expected_jobs=ENTRIES_JOBS):
        index = index_books(session, book_ids)
        readers = reader_rows(ratings, index, settings.signals).cache()
        sides = side_rows(session, files, readers, index, settings.signals)
        rated = readers.select("row", "book", "given", "wanted")
        entries = reduce(DataFrame.unionByName, sides, rated).cache()
        counts = _sums(rated, len(book_ids)).squares
        sums = _sums(entries, len(book_ids))
    with part(PRODUCTS_SHARE, expected_jobs=PRODUCTS_JOBS):
        ends = gram_blocks(sums.counts, settings.gram)
        rows = gram_rows(entries, sums.squares, ends, settings.gram).cache()
        rows.count()
    share = 1 - ENTRIES_SHARE - PRODUCTS_SHARE
    with part(share, expected_jobs=SYSTEMS_JOBS, last=LAST_OF_SYSTEMS):
        table = book_weights(rows, ridge_of(counts, settings), groups).toArrow()
    for cached in (rows, entries, readers):
        cached.unpersist()
    return neighbours_part(table, counts, settings)


def ridge_of(counts: Float32Array, settings: NeighbourSettings) -> Float32Array:
    """λ of every book; a book without ratings counts as if it had one."""
    ridge = settings.ridge * np.maximum(counts, 1.0) ** settings.ridge_power
    return ridge.astype(np.float32)


def book_weights(rows: DataFrame, ridge: Float32Array, groups: IntArray) -> DataFrame:
    """``book, neighbours, weights``: the solution of every book's system.

    A group of books and the pruned rows of all their candidates are brought to one executor.
    """
    books = np.arange(len(groups), dtype=np.int32)
    table = pa.table({"book": books, "group": groups.astype(np.int32)})
    group_of = F.broadcast(rows.sparkSession.createDataFrame(table))
    targets = rows.join(group_of, "book").select("group", "book", "candidates", "wanted")
    needed = targets.select("group", F.explode("candidates").alias("source")).distinct()
    sources = rows.select(F.col("book").alias("source"), "others", "values")
    together = targets.unionByName(sources.join(needed, "source"), allowMissingColumns=True)

    # Spark reads the annotations to decide what to pass, so a partial would not work.
    def solve(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from _solve_group(pa.Table.from_batches(batches), ridge).to_batches()

    # One partition a group: by hashes, some would get several, and a core would wait for the other.
    count = int(groups.max()) + 1
    return together.repartitionById(count, "group").mapInArrow(solve, WEIGHTS)


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


@dataclass(frozen=True, slots=True)
class _Sums:
    """What books have in some rows, shape (books,) both.

    Attributes
    ----------
    counts
        The number of entries.
    squares
        The sum of the squares of ``given``.
    """

    counts: IntArray
    squares: Float32Array


def _sums(entries: DataFrame, books: int) -> _Sums:
    square = F.sum(F.col("given").cast("double") ** 2).alias("square")
    table = entries.groupBy("book").agg(F.count(F.lit(1)).alias("count"), square).toArrow()
    found = table.column("book").to_numpy()
    sums = _Sums(np.zeros(books, dtype=np.int64), np.zeros(books, dtype=np.float32))
    sums.counts[found] = table.column("count").to_numpy()
    # Spark adds in any order; the differences are far beyond the digits that are kept.
    sums.squares[found] = np.round(table.column("square").to_numpy(), 4)
    return sums


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


def _solve_group(table: pa.Table, ridge: Float32Array) -> pa.Table:
    """Solve the systems of the books in a table of them and of the rows that they need."""
    is_target = pa.compute.is_valid(table.column("book"))
    targets, sources = table.filter(is_target), table.filter(pa.compute.invert(is_target))
    solved = list(_solutions(targets, sources, ridge))
    return pa.table(
        {
            "book": targets.column("book"),
            "neighbours": targets.column("candidates"),
            "weights": pa.array(solved, pa.list_(pa.float32())),
        }
    )


class _Rows:
    """Rows of products by books, of which small square parts are cut out again and again.

    Parameters
    ----------
    starts
        Shape (rows + 1,): the entries of row i are ``starts[i]`` up to ``starts[i + 1]``.
    books, values
        Shape (entries,) both.
    width
        The number of all books.
    """

    def __init__(
        self, starts: IntArray, books: NDArray[np.int32], values: Float32Array, width: int
    ) -> None:
        self._starts, self._books, self._values = starts, books, values
        self._places = np.full(width, -1, dtype=np.int32)

    def among(self, rows: IntArray, books: NDArray[np.int32]) -> Float32Array:
        """Shape (rows, books): what is in some rows of some books."""
        self._places[books] = np.arange(len(books), dtype=np.int32)
        lengths, entries = entries_of(self._starts, rows)
        columns = self._places[self._books[entries]]
        inside = np.flatnonzero(columns >= 0)
        part = np.zeros((len(rows), len(books)), dtype=np.float32)
        line = np.repeat(np.arange(len(rows)), lengths)
        part[line[inside], columns[inside]] = self._values[entries[inside]]
        self._places[books] = -1
        return part


def _solutions(targets: pa.Table, sources: pa.Table, ridge: Float32Array) -> Iterator[Float32Array]:
    candidates, wanted = _lists(targets.column("candidates")), _lists(targets.column("wanted"))
    others, values = _lists(sources.column("others")), _lists(sources.column("values"))
    rows = _Rows(np.append(0, others.ends), others.values, values.values, len(ridge))
    at = np.empty(len(ridge), dtype=np.int64)
    at[sources.column("source").to_numpy()] = np.arange(sources.num_rows)
    for target in range(targets.num_rows):
        chosen = candidates.of(target)
        products = rows.among(at[chosen], chosen)
        # Of two books, one may have kept their common entry while the other has not.
        products = np.where(products == 0, products.T, products)
        yield solve_system(products, ridge[chosen], wanted.of(target)).astype(np.float32)
