"""Reasons: which of the reader's ratings a book's score comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recommender.engine.values import FloatArray, Reason

#: A book with at least so many stars counts as liked, one with at most so many as disliked.
LIKED = 3.0
DISLIKED = 2.0
MOST_SHOWN = 3
#: A rating that lowers the score is shown if it costs at least this share of it.
LEAST_SHARE_AGAINST = 0.1

Kind = Literal["liked", "disliked", "against"]


@dataclass(frozen=True, slots=True)
class ShownReason:
    """A rating that is shown to the reader as a reason.

    ``liked``: a liked book whose rating raised the score. ``disliked``: a disliked book whose
    rating raised it, as the two have different readers. ``against``: a disliked book whose rating
    lowered it.
    """

    kind: Kind
    reason: Reason
    share: float


def reasons_from(
    book_ids: Sequence[int], stars: Sequence[float], contributions: FloatArray
) -> list[Reason]:
    """The ratings that contributed to a score, the strongest first (ties: lower book id).

    The contributions sum to the score: only exact zeros are left out.
    """
    reasons = [
        Reason(book_ids[place], stars[place], float(contributions[place]))
        for place in np.flatnonzero(contributions).tolist()
    ]
    return sorted(reasons, key=lambda reason: (-reason.contribution, reason.book_id))


def reasons_to_show(reasons: Sequence[Reason], score: float) -> list[ShownReason]:
    """At most three reasons for the reader to see; none if the score is not positive.

    Those that raised the score come first, the strongest ahead. The rating that lowered it most
    takes the last place if it costs a tenth of the score or more. A rating between a like and a
    dislike is never shown, and a disliked book never counts as liked.
    """
    if score <= 0:
        return []
    supporting = [
        ShownReason("liked" if reason.stars >= LIKED else "disliked", reason, share)
        for reason in reasons
        if (share := reason.contribution / score) > 0 and not DISLIKED < reason.stars < LIKED
    ]
    supporting.sort(key=lambda one: (-one.share, one.reason.book_id))
    against = [
        ShownReason("against", reason, share)
        for reason in reasons
        if (share := reason.contribution / score) <= -LEAST_SHARE_AGAINST
        and reason.stars <= DISLIKED
    ]
    if not against:
        return supporting[:MOST_SHOWN]
    strongest = min(against, key=lambda one: (one.share, one.reason.book_id))
    return [*supporting[: MOST_SHOWN - 1], strongest]
