import numpy as np
import pytest
from scipy.sparse import csr_array

from recommender.engine.mixture import Mixture
from recommender.engine.neighbours import NeighbourRanker
from recommender.engine.values import NothingToFoldIn
from recommender.engine.weights import SIGNED_WEIGHTS

BOOKS = 60


def dense_and_ranker(seed: int = 5) -> tuple[np.ndarray, NeighbourRanker]:
    random = np.random.default_rng(seed)
    whole = random.random((BOOKS, BOOKS)) * (random.random((BOOKS, BOOKS)) < 0.2)
    matrix = csr_array(whole.astype(np.float32))
    ranker = NeighbourRanker(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data,
        weights=SIGNED_WEIGHTS,
    )
    return matrix.toarray(), ranker


def test_scores_are_the_weighted_rows_of_the_rated_books() -> None:
    matrix, ranker = dense_and_ranker()
    rows, weights = np.array([3, 17, 40]), np.array([1.0, -0.5, 1.3])
    expected = weights @ matrix[rows]
    assert np.allclose(ranker.fold_in(Mixture.of_rows(rows), weights).scores, expected, atol=1e-6)


def test_the_parts_of_every_score_sum_to_it() -> None:
    matrix, ranker = dense_and_ranker()
    rows, weights = np.array([59, 0, 8, 21]), np.array([0.3, 1.0, -0.2, 1.3])
    folded = ranker.fold_in(Mixture.of_rows(rows), weights)
    for book in range(BOOKS):
        [parts] = folded.contributions(Mixture.of_rows(np.array([book])))
        assert np.allclose(parts, weights * matrix[rows, book], atol=1e-7)
        assert parts.sum() == pytest.approx(folded.scores[book], abs=1e-5)


def test_a_dislike_takes_away_where_a_like_gives() -> None:
    matrix, ranker = dense_and_ranker()
    liked, disliked = 3, 4
    both = ranker.fold_in(Mixture.of_rows(np.array([liked, disliked])), np.array([1.0, -1.0]))
    touched = np.flatnonzero(matrix[disliked])
    assert (both.scores[touched] < matrix[liked][touched]).all()


def test_without_any_like_there_is_nothing_to_fold_in() -> None:
    _, ranker = dense_and_ranker()
    with pytest.raises(NothingToFoldIn, match="rate at least one book that you enjoyed"):
        ranker.fold_in(Mixture.of_rows(np.array([1, 2])), np.array([-0.5, 0.0]))


@pytest.mark.parametrize(
    ("starts", "targets", "values"),
    [
        pytest.param([0, 1, 3], [1, 0], [0.1, 0.2], id="rows reach beyond the weights"),
        pytest.param([0, 2, 1, 2], [1, 0], [0.1, 0.2], id="rows run backwards"),
        pytest.param([0, 1, 2], [1, 2], [0.1, 0.2], id="a book too many"),
        pytest.param([0, 1, 2], [1, -1], [0.1, 0.2], id="a negative book"),
        pytest.param([0, 1, 2], [1, 0], [0.1], id="a weight too few"),
    ],
)
def test_tensors_out_of_step_are_refused(
    starts: list[int], targets: list[int], values: list[float]
) -> None:
    with pytest.raises(ValueError, match="neighbors"):
        NeighbourRanker(
            np.array(starts, dtype=np.int64),
            np.array(targets, dtype=np.int32),
            np.array(values, dtype=np.float32),
            weights=SIGNED_WEIGHTS,
        )
