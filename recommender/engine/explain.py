"""Reasons: which of the reader's ratings a book's score comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recommender.engine.values import FloatArray, Reason

#: From so many stars on a book counts as liked, down from so many as disliked.
LIKED = 3.0
DISLIKED = 2.0
NAMED = 3
#: A rating that pulls a book down is worth a word if it costs this share of the score.
WORTH_A_WORD = 0.1

Kind = Literal["liked", "disliked", "against"]


@dataclass(frozen=True, slots=True)
class ToldReason:
    """A rating that is named to the reader.

    ``liked``: a liked book that speaks for the recommended one. ``disliked``: a disliked book
    whose rating speaks for it, as its readers differ. ``against``: a disliked book whose rating
    pulled it down.
    """

    kind: Kind
    reason: Reason
    share: float


def reasons_from(
    book_ids: Sequence[int], stars: Sequence[float], contributions: FloatArray
) -> list[Reason]:
    """The ratings that took part in a score, the strongest first (ties: lower book id).

    The contributions of the reasons sum to the score: only exact zeros are left out.
    """
    reasons = [
        Reason(book_ids[place], stars[place], float(contributions[place]))
        for place in np.flatnonzero(contributions).tolist()
    ]
    return sorted(reasons, key=lambda reason: (-reason.contribution, reason.book_id))


def told_reasons(reasons: Sequence[Reason], score: float) -> list[ToldReason]:
    """The few reasons that are worth naming, at most three; none if the score is not positive.

    Those that speak for the book come first, the strongest ahead. The rating that pulled it down
    most takes the last place if it costs a tenth of the score or more. A rating between a
    like and a dislike is never named, nor does a disliked book ever count as liked.
    """
    if score <= 0:
        return []
    supporting = [
        ToldReason("liked" if reason.stars >= LIKED else "disliked", reason, share)
        for reason in reasons
        if (share := reason.contribution / score) > 0 and not DISLIKED < reason.stars < LIKED
    ]
    supporting.sort(key=lambda one: (-one.share, one.reason.book_id))
    against = [
        ToldReason("against", reason, share)
        for reason in reasons
        if (share := reason.contribution / score) <= -WORTH_A_WORD and reason.stars <= DISLIKED
    ]
    if not against:
        return supporting[:NAMED]
    strongest = min(against, key=lambda one: (one.share, one.reason.book_id))
    return [*supporting[: NAMED - 1], strongest]
