"""Which ratings are named as reasons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.engine.explain import StarScale, reasons_to_show
from recommender.engine.foldin import FactorRanker
from recommender.engine.mixture import Mixture
from recommender.engine.neighbours import NeighbourRanker
from recommender.engine.rankers import Ranker
from recommender.engine.values import Reason
from recommender.engine.weights import SIGNED_WEIGHTS


def told(*reasons: tuple[int, float, float], score: float = 1.0) -> list[tuple[str, int]]:
    ratings = [Reason(book_id, stars, part) for book_id, stars, part in reasons]
    return [(one.kind, one.reason.book_id) for one in reasons_to_show(ratings, score)]


def test_the_strongest_three_are_named() -> None:
    got = told((1, 5, 0.1), (2, 4, 0.4), (3, 3.5, 0.2), (4, 5, 0.3))
    assert got == [("liked", 2), ("liked", 4), ("liked", 3)]


def test_a_disliked_book_that_moved_it_up_is_called_disliked() -> None:
    assert told((1, 5, 0.6), (2, 1, 0.4)) == [("liked", 1), ("disliked", 2)]


def test_a_rating_that_pulled_it_down_takes_the_last_place() -> None:
    got = told((1, 5, 0.5), (2, 5, 0.4), (3, 5, 0.3), (4, 1, -0.2))
    assert got == [("liked", 1), ("liked", 2), ("against", 4)]


def test_a_small_pull_down_is_not_worth_a_word() -> None:
    assert told((1, 5, 1.05), (2, 1, -0.05)) == [("liked", 1)]


def test_a_liked_book_with_a_negative_part_is_not_named() -> None:
    assert told((1, 5, 1.5), (2, 5, -0.5)) == [("liked", 1)]


def test_neither_liked_nor_disliked_was_read() -> None:
    assert told((1, 2.5, 1.0), (2, 3, 0.5)) == [("read", 1), ("read", 2)]


def test_without_stars_it_depends_on_how_it_was_read() -> None:
    reasons = [
        Reason(1, None, 0.4, "once"),
        Reason(2, None, 0.3, "again"),
        Reason(3, None, 0.2, "unfinished"),
    ]
    kinds = [one.kind for one in reasons_to_show(reasons, 1.0)]
    assert kinds == ["read", "reread", "unfinished"]


def test_a_book_without_stars_is_never_a_dislike() -> None:
    reasons = [Reason(1, 5, 1.5), Reason(2, None, -0.5, "unfinished")]
    assert [one.reason.book_id for one in reasons_to_show(reasons, 1.0)] == [1]


@pytest.mark.parametrize(
    ("given", "liked", "disliked"),
    [
        ([3, 3, 3], [3.5, 4], [2, 1]),  # too few for a mean
        ([5] * 9 + [4], [5], [1, 2]),  # 4 is less than this reader's usual
        ([2] * 9 + [3], [3, 4], [1, 2]),  # 3 is more
        ([1] * 9 + [3], [3], [1]),
        ([3] * 12, [3.25, 4], [2]),  # always the same says nothing
        ([4] * 12, [4, 5], [2]),
    ],
)
def test_what_stars_mean_depends_on_what_their_reader_usually_gives(
    given: list[float], liked: list[float], disliked: list[float]
) -> None:
    scale = StarScale.of(given)
    every = [1, 2, 2.5, 3, 3.25, 3.5, 4, 5]
    assert set(liked) <= {stars for stars in every if scale.is_liked(stars)}
    assert min(liked) == min(stars for stars in every if scale.is_liked(stars))
    assert max(disliked) == max(stars for stars in every if scale.is_disliked(stars))


def test_a_score_that_is_not_positive_has_no_reasons() -> None:
    assert told((1, 5, 0.5), (2, 1, -0.5), score=0.0) == []


@given(
    st.lists(st.tuples(st.sampled_from([0.5, 1, 2, 2.5, 3, 4, 5]), st.floats(-1, 1)), max_size=14),
    st.floats(0.01, 2),
)
def test_nobody_is_told_to_have_liked_what_they_put_below_their_mean(
    ratings: list[tuple[float, float]], score: float
) -> None:
    reasons = [Reason(n, stars, part) for n, (stars, part) in enumerate(ratings)]
    given = [stars for stars, _ in ratings]
    named = reasons_to_show(reasons, score, StarScale.of(given))
    assert len(named) <= 3
    for one in named:
        stars = one.reason.stars
        assert stars is not None
        if one.kind == "liked":
            assert stars >= 3
            assert len(given) < 10 or stars >= np.mean(given)
        if one.kind in ("disliked", "against"):
            assert stars <= 2
            assert len(given) < 10 or stars < np.mean(given)
        assert (one.kind == "against") == (one.share < 0)


@given(
    st.dictionaries(
        st.integers(0, 7), st.sampled_from([0.5, 1, 2, 3, 4, 4.5, 5]), min_size=1
    ).filter(lambda ratings: max(ratings.values()) >= 3),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["neighbours", "factors"]),
)
def test_parts_sum_to_the_score_whatever_the_ranker(
    ratings: dict[int, float], seed: int, ranker: str
) -> None:
    random = np.random.default_rng(seed)
    rows = np.array(sorted(ratings), dtype=np.int64)
    chosen: Ranker
    if ranker == "factors":
        factors = random.normal(0, 0.4, (8, 4)).astype(np.float32)
        chosen = FactorRanker(factors, weights=SIGNED_WEIGHTS, alpha=5.0, regularization=0.1)
    else:
        weights = (random.normal(size=(8, 8)) * (1 - np.eye(8))).astype(np.float32)
        filled = weights != 0
        chosen = NeighbourRanker(
            np.cumsum([0, *filled.sum(axis=1)]).astype(np.int64),
            np.nonzero(filled)[1].astype(np.int32),
            weights[filled],
            weights=SIGNED_WEIGHTS,
        )
    folded = chosen.fold_in(
        Mixture.of_rows(rows), SIGNED_WEIGHTS(np.array([ratings[int(r)] for r in rows]))
    )
    for row in range(8):
        assert (
            abs(folded.contributions(Mixture.of_rows(np.array([row]))).sum() - folded.scores[row])
            < 1e-5
        )


def test_a_dismissed_book_is_named_where_it_pulled_a_little_and_never_as_support() -> None:
    reasons = [
        Reason(1, 5, 0.95),
        Reason(2, None, 0.07, "dismissed"),
        Reason(3, None, -0.02, "dismissed"),
    ]
    shown = [(one.kind, one.reason.book_id) for one in reasons_to_show(reasons, 1.0)]
    assert shown == [("liked", 1), ("dismissed", 3)]
    assert len(reasons_to_show(reasons, 1.1)) == 1
