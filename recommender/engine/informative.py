"""Which books to ask a new reader about: well known, and each unlike those asked about before."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from recommender.engine.rerank import BookFacts
from recommender.engine.values import FloatArray, IntArray

#: How much fame counts beside difference: between its root, and not at all.
FAME_POWER = 0.5


def most_telling(
    book_ids: Sequence[int],
    ratings: IntArray,
    similarity: Callable[[int], FloatArray],
    facts: Mapping[int, BookFacts],
    n: int,
) -> list[int]:
    """Choose books one after the other, each the one that is likely known and told least so far.

    The gain of a book is ``(ratings / most ratings) ** 0.5 · (1 − greatest similarity to those
    chosen)``: how likely it is that a reader has an opinion of it, times how little the answers to
    the others foretell that opinion. To choose greedily by coverage that lessens with each choice
    is what Rashid et al., "Getting to know you" (IUI 2002), found to ask least of readers, with
    entropy in the place of difference; releases hold no spread of stars.

    Of an author and of a series at most one book is chosen.

    Parameters
    ----------
    book_ids, ratings
        Shape (candidates,): the candidates and how many readers rated each.
    similarity
        For the place of one candidate its likeness to all, in [0, 1]; see `engine.dial`.
    facts
        By book id. A candidate without any is left out.
    n
        How many at most.
    """
    if not len(book_ids):
        return []
    fame = (np.asarray(ratings, dtype=np.float64) / max(1, int(np.max(ratings)))) ** FAME_POWER
    nearest = np.zeros(len(book_ids))
    taken: set[int | str] = set()
    chosen: list[int] = []
    free = [place for place, book_id in enumerate(book_ids) if book_id in facts]
    while free and len(chosen) < n:
        gain = fame[free] * (1.0 - nearest[free])
        place = free[int(np.argmax(gain))]
        chosen.append(book_ids[place])
        taken |= _names(facts[book_ids[place]])
        nearest = np.maximum(nearest, similarity(place))
        free = [i for i in free if i != place and _is_new(facts[book_ids[i]], taken)]
    return chosen


def _names(book: BookFacts) -> set[int | str]:
    return {*book.author_ids, *([book.series] if book.series else [])}


def _is_new(book: BookFacts, taken: Collection[int | str]) -> bool:
    return not book.is_box_set and _names(book).isdisjoint(taken)
