"""The metrics beside those of ir-measures, and by hand where that has none."""

import ir_measures
import numpy as np
import pytest
from ir_measures import R, nDCG

from spark.metrics import (
    ReaderRanking,
    bootstrap_interval,
    disliked_at,
    gini,
    intra_list_distance,
    ndcg_at,
    over_lists,
    per_reader,
    recall_at,
)

NAN = np.nan


def ranking(stars: list[float], liked: int, first: int = 0) -> ReaderRanking:
    return ReaderRanking(np.arange(first, first + len(stars)), np.array(stars), liked)


@pytest.mark.parametrize("seed", range(6))
def test_ndcg_and_recall_are_those_of_ir_measures(seed: int) -> None:
    random = np.random.default_rng(seed)
    hidden = {str(book): int(random.integers(1, 6)) for book in random.choice(400, 25, False)}
    ranked = random.permutation(400)[:100]
    liked = {book for book, stars in hidden.items() if stars >= 4}
    relevant = np.array([str(book) in liked for book in ranked])
    judged = [ir_measures.Qrel("r", book, int(book in liked)) for book in hidden]
    run = [ir_measures.ScoredDoc("r", str(book), 100.0 - i) for i, book in enumerate(ranked)]
    expected = ir_measures.calc_aggregate([nDCG @ 10, nDCG @ 100, R @ 50], judged, run)
    assert ndcg_at(10, relevant, len(liked)) == pytest.approx(expected[nDCG @ 10])
    assert ndcg_at(100, relevant, len(liked)) == pytest.approx(expected[nDCG @ 100])
    # Twenty-five hidden books always fit into fifty places, so both divide by the same.
    assert recall_at(50, relevant, len(liked)) == pytest.approx(expected[R @ 50])


def test_recall_is_of_as_many_as_can_be_among_the_first() -> None:
    relevant = np.array([True] * 5 + [False] * 5)
    assert recall_at(5, relevant, 40) == 1.0
    assert recall_at(10, relevant, 10) == 0.5


def test_disliked_counts_hidden_books_only() -> None:
    stars = np.array([5.0, NAN, 2.0, NAN, 1.5, 3.0])
    assert disliked_at(20, stars) == 0.5
    assert disliked_at(2, stars) == 0.0
    assert disliked_at(20, np.array([NAN, NAN])) == 0.0


def test_gini_of_the_even_and_of_the_uneven() -> None:
    assert gini(np.array([3, 3, 3, 3])) == 0.0
    assert gini(np.array([0, 0, 0, 8])) == pytest.approx(0.75)
    assert gini(np.array([0, 0])) == 0.0


def test_lists_together() -> None:
    lists = [ranking([NAN] * 10, 1), ranking([NAN] * 10, 1), ranking([NAN] * 10, 1, first=10)]
    together = over_lists(lists, 40)
    assert together["coverage@10"] == 0.5
    assert together["max_share@10"] == pytest.approx(2 / 3)


def test_readers_who_hid_nothing_they_like_are_not_counted() -> None:
    values = per_reader([ranking([5.0] * 10, 10), ranking([1.0] * 10, 0)], np.full(10, 0.25))
    assert values["ndcg@10"][0] == pytest.approx(1.0)
    assert np.isnan(values["ndcg@10"][1])
    assert values["popularity@10"].tolist() == [0.25, 0.25]
    assert values["disliked@20"].tolist() == [0.0, 1.0]


def test_the_interval_holds_the_mean_and_narrows_with_readers() -> None:
    random = np.random.default_rng(1)
    few, many = random.random(50), random.random(5000)
    low, high = bootstrap_interval(few, seed=2)
    assert low < few.mean() < high
    narrow = bootstrap_interval(many, seed=2)
    assert narrow[1] - narrow[0] < (high - low) / 5
    assert bootstrap_interval(few, seed=2) == (low, high)


def test_distance_within_a_list_is_the_mean_over_its_pairs() -> None:
    vectors = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    stars = np.full(3, np.nan)
    lists = [
        ReaderRanking(np.array(rows), stars[: len(rows)], 1) for rows in ([0, 1], [0, 1, 2], [2])
    ]
    distances = intra_list_distance(lists, vectors)
    assert distances[:2] == pytest.approx([0.0, 2 / 3])
    assert np.isnan(distances[2])
