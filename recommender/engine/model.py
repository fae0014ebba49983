"""The entry point of the numerics: ratings in, scored books and reasons out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.engine.dial import CandidateFeatures, similarity_of
from recommender.engine.explain import ShownReason, StarScale, reasons_from, reasons_to_show
from recommender.engine.neighbours import NeighbourRanker
from recommender.engine.rankers import Ranker, RankerScores, top_n
from recommender.engine.release import Release
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

NO_READINGS: Mapping[int, Reading] = {}


class Model:
    """An opened release, ready to answer. Immutable, so threads may share it."""

    def __init__(self, release: Release) -> None:
        self.release = release

    def fold_in(
        self,
        ratings: Mapping[int, float],
        readings: Mapping[int, Reading] = NO_READINGS,
        *,
        ranker: str | None = None,
    ) -> "Scores":
        """Score every book of the release for one reader.

        Parameters
        ----------
        ratings
            Stars (half and quarter stars too) by book id. Books the release does not know are
            ignored; ``Scores.unknown`` lists them.
        readings
            How books were read, by book id: those without stars count by this, and those with stars
            count for more if they were read again.
        ranker
            The part of the release to rank by; `Release.ranker_for` these books if not given.

        Raises
        ------
        InvalidRating
            If a rating is NaN or lies outside 0.25 to 5 stars.
        NothingToFoldIn
            If no book that the release knows speaks for others: none was read, or only ones that
            the reader disliked or gave up.
        UnknownRanker
            If the release holds no such ranker.
        """
        if ranker is not None and ranker not in self.release.rankers:
            known = ", ".join(sorted(self.release.rankers))
            raise UnknownRanker(f"This release has no ranker {ranker!r}; it has: {known}.")
        for book_id, stars in ratings.items():
            if not LOWEST_STARS <= stars <= HIGHEST_STARS:
                raise InvalidRating(
                    f"Book {book_id} is rated {stars}; "
                    f"ratings go from {LOWEST_STARS:g} to {HIGHEST_STARS:g} stars."
                )
        # In order of book id, so that sums round alike whatever order the books came in.
        ids = np.array(sorted({*ratings, *readings}), dtype=np.int64)
        rows = self.release.rows_of(ids)
        is_known = rows >= 0
        used: list[int] = ids[is_known].tolist()
        if not used:
            raise NothingToFoldIn(
                "None of these books is known to the model; rate a few that the catalog has."
            )
        if all(book_id not in ratings and readings[book_id] == "unfinished" for book_id in used):
            # A small weight beside others; on their own they would recommend more of the same.
            raise NothingToFoldIn("All of these books were given up; rate one that you enjoyed.")
        name = ranker or self.release.ranker_for(len(used))
        chosen = self.release.rankers[name]
        folded = chosen.fold_in(rows[is_known], _weights(chosen, used, ratings, readings))
        return Scores(
            release=self.release,
            ranker=name,
            used={book_id: ratings.get(book_id) for book_id in used},
            readings=readings,
            star_scale=StarScale.of(ratings.values()),
            unknown=tuple(ids[~is_known].tolist()),
            folded=folded,
        )

    def knows(self, book_ids: Collection[int]) -> frozenset[int]:
        """Those of the books that the release has."""
        ids = np.array(sorted(book_ids), dtype=np.int64)
        return frozenset(int(i) for i in ids[self.release.rows_of(ids) >= 0])

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
    """One reader's scores of all books of a release.

    Attributes
    ----------
    used
        The books that were used: their stars by id, None for those without, in order of id.
    readings
        How books were read, by id.
    star_scale
        How the reader gives stars.
    unknown
        Ids of books that the release does not know.
    """

    release: Release
    ranker: str
    used: Mapping[int, float | None]
    readings: Mapping[int, Reading]
    star_scale: StarScale
    unknown: tuple[int, ...]
    folded: RankerScores

    @property
    def rated(self) -> dict[int, float]:
        """The ratings that were used: stars by book id, in order of id."""
        return {book_id: stars for book_id, stars in self.used.items() if stars is not None}

    def top(self, n: int, *, exclude: Collection[int] = ()) -> list[ScoredBook]:
        """The n best books; those the reader knows are among them unless excluded."""
        rows = self.release.rows_of(np.array(sorted(exclude), dtype=np.int64))
        return top_n(self.folded.scores, self.release.book_ids, n, exclude_rows=rows[rows >= 0])

    def score(self, book_id: int) -> float:
        """The score of one book; KeyError if the release does not know it."""
        return float(self.folded.scores[self._row(book_id)])

    def reasons(self, book_id: int) -> list[Reason]:
        """The contributions of the reader's books to a book's score, the strongest first."""
        contributions = self.folded.contributions(self._row(book_id))
        return reasons_from(self.used, self.readings, contributions)

    def reasons_to_show(self, book_id: int) -> list[ShownReason]:
        """Those of them that the reader is to see."""
        return reasons_to_show(self.reasons(book_id), self.score(book_id), self.star_scale)

    def candidate_features(self, book_ids: Sequence[int]) -> CandidateFeatures:
        """Counts of ratings and similarity of some books; KeyError if one is unknown."""
        release, rows = self.release, self._rows(book_ids)
        return CandidateFeatures(
            ratings=release.books["ratings"][rows].astype(np.int64),
            similarity=similarity_of(release.parts, rows),
        )

    def expected_stars(self, book_ids: Sequence[int]) -> list[float | None]:
        """The stars the reader would probably give; None for books that can't be predicted."""
        release = self.release
        rows = release.rows_of(np.array(book_ids, dtype=np.int64))
        expected = None
        if release.stars is not None:
            ratings = self.rated
            rated = release.rows_of(np.array(list(ratings), dtype=np.int64))
            given = np.array(list(ratings.values()))
            expected = release.stars.expected(rated, given, rows)
        if expected is None:
            return [None for _ in book_ids]
        return [
            float(stars) if row >= 0 else None for row, stars in zip(rows, expected, strict=True)
        ]

    def _row(self, book_id: int) -> int:
        return int(self._rows([book_id])[0])

    def _rows(self, book_ids: Sequence[int]) -> IntArray:
        rows = self.release.rows_of(np.array(book_ids, dtype=np.int64))
        if (rows < 0).any():
            raise KeyError(f"The release does not know book {book_ids[int(rows.argmin())]}.")
        return rows


def _weights(
    ranker: Ranker,
    book_ids: Sequence[int],
    ratings: Mapping[int, float],
    readings: Mapping[int, Reading],
) -> FloatArray:
    """The weight of each book, shape (books,): by its stars, or by how it was read without any."""
    stars = np.array([ratings.get(book_id, np.nan) for book_id in book_ids])
    weights = ranker.weights(stars)
    for place, book_id in enumerate(book_ids):
        reading = readings.get(book_id, "once")
        if book_id in ratings:
            weights[place] = ranker.reading_weights.with_stars(weights[place], reading)
        else:
            weights[place] = ranker.reading_weights.without_stars(reading)
    return weights
