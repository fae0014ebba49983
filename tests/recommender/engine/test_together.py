"""One order for several readers."""

import numpy as np
import pytest

from recommender.engine.together import joint_scores


def test_the_reader_who_likes_a_book_least_counts_most() -> None:
    ann = np.array([10.0, 6.0, 5.0, 1.0])
    bob = np.array([0.1, 0.5, 0.6, 1.0])  # on a scale of his own

    joint = joint_scores([ann, bob])

    assert joint == pytest.approx(
        [
            0.5 * 0.1 + 0.5 * 0.55,
            0.5 * 0.5 + 0.5 * 0.55,
            0.5 * 0.5 + 0.5 * 0.55,
            0.5 * 0.1 + 0.5 * 0.55,
        ]
    )


def test_of_two_books_alike_for_one_the_other_decides() -> None:
    joint = joint_scores([np.array([1.0, 0.5, 0.5]), np.array([1.0, 0.5, 0.9])])
    assert joint[0] > joint[2] > joint[1]


def test_what_anybody_would_not_like_has_no_score() -> None:
    joint = joint_scores([np.array([1.0, 1.0, 0.2]), np.array([-3.0, 0.0, 0.2])])
    assert list(joint > 0) == [False, False, True]


@pytest.mark.parametrize("scores", [[], [np.zeros(0)], [np.zeros(3), np.ones(3)]])
def test_without_likes_there_is_nothing_for_all(scores: list[np.ndarray]) -> None:
    assert not joint_scores(scores).any()
