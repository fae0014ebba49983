"""The fold-in against its own definition; tests/spark holds it to Spark's half-step."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.engine.foldin import FactorRanker
from recommender.engine.mixture import Mixture
from recommender.engine.values import Float32Array, FloatArray, IntArray, NothingToFoldIn
from recommender.engine.weights import SIGNED_WEIGHTS
from tests.recommender.engine.releases import item_factors

BOOKS = 30


def ranker(factors: Float32Array | None = None, *, alpha: float = 5.0) -> FactorRanker:
    return FactorRanker(
        item_factors(BOOKS) if factors is None else factors,
        weights=SIGNED_WEIGHTS,
        alpha=alpha,
        regularization=0.1,
    )


def naive_reader_factor(
    factors: Float32Array, rows: IntArray, weights: FloatArray, *, alpha: float
) -> FloatArray:
    """Weighted least squares over every book, written as the paper states it: one row a book."""
    y = factors.astype(np.float64)
    confidence, preference = np.ones(len(y)), np.zeros(len(y))
    confidence[rows] += alpha * np.abs(weights)
    preference[rows] = weights > 0
    system = y.T @ np.diag(confidence) @ y + 0.1 * (weights > 0).sum() * np.eye(y.shape[1])
    return np.linalg.solve(system, y.T @ (confidence * preference))


readers = st.dictionaries(
    st.integers(0, BOOKS - 1), st.sampled_from([-0.5, -0.2, 0.0, 0.3, 0.65, 1.0, 1.3]), min_size=1
).filter(lambda ratings: max(ratings.values()) > 0)


def arrays(ratings: dict[int, float]) -> tuple[IntArray, FloatArray]:
    return np.array(list(ratings), dtype=np.int64), np.array(list(ratings.values()))


def one(row: int) -> Mixture:
    return Mixture.of_rows(np.array([row]))


def given_by(ratings: dict[int, float]) -> tuple[Mixture, FloatArray]:
    rows, weights = arrays(ratings)
    return Mixture.of_rows(rows), weights


@given(readers)
def test_solves_the_least_squares_problem_of_the_paper(ratings: dict[int, float]) -> None:
    rows, weights = arrays(ratings)
    scores = ranker().fold_in(Mixture.of_rows(rows), weights)
    expected = naive_reader_factor(item_factors(BOOKS), rows, weights, alpha=5.0)
    np.testing.assert_allclose(scores.reader_factor, expected, atol=2e-6)
    np.testing.assert_allclose(scores.scores, item_factors(BOOKS) @ expected, atol=1e-5)


@pytest.mark.parametrize("rank", [4, 40])
def test_few_ratings_are_solved_by_their_own_small_system(rank: int) -> None:
    # Six ratings: with four factors the system is solved as it stands.
    factors = item_factors(BOOKS, rank)
    rows, weights = np.arange(0, 12, 2), np.array([1.3, -0.5, 1.0, 0.0, 0.3, -0.2])
    folded = ranker(factors).fold_in(Mixture.of_rows(rows), weights)
    expected = naive_reader_factor(factors, rows, weights, alpha=5.0)
    np.testing.assert_allclose(folded.reader_factor, expected, atol=2e-6)
    for book in range(BOOKS):
        [parts] = folded.contributions(one(book))
        assert abs(parts.sum() - folded.scores[book]) < 1e-5
        assert parts[[1, 3, 5]].tolist() == [0.0, 0.0, 0.0]


def test_the_offset_of_a_release_counts_as_so_many_more_likes() -> None:
    settings = {"weights": SIGNED_WEIGHTS.to_json(), "alpha": 5.0, "regularization": 0.1}
    rows, weights = np.array([3, 8]), np.array([1.3, 1.0])
    factors = item_factors(BOOKS)
    with_offset = FactorRanker.from_part(
        {"item_factors": factors}, {**settings, "regularization_offset": 2.0}
    )
    twice = FactorRanker.from_part({"item_factors": factors}, {**settings, "regularization": 0.2})
    np.testing.assert_allclose(
        with_offset.fold_in(Mixture.of_rows(rows), weights).scores,
        twice.fold_in(Mixture.of_rows(rows), weights).scores,
        atol=1e-6,
    )


def test_who_likes_few_books_is_held_closer_to_the_mean() -> None:
    settings = {"weights": SIGNED_WEIGHTS.to_json(), "alpha": 5.0, "regularization": 0.1}
    factors = item_factors(BOOKS)
    rows, weights = np.array([3, 8]), np.array([1.3, 1.0])
    few = FactorRanker.from_part({"item_factors": factors}, {**settings, "fold_in_few": 4.0})
    five = FactorRanker.from_part({"item_factors": factors}, {**settings, "regularization": 0.5})
    np.testing.assert_allclose(
        few.fold_in(Mixture.of_rows(rows), weights).scores,
        five.fold_in(Mixture.of_rows(rows), weights).scores,
        atol=1e-6,
    )


@given(readers, st.integers(0, BOOKS - 1))
def test_contributions_sum_to_the_score(ratings: dict[int, float], row: int) -> None:
    folded = ranker().fold_in(*given_by(ratings))
    assert abs(folded.contributions(one(row)).sum() - folded.scores[row]) < 1e-5


@given(readers, st.randoms(use_true_random=False))
def test_the_order_of_ratings_does_not_matter(ratings: dict[int, float], random: Random) -> None:
    items = list(ratings.items())
    random.shuffle(items)
    np.testing.assert_allclose(
        ranker().fold_in(*given_by(dict(items))).scores,
        ranker().fold_in(*given_by(ratings)).scores,
        atol=1e-6,
    )


@given(readers)
def test_a_weight_of_zero_says_nothing(ratings: dict[int, float]) -> None:
    silent = {row: 0.0 for row in range(BOOKS) if row not in ratings}
    np.testing.assert_allclose(
        ranker().fold_in(*given_by(ratings | silent)).reader_factor,
        ranker().fold_in(*given_by(ratings)).reader_factor,
        atol=1e-6,
    )


@given(readers, st.integers(0, BOOKS - 1))
def test_disliking_one_more_book_never_raises_its_score(
    ratings: dict[int, float], row: int
) -> None:
    without = {other: weight for other, weight in ratings.items() if other != row}
    if not without or max(without.values()) <= 0:
        return
    before = ranker().fold_in(*given_by(without)).scores[row]
    after = ranker().fold_in(*given_by(without | {row: -0.5})).scores[row]
    assert abs(after) <= abs(before) + 1e-6


def test_a_single_like_puts_its_own_book_first() -> None:
    rows, weights = np.array([7]), np.array([1.3])
    # Unit length, for a longer factor could otherwise beat the liked one.
    factors = item_factors(BOOKS)
    factors /= np.linalg.norm(factors, axis=1, keepdims=True)
    assert np.argmax(ranker(factors).fold_in(Mixture.of_rows(rows), weights).scores) == 7


def test_a_dislike_has_no_part_in_the_sum_but_lowers_its_like() -> None:
    factors = np.eye(3, dtype=np.float32)
    factors[1] = [0.9, 0.1, 0.0]
    liked = ranker(factors).fold_in(Mixture.of_rows(np.array([0])), np.array([1.0]))
    mixed = ranker(factors).fold_in(Mixture.of_rows(np.array([0, 1])), np.array([1.0, -0.5]))
    assert mixed.scores[1] < liked.scores[1]
    assert mixed.contributions(one(1))[0, 1] == 0.0


@pytest.mark.parametrize("weights", [[-0.5, -0.2], [0.0, 0.0], [-0.5, 0.0]])
def test_without_any_like_there_is_nothing_to_fold_in(weights: list[float]) -> None:
    with pytest.raises(NothingToFoldIn, match="enjoyed"):
        ranker().fold_in(Mixture.of_rows(np.array([1, 2])), np.array(weights))


def test_factors_are_never_written_to() -> None:
    factors = item_factors(BOOKS)
    factors.flags.writeable = False
    ranker(factors).fold_in(Mixture.of_rows(np.array([1])), np.array([1.0]))


def test_more_books_than_one_chunk_add_up_to_the_same_gram(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = ranker().gram
    monkeypatch.setattr("recommender.engine.foldin.GRAM_CHUNK", 7)
    np.testing.assert_allclose(ranker().gram, whole, atol=1e-6)


def test_factors_that_are_no_matrix_are_refused() -> None:
    with pytest.raises(ValueError, match="matrix"):
        ranker(np.zeros(3, dtype=np.float32))
