"""Which ratings are named as reasons."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.engine.explain import reasons_to_show
from recommender.engine.foldin import FactorRanker
from recommender.engine.neighbours import NeighbourRanker
from recommender.engine.rankers import Ranker
from recommender.engine.values import Reason
from recommender.engine.weights import SIGNED_WEIGHTS


def told(*reasons: tuple[int, float, float], score: float = 1.0) -> list[tuple[str, int]]:
    ratings = [Reason(book_id, stars, part) for book_id, stars, part in reasons]
    return [(one.kind, one.reason.book_id) for one in reasons_to_show(ratings, score)]


def test_the_strongest_three_are_named() -> None:
    got = told((1, 5, 0.1), (2, 4, 0.4), (3, 3, 0.2), (4, 5, 0.3))
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


def test_neither_liked_nor_disliked_is_not_named() -> None:
    assert told((1, 2.5, 1.0)) == []


def test_a_score_that_is_not_positive_has_no_reasons() -> None:
    assert told((1, 5, 0.5), (2, 1, -0.5), score=0.0) == []


@given(
    st.lists(st.tuples(st.sampled_from([0.5, 1, 2, 2.5, 3, 4, 5]), st.floats(-1, 1)), max_size=12),
    st.floats(0.01, 2),
)
def test_nobody_is_told_that_a_disliked_book_was_liked(
    ratings: list[tuple[float, float]], score: float
) -> None:
    reasons = [Reason(n, stars, part) for n, (stars, part) in enumerate(ratings)]
    named = reasons_to_show(reasons, score)
    assert len(named) <= 3
    for one in named:
        assert (one.kind == "liked") == (one.reason.stars >= 3)
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
    folded = chosen.fold_in(rows, SIGNED_WEIGHTS(np.array([ratings[int(r)] for r in rows])))
    for row in range(8):
        assert abs(folded.contributions(row).sum() - folded.scores[row]) < 1e-5
