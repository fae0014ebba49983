"""Likeness between books as a release tells it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.engine.dial import similarity_of


def neighbours(matrix: list[list[float]]) -> dict[str, dict[str, np.ndarray]]:
    """The part of a release that holds these weights, row by row."""
    rows = np.array(matrix, dtype=np.float32)
    filled = rows != 0
    return {
        "neighbours": {
            "starts": np.cumsum([0, *filled.sum(axis=1)]).astype(np.int64),
            "targets": np.nonzero(filled)[1].astype(np.int32),
            "values": rows[filled],
        }
    }


def all_pairs(parts: dict[str, dict[str, np.ndarray]], rows: list[int]) -> np.ndarray:
    similarity = similarity_of(parts, np.array(rows))
    return np.array([similarity(place) for place in range(len(rows))])


def test_books_that_speak_for_each_other_are_alike_and_others_are_not() -> None:
    parts = neighbours([[0, 0.5, 0, 0], [0.4, 0, 0, 0], [0, 0, 0, 0.1], [-0.2, 0, 0.1, 0]])
    alike = all_pairs(parts, [0, 1, 2, 3])
    np.testing.assert_allclose(alike[0, 1], 1.0)
    np.testing.assert_allclose(alike[2, 3], 1.0)
    assert (alike[:2, 2:] == 0).all()


def test_a_book_that_says_nothing_is_like_itself_alone() -> None:
    alike = all_pairs(neighbours([[0, 0], [0, 0]]), [0, 1])
    np.testing.assert_array_equal(alike, np.eye(2))


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_it_is_symmetric_and_between_zero_and_one(seed: int, by_factors: bool) -> None:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(8, 8)) * (random.random((8, 8)) < 0.4)
    np.fill_diagonal(matrix, 0)
    parts = (
        {"factors": {"item_factors": matrix.astype(np.float32)}}
        if by_factors
        else neighbours(matrix.tolist())
    )
    alike = all_pairs(parts, [5, 0, 3, 7])
    np.testing.assert_allclose(alike, alike.T, atol=1e-12)
    np.testing.assert_array_equal(np.diag(alike), np.ones(4))
    assert ((alike >= 0) & (alike <= 1)).all()
