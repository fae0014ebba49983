"""The peers of the bench, each on ratings whose structure is planted."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from spark.bench.peers import (
    GRADED,
    Scorer,
    explicit_factors,
    fit_ease,
    fit_explicit,
    fit_item_knn,
    fit_popularity,
    solve_rows,
    weighted,
)
from spark.bench.quality import Ratings, choose_readers, measure_peer, split
from tests.spark.ratings import planted_ratings, write_ratings

CAMPS = 4


@pytest.fixture
def ratings(tmp_path: Path) -> Ratings:
    """Ratings of readers who each like the books of one camp."""
    write_ratings(tmp_path / "ratings.csv", planted_ratings(readers=200))
    return Ratings.read(tmp_path)


def train_of(ratings: Ratings) -> csr_array:
    return ratings.matrix(np.ones(len(ratings.reader), dtype=bool))


@pytest.mark.parametrize("name", ["knn", "ease", "explicit"])
def test_personal_peers_beat_popularity(ratings: Ratings, name: str) -> None:
    chosen = np.arange(40)
    readers, fold_in = split(ratings, chosen, seed=1)
    train = ratings.matrix(~np.isin(ratings.reader, chosen))

    def measured(score: Scorer) -> float:
        values = measure_peer(score, fold_in, readers, ratings.book_ids)
        return float(values["ndcg@10"])

    if name == "knn":
        score = fit_item_knn(train, neighbours=10)
    elif name == "ease":
        score = fit_ease(train, table=GRADED, ridge=10, per_book=0.1, discount=0.1)
    else:
        score = fit_explicit(train, exact=True)
    assert measured(score) > 1.5 * measured(fit_popularity(train))


def test_ease_is_the_regression_of_each_book_on_all_others(ratings: Ratings) -> None:
    train = train_of(ratings)
    score = fit_ease(train, table=GRADED, ridge=20, per_book=0, discount=0)
    rated = weighted(train, GRADED).toarray().astype(np.float64)
    others = np.arange(1, rated.shape[1])
    system = rated[:, others].T @ rated[:, others] + 20 * np.eye(len(others))
    expected = rated[:, others] @ np.linalg.solve(system, rated[:, others].T @ rated[:, 0])
    assert np.abs(np.asarray(score(train))[:, 0] - expected).max() < 1e-3


def test_a_half_step_solves_the_ridge_regression_of_each_reader(ratings: Ratings) -> None:
    train = train_of(ratings)
    items = explicit_factors(train, rank=3, rounds=2)
    factor = solve_rows(train, items, 0.1)[0]
    mine = items[train.indices[: train.indptr[1]]]
    error = mine.T @ (mine @ factor - train.data[: train.indptr[1]]) + 0.1 * len(mine) * factor
    assert np.abs(error).max() < 1e-8


def test_readers_with_a_complete_history_are_held_out(ratings: Ratings, tmp_path: Path) -> None:
    complete = tmp_path / "complete_users.csv"
    complete.write_text("user_id\n3\n5\n8\n", encoding="utf-8")
    chosen = choose_readers(ratings, complete, 2, seed=1)
    assert len(chosen) == 2
    assert set(ratings.reader_ids[chosen].tolist()) <= {3, 5, 8}
    readers, fold_in = split(ratings, chosen, seed=1)
    assert [len(readers.held_out[reader]) for reader in readers.readers] == [2, 2]
    assert np.diff(fold_in.indptr).tolist() == [8, 8]
