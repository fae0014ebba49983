"""The Gram matrix of the books in blocks of rows, pruned to what the neighbors need.

With X the rows of `spark.signals` (rows × books, sparse), the Gram matrix XᵀX says how much any two
books occur together. It is never complete anywhere: the rows that have books of a block are
collected on one executor, which computes the block's part of the matrix, chooses the books most
similar to each book, and keeps only their entries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_array, vstack

from recommender.engine.values import Float32Array, IntArray
from spark.blocks import block_ends

# Fixed, so that sums are rounded alike on every cluster.
PARTS = 16
#: Into how many blocks of as many entries books are cut, so that no core works alone at the end,
#: and how many entries a block is to have at least: its rows are copied to it.
MOST_CUTS, WORTH_A_CUT = 16, 250_000
PIECES = "block int, part int, starts binary, books binary, given binary, wanted binary"
GRAM_ROWS = (
    "book int, candidates array<int>, wanted array<float>, others array<int>, values array<float>"
)


@dataclass(frozen=True, slots=True)
class GramSettings:
    """Sizes.

    Attributes
    ----------
    candidates
        How many of the most similar books may be neighbors of a book.
    kept
        How many entries of a row are kept: those of the most similar books.
    block
        The most books of a block. A task holds two rows of products for each of them, with all
        books that have something in common with it.
    """

    candidates: int = 200
    kept: int = 1000
    block: int = 500


def gram_blocks(counts: IntArray, settings: GramSettings) -> IntArray:
    """Where the blocks of books end, by their entries and by number: see `block_ends`.

    Parameters
    ----------
    counts
        Shape (books,): the entries of each.
    """
    by_work = min(MOST_CUTS, int(counts.sum()) // WORTH_A_CUT)
    return block_ends(counts, max(by_work, 1), longest=settings.block)


def gram_rows(
    entries: DataFrame, squares: Float32Array, ends: IntArray, settings: GramSettings
) -> DataFrame:
    """One row of the Gram matrix for each book.

    Parameters
    ----------
    entries
        ``row, book, given, wanted``: the sparse rows; ``book`` counts from 0.
    squares
        Shape (books,): the diagonal of the Gram matrix.
    ends
        Shape (blocks,): where the blocks of books end.

    Returns
    -------
    ``book``; ``candidates`` (books, ascending) and ``wanted`` (for each the product of its
    ``given`` with the book's ``wanted``); ``others`` and ``values``, the pruned row of the Gram
    matrix with its diagonal. Only similar books are kept, so missing entries are nearly zero.
    """
    parted = entries.select("*", F.pmod(F.xxhash64("row"), F.lit(PARTS)).cast("int").alias("part"))

    # Spark reads the annotations to decide what to pass, so a partial would not work.
    def split(table: pa.Table) -> pa.Table:
        return _split(table, ends=ends)

    def block_rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        table = pa.Table.from_batches(batches)
        yield from _block_rows(table, squares, ends, settings).to_batches()

    pieces = parted.groupBy("part").applyInArrow(split, PIECES)
    # One partition a block: by hashes, some would get several.
    return pieces.repartitionById(len(ends), "block").mapInArrow(block_rows, GRAM_ROWS)


def _split(table: pa.Table, *, ends: IntArray) -> pa.Table:
    """For every block of books, the rows that have one of them."""
    books = int(ends[-1])
    row, book = table.column("row").to_numpy(), table.column("book").to_numpy()
    order = np.lexsort((book, row))
    starts = np.append(0, np.cumsum(np.unique(row, return_counts=True)[1]))
    given, wanted = (
        csr_array(
            (table.column(name).to_numpy()[order], book[order], starts), (len(starts) - 1, books)
        )
        for name in ("given", "wanted")
    )
    pieces = []
    for number, (first, end) in enumerate(pairwise([0, *ends])):
        mine = given[:, first:end]
        touching = np.flatnonzero(np.diff(mine.indptr))
        chosen = given[touching]
        pieces.append(
            {
                "block": number,
                "part": table.column("part")[0].as_py(),
                "starts": chosen.indptr.astype(np.int32).tobytes(),
                "books": chosen.indices.astype(np.int32).tobytes(),
                "given": chosen.data.tobytes(),
                "wanted": wanted[touching].data.tobytes(),
            }
        )
    return pa.Table.from_pylist(pieces, schema=_PIECES)


_PIECES = pa.schema(
    [
        ("block", pa.int32()),
        ("part", pa.int32()),
        *((name, pa.binary()) for name in ("starts", "books", "given", "wanted")),
    ]
)


def _block_rows(
    table: pa.Table, squares: Float32Array, ends: IntArray, settings: GramSettings
) -> pa.Table:
    """The Gram matrix's rows of one block, pruned."""
    table = table.sort_by("part")
    block = table.column("block")[0].as_py()
    first = int(ends[block - 1]) if block else 0
    mine = slice(first, int(ends[block]))
    given, wanted = _matrices(table, len(squares))
    products, toward = (_products(one[:, mine], given) for one in (given, wanted))
    lengths = np.sqrt(np.maximum(squares, np.finfo(np.float32).tiny))
    found = list(_prune(products, toward, lengths, first, settings))
    columns = dict(zip(_GRAM_ROWS.names, zip(*found, strict=True), strict=True))
    return pa.table({name: list(values) for name, values in columns.items()}, schema=_GRAM_ROWS)


_GRAM_ROWS = pa.schema(
    [
        ("book", pa.int32()),
        ("candidates", pa.list_(pa.int32())),
        ("wanted", pa.list_(pa.float32())),
        ("others", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float32())),
    ]
)


def _matrices(table: pa.Table, books: int) -> tuple[csr_array, csr_array]:
    """``given`` and ``wanted`` of the rows as matrices, both of shape (rows, books)."""
    pieces = table.to_pylist()
    starts = [np.frombuffer(piece["starts"], np.int32) for piece in pieces]
    indices = [np.frombuffer(piece["books"], np.int32) for piece in pieces]

    def joined(name: str) -> csr_array:
        weights = (np.frombuffer(piece[name], np.float32) for piece in pieces)
        matrices = [
            csr_array(entries, shape=(len(entries[2]) - 1, books))
            for entries in zip(weights, indices, starts, strict=True)
        ]
        return csr_array(vstack(matrices, format="csr"))

    return joined("given"), joined("wanted")


def _products(mine: csr_array, given: csr_array) -> csr_array:
    """The rows of the Gram matrix for some books; most books have nothing in common with a book."""
    products = csr_array(mine.T @ given)
    products.sort_indices()
    return products


def _prune(
    products: csr_array,
    toward: csr_array,
    lengths: Float32Array,
    first: int,
    settings: GramSettings,
) -> Iterator[tuple[int, NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """For each book of the block, its candidates and the entries to keep, by cosine similarity."""
    for offset in range(products.shape[0]):
        book = first + offset
        books, values = _row(products, offset)
        similarity = values / lengths[books]
        similarity[books == book] = 0.0
        similar = books[_largest(similarity, settings.kept)]
        candidates = np.sort(similar[: settings.candidates])
        others = np.sort(np.append(similar, book))
        yield (
            book,
            candidates.astype(np.int32),
            _values_of(candidates, *_row(toward, offset)),
            others.astype(np.int32),
            _values_of(others, books, values),
        )


def _row(matrix: csr_array, row: int) -> tuple[NDArray[np.int32], Float32Array]:
    """The columns and values of a row, by ascending column."""
    entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[entries], matrix.data[entries]


def _values_of(books: NDArray[Any], known: NDArray[np.int32], values: Float32Array) -> Float32Array:
    """The values of some books in a row, 0 where it has none."""
    found = np.zeros(len(books), dtype=np.float32)
    if len(known):
        places = np.minimum(np.searchsorted(known, books), len(known) - 1)
        there = known[places] == books
        found[there] = values[places[there]]
    return found


def _largest(values: Float32Array, count: int) -> NDArray[np.int64]:
    """The indices of the largest positive values, in descending order; ties by index."""
    positive = np.flatnonzero(values > 0)
    if len(positive) > count:
        least = np.partition(values[positive], len(positive) - count)[len(positive) - count]
        positive = positive[values[positive] >= least]
    return positive[np.argsort(-values[positive], kind="stable")][:count]
