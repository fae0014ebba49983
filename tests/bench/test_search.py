"""What the benchmark of search types."""

from random import Random

import pytest

from catalog.normalize import isbn13_of
from catalog.slips import is_slip_of
from tests.bench.search.ways import with_slip, written


@pytest.mark.parametrize("title", ["The Hunger Games", "Dune", "Emma: A Novel", "1984"])
def test_a_slip_is_in_the_longest_word_alone(title: str) -> None:
    for seed in range(10):
        typed = with_slip(title, Random(seed))
        changed = [
            pair for pair in zip(typed.split(), title.split(), strict=True) if len(set(pair)) > 1
        ]
        [(word, meant)] = changed
        assert len(meant) == max(map(len, title.split()))
        assert is_slip_of(word, meant)


def test_a_title_in_which_nothing_can_be_swapped_stays() -> None:
    assert with_slip("I", Random(0)) == "I"
    assert with_slip("Aaa", Random(0)) == "Aaa"


def test_isbns_are_written_in_all_ways_and_mean_the_same() -> None:
    texts = {written("9780439023481", Random(seed)) for seed in range(50)}
    assert texts == {"9780439023481", "978-0-439-02348-1", "0439023483", "0-439-02348-3"}
    assert {isbn13_of(text) for text in texts} == {"9780439023481"}
    assert isbn13_of(written("9791090636071", Random(1))) == "9791090636071"
