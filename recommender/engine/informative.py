"""Which books a new reader is asked about: well-known ones that differ from each other."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from recommender.engine.rerank import BookFacts
from recommender.engine.values import FloatArray, IntArray

#: The exponent of popularity in a book's gain.
POPULARITY_POWER = 0.5


def most_informative(
    book_ids: Sequence[int],
    ratings: IntArray,
    similarity: Callable[[int], FloatArray],
    facts: Mapping[int, BookFacts],
    n: int,
) -> list[int]:
    """Choose books one by one, each with the greatest gain of information over those before it.

    The gain of a book is ``(ratings / most ratings) ** 0.5 · (1 − greatest similarity to those
    chosen)``: how likely a reader is to have an opinion of it, times how little the answers for
    the others predict that opinion. Rashid et al., "Getting to know you" (IUI 2002), found such a
    greedy choice to demand least of readers; they took entropy for the second factor, which can't
    be computed here, as releases hold no distribution of stars.

    At most one book of an author, and of a series, is chosen.

    Parameters
    ----------
    book_ids, ratings
        Shape (candidates,): the candidates and how many readers rated each.
    similarity
        Takes the place of one candidate, gives its similarity to all, in [0, 1]; see `engine.dial`.
    facts
        By book id. A candidate without any is left out.
    n
        How many at most.
    """
    if not len(book_ids):
        return []
    popularity = (
        np.asarray(ratings, dtype=np.float64) / max(1, int(np.max(ratings)))
    ) ** POPULARITY_POWER
    nearest = np.zeros(len(book_ids))
    taken: set[int | str] = set()
    chosen: list[int] = []
    free = [place for place, book_id in enumerate(book_ids) if book_id in facts]
    while free and len(chosen) < n:
        gain = popularity[free] * (1.0 - nearest[free])
        place = free[int(np.argmax(gain))]
        chosen.append(book_ids[place])
        taken |= _author_and_series(facts[book_ids[place]])
        nearest = np.maximum(nearest, similarity(place))
        free = [i for i in free if i != place and _is_new(facts[book_ids[i]], taken)]
    return chosen


def _author_and_series(book: BookFacts) -> set[int | str]:
    return {*book.author_ids, *([book.series] if book.series else [])}


def _is_new(book: BookFacts, taken: Collection[int | str]) -> bool:
    return not book.is_collection and _author_and_series(book).isdisjoint(taken)
