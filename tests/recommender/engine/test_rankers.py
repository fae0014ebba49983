import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.engine.rankers import top_n
from recommender.engine.values import ScoredBook

NONE = np.empty(0, dtype=np.int64)


@given(
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75]), min_size=1, max_size=40),
    st.integers(0, 45),
    st.sets(st.integers(0, 39)),
)
def test_equals_the_head_of_a_full_sort(scores: list[float], n: int, exclude: set[int]) -> None:
    excluded = np.array(sorted(row for row in exclude if row < len(scores)), dtype=np.int64)
    ids = np.arange(100, 100 + len(scores), dtype=np.int64)
    full = sorted(((-score, 100 + row) for row, score in enumerate(scores) if row not in excluded))
    expected = [ScoredBook(book, -minus) for minus, book in full[:n]]
    assert top_n(np.array(scores), ids, n, exclude_rows=excluded) == expected


@given(st.integers(0, 2**32 - 1), st.integers(1, 120), st.integers(0, 2_000))
def test_the_same_among_many_books_most_of_which_have_the_same_score(
    seed: int, n: int, others: int
) -> None:
    scores = np.zeros(3_000)
    random = np.random.default_rng(seed)
    scores[random.choice(3_000, others, replace=False)] = random.integers(-9, 9, others)
    ids = np.arange(3_000, dtype=np.int64)
    best = np.lexsort((ids, -scores))[:n].tolist()
    assert [one.book_id for one in top_n(scores, ids, n, exclude_rows=NONE)] == best


def test_ties_at_the_cut_go_to_the_lower_book_id() -> None:
    ids = np.array([5, 9, 12, 40], dtype=np.int64)
    top = top_n(np.array([1.0, 1.0, 1.0, 2.0]), ids, 2, exclude_rows=NONE)
    assert [book.book_id for book in top] == [40, 5]


def test_nothing_left_gives_nothing() -> None:
    ids = np.array([1, 2], dtype=np.int64)
    assert top_n(np.array([1.0, 2.0]), ids, 5, exclude_rows=np.array([0, 1])) == []
