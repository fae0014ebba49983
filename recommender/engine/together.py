"""One order of books for several readers, which none of them should dislike.

Each reader's scores are put on one scale, as shares of that reader's best. The smallest share
counts most, as in "least misery" (O'Connor et al., "PolyLens: a recommender system for groups of
users", ECSCW 2001); the average beside it tells books apart that are alike for the one who likes
them least (Masthoff, "Group modeling", UMUAI 14, 2004, compares such rules).
"""

from collections.abc import Callable, Collection, Sequence

import numpy as np

from recommender.engine.model import Scores
from recommender.engine.values import FloatArray, ScoredBook

#: How much the smallest share counts beside the average: with this, pairs find most of the books
#: that both loved (docs/QUALITY.md).
LEAST_MISERY = 0.5
#: How many of each reader's best books are looked at.
CANDIDATES_EACH = 400
#: Books that somebody would probably give fewer stars are left out.
FEWEST_STARS = 3.0

Rule = Callable[[Sequence[FloatArray]], FloatArray]


def joint_books(
    readers: Sequence[Scores], *, exclude: Collection[int], rule: Rule | None = None
) -> list[ScoredBook]:
    """The best books of each reader in one order, without those that somebody would not like.

    Parameters
    ----------
    exclude
        Books that one of them knows.
    rule
        What makes one score of several, `joint_scores` unless another is measured.
    """
    numbers = sorted(
        {
            one.book_id
            for scores in readers
            for one in scores.top(CANDIDATES_EACH, exclude=exclude)
            if one.score > 0
        }
    )
    if not numbers:
        return []
    own = [scores.scores_of(numbers) for scores in readers]
    joint = (rule or joint_scores)(own)
    for scores in readers:
        stars = scores.expected_stars(numbers)
        joint[[one is not None and one < FEWEST_STARS for one in stars]] = 0.0
    order = np.lexsort((np.array(numbers), -joint))
    return [ScoredBook(numbers[at], float(joint[at])) for at in order if joint[at] > 0]


def joint_scores(scores: Sequence[FloatArray]) -> FloatArray:
    """The scores of books for all readers together; 0 where somebody has no positive score.

    Parameters
    ----------
    scores
        For each reader, shape (books,): that reader's scores of the same books.

    Returns
    -------
    Shape (books,), from 0 to 1: ``0.5 · min + 0.5 · mean`` of the shares.
    """
    if not scores:
        return np.zeros(0)
    shares = np.stack([shares_of_best(own) for own in scores])
    least = shares.min(axis=0)
    joint = LEAST_MISERY * least + (1.0 - LEAST_MISERY) * shares.mean(axis=0)
    return np.where(least > 0, joint, 0.0)


def shares_of_best(scores: FloatArray) -> FloatArray:
    """Scores as shares of the best of them, 0 where they are negative."""
    best = scores.max(initial=0.0)
    return np.clip(scores / best, 0.0, 1.0) if best > 0 else np.zeros_like(scores)
