"""The scores of all books that can be offered: by ratings, by content, or by both.

A book with many ratings keeps the blend's score. That of a book with few moves towards what the
books most like it score, and a book without ratings has nothing else. All of it is linear in the
reader's ratings, so that the parts of a score add up to it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from recommender.engine.blend import BlendScores
from recommender.engine.book_content import ContentSettings
from recommender.engine.content import ContentModel, Links
from recommender.engine.mixture import Mixture
from recommender.engine.neighbours import entries_of
from recommender.engine.values import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class AddedBooks:
    """Books that a release does not have, linked to those it has.

    Attributes
    ----------
    ids
        Shape (books,), ascending.
    links
        Of these books, to rows of the release.
    """

    ids: IntArray
    links: Links

    @classmethod
    def none(cls) -> "AddedBooks":
        """No books."""
        return cls(np.empty(0, np.int64), Links.none(0))


class Items:
    """All books that readers can be offered: a release's, then those added since.

    Attributes
    ----------
    ids
        Shape (items,): the release's books in order, then the added ones in order.
    ratings
        Shape (items,): how many readers of the release rated each.
    """

    def __init__(
        self,
        book_ids: IntArray,
        ratings: IntArray,
        content: ContentModel | None,
        added: AddedBooks,
    ) -> None:
        rows, more = len(book_ids), len(added.ids)
        self.ids: IntArray = np.concatenate([book_ids, added.ids])
        self.ratings: IntArray = np.concatenate([ratings, np.zeros(more, np.int64)])
        self._book_ids, self._added_ids = book_ids, added.ids
        settings = content.settings if content else ContentSettings()
        self._settings = settings
        own = content.links if content else Links.none(rows)
        links = vstack([own.matrix(rows), added.links.matrix(rows)], format="csr")
        by_ratings = content.from_ratings if content else np.ones(rows)
        #: Shape (items,): how much of each score comes from ratings, the rest from content.
        self.from_ratings: FloatArray = np.concatenate([by_ratings, np.zeros(more)])
        #: Shape (items, rows), float32: what a row's score adds to an item's.
        self._passed = csr_array(links.multiply((1 - self.from_ratings)[:, None]), dtype=np.float32)
        self._starts: IntArray = self._passed.indptr.astype(np.int64)
        self._speaks = (self.from_ratings > 0) | (np.diff(self._starts) > 0)

    @property
    def pass_on(self) -> bool:
        """Whether any score is passed on to books like it."""
        return bool(self._passed.nnz)

    def speaking(self, places: IntArray) -> NDArray[np.bool_]:
        """Which of some items speak for others: those with ratings, or like such books."""
        speaking: NDArray[np.bool_] = self._speaks[places]
        return speaking

    def places_of(self, book_ids: IntArray) -> IntArray:
        """The place of each book, -1 where there is no such item."""
        places = _places_in(self._book_ids, book_ids)
        if not len(self._added_ids):
            return places
        added = _places_in(self._added_ids, book_ids)
        return np.where((places < 0) & (added >= 0), added + len(self._book_ids), places)

    def as_read(self, places: IntArray) -> Mixture:
        """Books of a reader, as mixtures of the rows whose ratings they speak through."""
        return self._mixture(places, self._settings.spoken)

    def as_offered(self, places: IntArray) -> Mixture:
        """Books to recommend, as mixtures of the rows whose scores theirs are made of."""
        return self._mixture(places, self._settings.scale)

    def scores(self, by_row: FloatArray, passing: FloatArray) -> FloatArray:
        """Shape (items,): the score of every item.

        Parameters
        ----------
        by_row
            Shape (rows,): the scores by ratings.
        passing
            Shape (rows,): the scores that are passed on to books like these.
        """
        scores = self.from_ratings.copy()
        scores[: len(by_row)] *= by_row
        if self.pass_on:
            scores += self._settings.scale * (self._passed @ passing.astype(np.float32))
        return scores

    def own_weights(self, books: Mixture, weights: FloatArray) -> FloatArray:
        """Shape (entries of the books,): what a rating adds to its own row's score, in units."""
        return self._settings.own * weights[books.places] * books.shares

    def passes_on_to(self, places: IntArray) -> NDArray[np.bool_]:
        """Shape (items,): whether anything is passed on to these items."""
        return self._starts[places + 1] > self._starts[places]

    def passed_to(self, places: IntArray) -> csr_array:
        """Shape (items, rows): what each row's score adds to the scores of these items."""
        return self._settings.scale * self._passed[places]

    def _mixture(self, places: IntArray, passed: float) -> Mixture:
        if (self.from_ratings[places] == 1.0).all():
            return Mixture.of_rows(places)
        itself = np.flatnonzero(self.from_ratings[places] > 0)
        lengths, entries = entries_of(self._starts, places)
        order = np.concatenate([itself, np.repeat(np.arange(len(places)), lengths)])
        by_place = np.argsort(order, kind="stable")
        rows = np.concatenate([places[itself], self._passed.indices[entries]])
        shares = np.concatenate(
            [self.from_ratings[places[itself]], passed * self._passed.data[entries]]
        )
        return Mixture(len(places), order[by_place], rows[by_place], shares[by_place])


def _places_in(known: IntArray, book_ids: IntArray) -> IntArray:
    """The place of each book among some in order, -1 where it is not there."""
    if not len(known):
        return np.full(len(book_ids), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(known, book_ids), len(known) - 1)
    return np.where(known[places] == book_ids, places, -1)


@dataclass(frozen=True, slots=True)
class Passage:
    """The part of an item's score that comes through a book like it."""

    place: int
    share: float


class ItemScores:
    """The scores of all items for one reader.

    Parameters
    ----------
    likes
        Shape (books of the reader,): what each weighs, a like above 0.

    Attributes
    ----------
    scores
        Shape (items,), float64.
    """

    def __init__(
        self, items: Items, books: Mixture, folded: BlendScores, likes: FloatArray
    ) -> None:
        self._items = items
        self._books = books
        self._folded = folded
        # In the unit of the scores, whose spread differs between rankers and readers.
        spread = float(folded.scores.std()) if items.pass_on else 0.0
        self._own = items.own_weights(books, likes) * spread
        own = np.bincount(books.rows, weights=self._own, minlength=len(folded.scores))
        #: Shape (rows,): what each row has to pass on, its own rating included.
        self._passing: FloatArray = folded.scores + own
        self.scores: FloatArray = items.scores(folded.scores, self._passing)

    def contributions(self, places: IntArray) -> FloatArray:
        """Split the scores of some items by the reader's books.

        Returns
        -------
        Shape (items, books), in the order in which the books were given; each row sums to a score.
        """
        parts = self._folded.contributions(self._items.as_offered(places))
        if not self._items.passes_on_to(places).any():
            return parts
        passed = self._items.passed_to(places)[:, self._books.rows].toarray()
        return parts + self._books.add_up(passed * self._own)

    def passages(self, place: int, most: int) -> list[Passage]:
        """The books like an item through which most of its score has come, the strongest first.

        None where less than half of the score comes from content.
        """
        if self._items.from_ratings[place] > 0.5 or self.scores[place] <= 0:
            return []
        share = self._items.passed_to(np.array([place])).toarray().ravel()
        passed = share * self._passing
        best = np.argsort(-passed, kind="stable")[:most]
        return [
            Passage(int(row), float(passed[row] / self.scores[place]))
            for row in best
            if passed[row] > 0
        ]
