"""The dial from familiar to adventurous: how much fame and likeness count in a list.

At 0 the order is the release's own. Every step away from it changes two things:

- *Fame*: a score is divided by a power of ``n + 30``, n being how many readers of the release rated
  the book: `FAME_EXPONENTS` by the dial, and what lies between by interpolation. It comes on top of
  what the release's own scores hold, so that a negative dial gives fame back. Scaling scores by a
  power of the item's popularity is the correction of Steck, "Item popularity and recommendation
  accuracy" (RecSys 2011), where the power trades accuracy on frequent books against that on rare
  ones.
- *Likeness* (positive steps only): maximal marginal relevance, Carbonell and Goldstein (SIGIR
  1998). Each place goes to the book with the highest
  ``λ · relevance − (1 − λ) · max similarity to the books above it``, with
  ``λ = 1 − 0.05 · dial`` and the relevance as a share of the best candidate's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.mixture import Mixture
from recommender.engine.neighbours import entries_of
from recommender.engine.values import FloatArray, IntArray

DIAL_POSITIONS = (-2, -1, 0, 1, 2)
FAME_OFFSET = 30.0
#: For `DIAL_POSITIONS`. Chosen so that half of the readers get at least three other books at the
#: first step from the middle and five at either end, and the adventurous end has books half as
#: famous (docs/QUALITY.md).
FAME_EXPONENTS = (-0.4, -0.25, 0.0, 0.35, 0.75)
LIKENESS_STEP = 0.05


@dataclass(frozen=True, slots=True)
class CandidateFeatures:
    """What the dial needs to know of the candidates beside their scores.

    Attributes
    ----------
    ratings
        Shape (candidates,): how many readers rated each.
    similarity
        Takes the place of one candidate, gives its similarity to all: shape (candidates,), in
        [0, 1].
    """

    ratings: IntArray
    similarity: Callable[[int], FloatArray]


def relevance(scores: FloatArray, ratings: IntArray, dial: float) -> FloatArray:
    """Scores (positive) with the popularity discount of the dial, divided by the best."""
    exponent = np.interp(dial, DIAL_POSITIONS, FAME_EXPONENTS)
    discounted = scores / (ratings + FAME_OFFSET) ** exponent
    best = discounted.max(initial=0.0)
    share: FloatArray = discounted / best if best > 0 else discounted
    return share


def relevance_weight(dial: float) -> float:
    """λ of maximal marginal relevance: from 1, where similarity has no effect, down to 0.9."""
    return 1.0 - LIKENESS_STEP * max(0.0, dial)


def similarity_of(
    parts: Mapping[str, Mapping[str, NDArray[Any]]], books: Mixture
) -> Callable[[int], FloatArray]:
    """How similar some books are, as a cosine.

    With neighbors, the vector of a book holds its positive weights on other books, and the
    greatest of them for itself, so that two books are similar if one has a weight on the other, or
    both have weights on the same books. A release without neighbors takes the cosine of the item
    factors, 0 where that is negative.

    Returns
    -------
    A function from the place of one book to its similarity to all: shape (books,), symmetric, in
    [0, 1], and 1 to itself. It is called once for each place of a list, not for all pairs, and
    not at all where the dial stands at 0 or below.
    """

    @cache
    def vectors() -> csr_array:
        if "neighbours" in parts:
            rows = _neighbour_vectors(parts["neighbours"], books.rows)
            if books.is_plain:
                return rows
            shape = (books.count, len(books.rows))
            shares = csr_array((books.shares, (books.places, np.arange(shape[1]))), shape=shape)
            mixed = csr_array(shares @ rows)
            lengths = np.sqrt(np.asarray(mixed.multiply(mixed).sum(axis=1)).ravel())
            return csr_array(mixed.multiply(1.0 / np.where(lengths > 0, lengths, 1.0)[:, None]))
        factors = books.of_matrix(parts["factors"]["item_factors"])
        lengths = np.linalg.norm(factors, axis=1)
        return csr_array(factors / np.where(lengths > 0, lengths, 1.0)[:, None])

    def similarity_to(place: int) -> FloatArray:
        own = vectors()
        part = slice(own.indptr[place], own.indptr[place + 1])
        one = np.zeros(own.shape[1])
        one[own.indices[part]] = own.data[part]
        similarity: FloatArray = np.clip(own @ one, 0.0, 1.0)
        similarity[place] = 1.0
        return similarity

    return similarity_to


def _neighbour_vectors(part: Mapping[str, NDArray[Any]], rows: IntArray) -> csr_array:
    """Shape (rows, books): each book's positive weights and its weight on itself, normalized."""
    starts, count = part["starts"], len(rows)
    lengths, entries = entries_of(starts, rows)
    weights = np.maximum(part["values"][entries].astype(np.float64), 0.0)
    ends, shape = np.cumsum([0, *lengths]), (count, len(starts) - 1)
    books = csr_array((weights, part["targets"][entries], ends), shape=shape)
    own = books.max(axis=1).toarray().ravel()
    own[own == 0.0] = 1.0
    norms = np.sqrt(books.power(2).sum(axis=1) + own**2)
    books.data /= np.repeat(norms, lengths)
    itself = csr_array((own / norms, (np.arange(count), rows)), shape=books.shape)
    return csr_array(books + itself)
