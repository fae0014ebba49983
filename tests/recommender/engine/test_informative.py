"""Which books a new reader is asked about."""

import numpy as np

from recommender.engine.informative import most_informative
from recommender.engine.rerank import BookFacts


def chosen(
    ratings: list[int], alike: list[list[float]], facts: dict[int, BookFacts], n: int = 9
) -> list[int]:
    matrix = np.array(alike, dtype=np.float64)
    ids = list(range(len(ratings)))
    return most_informative(ids, np.array(ratings), lambda place: matrix[place], facts, n)


def by_different_authors(count: int) -> dict[int, BookFacts]:
    return {n: BookFacts(author_ids=(n,)) for n in range(count)}


def test_the_best_known_comes_first_and_then_what_is_unlike_it() -> None:
    alike = [[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert chosen([1000, 900, 100], alike, by_different_authors(3)) == [0, 2, 1]


def test_of_books_that_are_nothing_alike_the_known_ones_come_first() -> None:
    assert chosen([5, 500, 50], np.eye(3).tolist(), by_different_authors(3), n=2) == [1, 2]


def test_an_author_and_a_series_are_asked_about_once_and_box_sets_never() -> None:
    facts = {
        0: BookFacts(author_ids=(1,), series="cycle"),
        1: BookFacts(author_ids=(1,)),
        2: BookFacts(author_ids=(2,), series="cycle"),
        3: BookFacts(author_ids=(3,), is_collection=True),
        4: BookFacts(author_ids=(4,)),
    }
    assert chosen([9, 8, 7, 6, 5], np.eye(5).tolist(), facts) == [0, 4]


def test_books_that_nothing_is_known_of_are_left_out() -> None:
    assert chosen([9, 8], np.eye(2).tolist(), {1: BookFacts()}) == [1]
    assert chosen([], [], {}) == []
