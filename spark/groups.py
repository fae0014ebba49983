"""Groups of books that are alike, so that what is computed of them together needs little else."""

import numpy as np

from recommender.engine.values import Float32Array, IntArray

#: The more groups, the more of them need the same rows, which are copied to each. So groups grow
#: with the books: of 200,000 books with few ratings nearly every group needs half of all rows.
MOST_GROUPS = 32
#: How many books tell the direction in which a group is widest, and how often it is improved.
LOOKED_AT, TURNS = 4_000, 8


def alike_groups(factors: Float32Array, size: int) -> IntArray:
    """The group of each book: at most so many books in a group, or more if there are too many.

    All books are halved along the direction in which their factors differ most, and so are the
    halves, until they are small enough (principal direction divisive partitioning: Boley, 1998).

    Parameters
    ----------
    factors
        Shape (books, rank).

    Returns
    -------
    Shape (books,): numbers from 0 on.
    """
    lengths = np.linalg.norm(factors, axis=1, keepdims=True)
    alike = factors / np.maximum(lengths, np.finfo(np.float32).tiny)
    size = max(size, -(-len(factors) // MOST_GROUPS))
    groups = np.zeros(len(factors), dtype=np.int64)
    waiting, number = [np.arange(len(factors))], 0
    while waiting:
        books = waiting.pop()
        if len(books) <= size:
            groups[books] = number
            number += 1
            continue
        order = np.argsort(alike[books] @ _widest(alike[books]), kind="stable")
        waiting += [books[order[len(books) // 2 :]], books[order[: len(books) // 2]]]
    return groups


def _widest(rows: Float32Array) -> Float32Array:
    """The first principal direction of some rows, shape (rank,), by power iteration."""
    some = rows[:: -(-len(rows) // LOOKED_AT)]
    centered = some - some.mean(axis=0)
    direction = centered[np.argmax((centered**2).sum(axis=1))]
    for _ in range(TURNS):
        direction = (centered @ direction) @ centered
        length = float(np.linalg.norm(direction))
        if not length:
            break
        direction = direction / length
    return np.asarray(direction, dtype=np.float32)
