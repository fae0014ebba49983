"""The entry point of the numerics: ratings in, scored books and reasons out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine.blend import Blend, BlendSettings
from recommender.engine.dial import CandidateFeatures, similarity_of
from recommender.engine.explain import (
    MOST_ALIKE,
    ShownReason,
    StarScale,
    may_be_shown,
    reasons_from,
    reasons_to_show,
)
from recommender.engine.neighbours import NeighbourRanker
from recommender.engine.rankers import Profile, top_n
from recommender.engine.release import Release
from recommender.engine.served import AddedBooks, Items, ItemScores
from recommender.engine.values import (
    HIGHEST_STARS,
    LOWEST_STARS,
    FloatArray,
    IntArray,
    InvalidRating,
    NothingToFoldIn,
    Reading,
    Reason,
    ScoredBook,
    UnknownRanker,
)

#: The name of what readers are served, beside the names of the rankers it is made of.
SERVED = "served"
#: Readings that by themselves tell of nothing liked.
NOT_LIKED = ("unfinished", "dismissed")
NO_READINGS: Mapping[int, Reading] = {}


class Model:
    """An opened release, ready to answer. Immutable, so threads may share it.

    Parameters
    ----------
    added
        Books that the release lacks, scored by their content.
    """

    def __init__(self, release: Release, added: AddedBooks | None = None) -> None:
        self.release = release
        ratings = release.books["ratings"]
        added = added or AddedBooks.none()
        self.items = Items(release.book_ids, ratings, release.content, added)
        self._rated = Items(release.book_ids, ratings, None, AddedBooks.none())
        alone = {name: BlendSettings.of_one(name) for name in release.rankers}
        self._blends = {name: Blend(release.rankers, one) for name, one in alone.items()}
        self._blends[SERVED] = release.served

    def fold_in(
        self,
        ratings: Mapping[int, float],
        readings: Mapping[int, Reading] = NO_READINGS,
        *,
        ranker: str = SERVED,
    ) -> "Scores":
        """Score every book for one reader.

        Parameters
        ----------
        ratings
            Stars (half and quarter stars too) by book id. Books that are not known are ignored;
            ``Scores.unknown`` lists them.
        readings
            How books were read, by book id: those without stars count by this, and those with stars
            count for more if they were read again. Dismissed ones count a little against others.
        ranker
            What readers are served (`Release.served`, and content for books with few ratings or
            none), or one ranker by itself.

        Raises
        ------
        InvalidRating
            If a rating is NaN or lies outside 0.25 to 5 stars.
        NothingToFoldIn
            If no book that is known speaks for others: none was read, or only ones that
            the reader disliked or gave up.
        UnknownRanker
            If the release holds no such ranker.
        """
        blend, items = self._blend_of(ranker), self.items if ranker == SERVED else self._rated
        given = np.fromiter(ratings.values(), dtype=np.float64, count=len(ratings))
        is_valid = (given >= LOWEST_STARS) & (given <= HIGHEST_STARS)
        if not is_valid.all():
            book_id, invalid = list(ratings.items())[int(is_valid.argmin())]
            raise InvalidRating(
                f"Book {book_id} is rated {invalid}; "
                f"ratings go from {LOWEST_STARS:g} to {HIGHEST_STARS:g} stars."
            )
        unrated = [book_id for book_id in readings if book_id not in ratings]
        ids = np.array([*ratings, *unrated], dtype=np.int64)
        stars = np.concatenate([given, np.full(len(unrated), np.nan)])
        # In order of book id, so that sums round alike whatever order the books came in.
        order = np.argsort(ids)
        ids, stars = ids[order], stars[order]
        places = items.places_of(ids)
        is_known = (places >= 0) & items.speaking(places)
        used: list[int] = ids[is_known].tolist()
        if not used:
            raise NothingToFoldIn(
                "None of these books is known to the model; rate a few that the catalog has."
            )
        if all(book_id not in ratings and readings[book_id] in NOT_LIKED for book_id in used):
            # A small weight beside others; on their own they would recommend more of the same.
            raise NothingToFoldIn("All of these books were given up; rate one that you enjoyed.")
        profile = Profile(
            items.as_read(places[is_known]),
            stars[is_known],
            {
                place: reading
                for place, book_id in enumerate(used if readings else ())
                if (reading := readings.get(book_id, "once")) != "once"
            },
        )
        likes = profile.weights_for(self.release.rankers[self.release.manifest.default_ranker])
        return Scores(
            release=self.release,
            items=items,
            ranker=ranker,
            used={book_id: ratings.get(book_id) for book_id in used},
            readings=readings,
            star_scale=StarScale.of(ratings.values()),
            unknown=tuple(ids[~is_known].tolist()),
            folded=ItemScores(items, profile.books, blend.fold_in(profile), likes),
        )

    def _blend_of(self, ranker: str) -> Blend:
        if ranker not in self._blends:
            known = ", ".join(sorted(self._blends))
            raise UnknownRanker(f"This release has no ranker {ranker!r}; it has: {known}.")
        return self._blends[ranker]

    def expected_stars(
        self, ratings: Mapping[int, float], book_ids: Sequence[int]
    ) -> list[float | None]:
        """The same as `Scores.expected_stars`, at a hundredth of the cost of a fold-in."""
        ids = np.array(sorted(ratings), dtype=np.int64)
        places = self.items.places_of(ids)
        speaking = ids[(places >= 0) & self.items.speaking(places)].tolist()
        return _expected_stars(
            self.release, {book_id: ratings[book_id] for book_id in speaking}, book_ids
        )

    def knows(self, book_ids: Collection[int]) -> frozenset[int]:
        """Those of the books that can be scored."""
        ids = np.array(sorted(book_ids), dtype=np.int64)
        return frozenset(int(i) for i in ids[self.items.places_of(ids) >= 0])

    def ratings_of(self, book_id: int) -> int | None:
        """How many readers of the release rated a book; None if it is not known."""
        place = int(self.items.places_of(np.array([book_id], dtype=np.int64))[0])
        return int(self.items.ratings[place]) if place >= 0 else None

    def links(self, book_id: int, n: int) -> "Links":
        """How the neighbors link a book to others; no links if the release has no neighbors.

        Parameters
        ----------
        n
            How many books of each kind, the strongest first.
        """
        ranker = self.release.rankers.get("neighbours")
        row = int(self.release.rows_of(np.array([book_id], dtype=np.int64))[0])
        if not isinstance(ranker, NeighbourRanker) or row < 0:
            return Links((), (), ())
        rows, weights = ranker.links_to(row)
        return Links(
            leads_to=self._strongest(*ranker.links_from(row), n),
            comes_from=self._strongest(rows, weights, n),
            speaks_against=self._strongest(rows, -weights, n),
        )

    def _strongest(self, rows: IntArray, weights: FloatArray, n: int) -> tuple[int, ...]:
        order = np.lexsort((rows, -weights))
        best = rows[order[weights[order] > 0][:n]]
        return tuple(int(book_id) for book_id in self.release.book_ids[best])


@dataclass(frozen=True, slots=True)
class Links:
    """Books related to one book, by id, the strongest first.

    Attributes
    ----------
    leads_to
        Readers who like the book will probably like these.
    comes_from
        Readers who like these will probably like the book.
    speaks_against
        Readers who like these will probably not like the book.
    """

    leads_to: tuple[int, ...]
    comes_from: tuple[int, ...]
    speaks_against: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """One reader's scores of all books.

    Attributes
    ----------
    used
        The books that were used: their stars by id, None for those without, in order of id.
    readings
        How books were read, by id.
    star_scale
        How the reader gives stars.
    unknown
        Ids of books that are not known.
    """

    release: Release
    items: Items
    ranker: str
    used: Mapping[int, float | None]
    readings: Mapping[int, Reading]
    star_scale: StarScale
    unknown: tuple[int, ...]
    folded: ItemScores

    @property
    def rated(self) -> dict[int, float]:
        """The ratings that were used: stars by book id, in order of id."""
        return {book_id: stars for book_id, stars in self.used.items() if stars is not None}

    def top(self, n: int, *, exclude: Collection[int] = ()) -> list[ScoredBook]:
        """The n best books; those the reader knows are among them unless excluded."""
        places = self.items.places_of(np.fromiter(exclude, np.int64, len(exclude)))
        return top_n(self.folded.scores, self.items.ids, n, exclude_rows=places[places >= 0])

    def places_among(self, book_ids: Sequence[int], *, exclude: Collection[int] = ()) -> list[int]:
        """The places of some books in the order of scores, from 1; KeyError if one is unknown.

        Books that are excluded take no place.
        """
        return self._order(self.folded.scores, book_ids, exclude)

    def places_by_fame(
        self, book_ids: Sequence[int], *, exclude: Collection[int] = ()
    ) -> list[int]:
        """The same in the order of how many readers of the release rated a book."""
        return self._order(self.items.ratings, book_ids, exclude)

    def number_of_books(self, *, exclude: Collection[int] = ()) -> int:
        """How many books have a score, without those excluded."""
        places = self.items.places_of(np.array(sorted(exclude), dtype=np.int64))
        return len(self.items.ids) - int((places >= 0).sum())

    def _order(
        self,
        values: NDArray[np.floating] | IntArray,
        book_ids: Sequence[int],
        exclude: Collection[int],
    ) -> list[int]:
        """Places from 1, the largest value first; of equal ones the lower id, as in `top`."""
        taken = self.items.places_of(np.array(sorted(exclude), dtype=np.int64))
        allowed = np.ones(len(self.items.ids), dtype=bool)
        allowed[taken[taken >= 0]] = False
        ids, values = self.items.ids, np.asarray(values)
        found = []
        for at in self._places(book_ids):
            ahead = (values > values[at]) | ((values == values[at]) & (ids < ids[at]))
            found.append(1 + int((ahead & allowed).sum()))
        return found

    def score(self, book_id: int) -> float:
        """The score of one book; KeyError if it is not known."""
        return float(self.scores_of([book_id])[0])

    def scores_of(self, book_ids: Sequence[int]) -> FloatArray:
        """Shape (books,): the scores of some books; KeyError if one is unknown."""
        return self.folded.scores[self._places(book_ids)]

    def reasons(self, book_id: int) -> list[Reason]:
        """The contributions of the reader's books to a book's score, the strongest first."""
        [contributions] = self.folded.contributions(self._places([book_id]))
        return reasons_from(self.used, self.readings, contributions)

    def reasons_to_show(self, book_ids: Sequence[int]) -> list[list[ShownReason]]:
        """Of each of some books, those reasons that the reader is to see."""
        places, books = self._places(book_ids), list(self.used.items())
        is_dismissed = np.array([self.readings.get(book) == "dismissed" for book, _ in books])
        scores, parts = self.folded.scores[places], self.folded.contributions(places)
        shown = []
        for score, own, chosen in zip(
            scores.tolist(), parts, may_be_shown(parts, scores, is_dismissed), strict=True
        ):
            some = dict(books[place] for place in chosen.tolist())
            reasons = reasons_from(some, self.readings, own[chosen])
            shown.append(reasons_to_show(reasons, score, self.star_scale))
        return shown

    def alike(self, book_id: int) -> list[tuple[int, float]]:
        """The books like one with few ratings or none, through which most of its score has come.

        Each with its share of the score, the strongest first; none for a book with many ratings.
        """
        passages = self.folded.passages(self._place(book_id), MOST_ALIKE)
        return [(int(self.items.ids[one.place]), one.share) for one in passages]

    def candidate_features(self, book_ids: Sequence[int]) -> CandidateFeatures:
        """Counts of ratings and similarity of some books; KeyError if one is unknown."""
        places = self._places(book_ids)
        return CandidateFeatures(
            ratings=self.items.ratings[places],
            similarity=similarity_of(self.release.parts, self.items.as_offered(places)),
        )

    def expected_stars(self, book_ids: Sequence[int]) -> list[float | None]:
        """The stars the reader would probably give; None for books that nobody has rated."""
        return _expected_stars(self.release, self.rated, book_ids)

    def _place(self, book_id: int) -> int:
        return int(self._places([book_id])[0])

    def _places(self, book_ids: Sequence[int]) -> IntArray:
        places = self.items.places_of(np.array(book_ids, dtype=np.int64))
        if (places < 0).any():
            raise KeyError(f"Book {book_ids[int(places.argmin())]} is not known.")
        return places


def _expected_stars(
    release: Release, ratings: Mapping[int, float], book_ids: Sequence[int]
) -> list[float | None]:
    rows = release.rows_of(np.array(book_ids, dtype=np.int64))
    is_rated = (rows >= 0) & (release.books["ratings"][rows] > 0)
    expected = None
    if release.stars is not None:
        rated = release.rows_of(np.array(list(ratings), dtype=np.int64))
        given = np.array(list(ratings.values()))[rated >= 0]
        expected = release.stars.expected(rated[rated >= 0], given, rows)
    if expected is None:
        return [None for _ in book_ids]
    return [
        float(stars) if known else None for known, stars in zip(is_rated, expected, strict=True)
    ]
