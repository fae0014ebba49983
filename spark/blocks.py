"""Blocks of books that come one after the other."""

from itertools import pairwise

import numpy as np

from recommender.engine.values import FloatArray, IntArray


def block_ends(work: IntArray | FloatArray, blocks: int, *, longest: int | None = None) -> IntArray:
    """Where the blocks of books end, so that each is about as much work.

    Books often come in the order of their fame, so that blocks of as many books would leave one
    core with most of the ratings. A block is still a range of books: those that few have rated
    share their readers with few others.

    Parameters
    ----------
    work
        Shape (books,): of each.
    blocks
        How many there are to be. Of books that are more than a block's work by themselves there
        are fewer.
    longest
        The most books of a block; longer ones are cut by number.

    Returns
    -------
    Shape (blocks,), ascending, the last one the number of books.
    """
    done = np.cumsum(work)
    shares = done[-1] * np.arange(1, blocks) / blocks
    ends = np.unique([*(np.searchsorted(done, shares) + 1), len(work)]).astype(np.int64)
    if longest is None:
        return ends
    cut = [np.arange(first + longest, end, longest) for first, end in pairwise([0, *ends])]
    return np.unique(np.concatenate([ends, *cut]))
