"""Reasons: which of the reader's ratings a book's score comes from."""

from collections.abc import Sequence

from recommender.engine.values import FloatArray, Reason


def reasons_from(
    book_ids: Sequence[int], stars: Sequence[float], contributions: FloatArray
) -> list[Reason]:
    """The ratings that took part in a score, the strongest first (ties: lower book id).

    The contributions of the reasons sum to the score: only exact zeros are left out.
    """
    reasons = [
        Reason(book_id, given, float(part))
        for book_id, given, part in zip(book_ids, stars, contributions, strict=True)
        if part
    ]
    return sorted(reasons, key=lambda reason: (-reason.contribution, reason.book_id))
