"""One order of books for several readers, which none of them should dislike.

Each reader's scores are put on one scale, as shares of that reader's best. The smallest share
counts most, as in "least misery" (O'Connor et al., "PolyLens: a recommender system for groups of
users", ECSCW 2001); a little of the average tells books apart that are alike for the one who likes
them least (Masthoff, "Group modeling", UMUAI 14, 2004, compares such rules).
"""

from collections.abc import Sequence

import numpy as np

from recommender.engine.values import FloatArray

#: How much the smallest share counts beside the average.
LEAST_MISERY = 0.75


def joint_scores(scores: Sequence[FloatArray]) -> FloatArray:
    """The scores of books for all readers together; 0 where somebody has no positive score.

    Parameters
    ----------
    scores
        For each reader, shape (books,): that reader's scores of the same books.

    Returns
    -------
    Shape (books,), from 0 to 1: ``0.75 · min + 0.25 · mean`` of the shares.
    """
    if not scores:
        return np.zeros(0)
    shares = np.stack([_shares(own) for own in scores])
    least = shares.min(axis=0)
    joint = LEAST_MISERY * least + (1.0 - LEAST_MISERY) * shares.mean(axis=0)
    return np.where(least > 0, joint, 0.0)


def _shares(scores: FloatArray) -> FloatArray:
    best = scores.max(initial=0.0)
    return np.clip(scores / best, 0.0, 1.0) if best > 0 else np.zeros_like(scores)
