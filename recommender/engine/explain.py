"""Reasons: which of the reader's books a book's score comes from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from recommender.engine.values import FloatArray, IntArray, Reading, Reason

#: From so many ratings on, stars are seen from their reader's own mean.
RATINGS_FOR_A_MEAN = 10
#: A book with at least so many stars counts as liked; where the reader's mean is known, one above
#: that mean does from `LEAST_LIKED` on.
LIKED = 3.5
LEAST_LIKED = 3.0
#: A book with at most so many stars counts as disliked.
DISLIKED = 2.0
MOST_SHOWN = 3
#: A rating that lowers the score is shown if it costs at least this share of it.
LEAST_SHARE_AGAINST = 0.1

#: How many of the books that a score from content comes through are shown.
MOST_ALIKE = 2

#: The same of a dismissed book, which weighs little.
LEAST_SHARE_OF_DISMISSED = 0.02

Kind = Literal["liked", "reread", "read", "unfinished", "disliked", "against", "dismissed"]


@dataclass(frozen=True, slots=True)
class StarScale:
    """What stars mean to one reader; ``mean`` is None where there are too few to tell.

    Nothing below the reader's own mean is called liked, nothing from there on disliked. Of a
    reader with few ratings, or who gives everything the same stars, three stars are no like.
    """

    mean: float | None = None

    @classmethod
    def of(cls, stars: Collection[float]) -> Self:
        """The scale of a reader who gave these stars."""
        return cls(sum(stars) / len(stars) if len(stars) >= RATINGS_FOR_A_MEAN else None)

    def is_liked(self, stars: float) -> bool:
        """Whether a book with these stars may be called liked."""
        if self.mean is None:
            return stars >= LIKED
        return (stars >= LIKED and stars >= self.mean) or (
            stars >= LEAST_LIKED and stars > self.mean
        )

    def is_disliked(self, stars: float) -> bool:
        """Whether a book with these stars may be called disliked."""
        return stars <= DISLIKED and (self.mean is None or stars < self.mean)


#: The scale of a reader of whom little is known.
ABSOLUTE = StarScale()


@dataclass(frozen=True, slots=True)
class ShownReason:
    """A book of the reader's that is shown as a reason.

    ``liked``, ``disliked``: its stars say so, and it raised the score; a disliked one can, as the
    two have different readers. ``read``: it raised the score, but its reader gave it no stars, or
    ones that say neither. ``reread``, ``unfinished``: likewise, and it was read more than once, or
    given up. ``against``: a disliked book that lowered the score. ``dismissed``: likewise one that
    its reader does not want to read.
    """

    kind: Kind
    reason: Reason
    share: float


def reasons_from(
    books: Mapping[int, float | None],
    readings: Mapping[int, Reading],
    contributions: FloatArray,
) -> list[Reason]:
    """The books that contributed to a score, the strongest first (ties: lower book id).

    The contributions sum to the score: only exact zeros are left out.

    Parameters
    ----------
    books
        Stars by book id; None for a book without.
    readings
        How books were read, by id.
    contributions
        Shape (books,), in the same order.
    """
    reasons = [
        Reason(book_id, stars, float(contribution), readings.get(book_id, "once"))
        for (book_id, stars), contribution in zip(books.items(), contributions, strict=True)
        if contribution
    ]
    return sorted(reasons, key=lambda reason: (-reason.contribution, reason.book_id))


def may_be_shown(
    contributions: FloatArray, scores: FloatArray, is_dismissed: NDArray[np.bool_]
) -> list[IntArray]:
    """Of each book, the places of all contributions that `reasons_to_show` may choose, in order.

    Of a reader's hundreds of books a few, so that the others need not become reasons at all.

    Parameters
    ----------
    contributions
        Shape (books, books of the reader).
    scores
        Shape (books,).
    is_dismissed
        Shape (books of the reader,).
    """
    supporting = np.where(is_dismissed, 0.0, contributions)
    last = max(supporting.shape[1] - MOST_SHOWN, 0)
    least = np.partition(supporting, last, axis=1)[:, [last]]
    shown = (supporting > 0) & (supporting >= least)
    shown |= contributions <= -LEAST_SHARE_OF_DISMISSED * scores[:, None]
    return [np.flatnonzero(of_book) for of_book in shown]


def reasons_to_show(
    reasons: Sequence[Reason], score: float, scale: StarScale = ABSOLUTE
) -> list[ShownReason]:
    """At most three reasons for the reader to see; none if the score is not positive.

    Those that raised the score come first, the strongest ahead. The disliked book that lowered it
    most takes the last place if it costs a tenth of the score or more, a dismissed one if it costs
    a fiftieth.
    """
    if score <= 0:
        return []
    supporting = [
        ShownReason(_kind(reason, scale), reason, share)
        for reason in reasons
        if (share := reason.contribution / score) > 0 and reason.reading != "dismissed"
    ]
    supporting.sort(key=lambda one: (-one.share, one.reason.book_id))
    against = [
        ShownReason(kind, reason, share)
        for reason in reasons
        if (kind := _kind_against(reason, share := reason.contribution / score, scale))
    ]
    if not against:
        return supporting[:MOST_SHOWN]
    strongest = min(against, key=lambda one: (one.share, one.reason.book_id))
    return [*supporting[: MOST_SHOWN - 1], strongest]


def _kind_against(reason: Reason, share: float, scale: StarScale) -> Kind | None:
    """What is said of a book that lowered a score; None if nothing is."""
    if reason.stars is None:
        is_told = reason.reading == "dismissed" and share <= -LEAST_SHARE_OF_DISMISSED
        return "dismissed" if is_told else None
    is_told = share <= -LEAST_SHARE_AGAINST and scale.is_disliked(reason.stars)
    return "against" if is_told else None


def _kind(reason: Reason, scale: StarScale) -> Kind:
    """What is said of a book that raised a score."""
    if reason.stars is not None:
        if scale.is_liked(reason.stars):
            return "liked"
        return "disliked" if scale.is_disliked(reason.stars) else "read"
    by_reading: dict[str, Kind] = {"again": "reread", "unfinished": "unfinished", "once": "read"}
    return by_reading[reason.reading]
