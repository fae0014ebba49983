"""Which words are taken for one another."""

import pytest

from catalog.slips import edits, is_slip_of


@pytest.mark.parametrize(
    ("word", "other", "number"),
    [
        ("dune", "dune", 0),
        ("dnue", "dune", 1),
        ("dun", "dune", 1),
        ("duune", "dune", 1),
        ("dine", "dune", 1),
        ("", "du", 2),
        ("tolkein", "tolkien", 1),
        ("nieztche", "nietzsche", 2),
        ("ca", "abc", 3),  # once swapped, two letters have nothing put between them
        ("dostoevsky", "tolstoy", 4),
    ],
)
def test_edits_are_counted(word: str, other: str, number: int) -> None:
    assert edits(word, other, most=3) == number
    assert edits(other, word, most=3) == number


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("tolkein", "tolkien"),
        ("udne", "dune"),
        ("dun", "dune"),
        ("silmarilion", "silmarillion"),
        ("nieztche", "nietzsche"),
        ("teh", "the"),
        ("9184", "1984"),
        ("мастре", "мастер"),
    ],
)
def test_slips(typed: str, word: str) -> None:
    assert is_slip_of(typed, word)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("dune", "dune"),
        ("it", "ti"),
        ("it", "is"),
        ("the", "she"),
        ("1985", "1984"),
        ("11", "12"),
        ("dune", "june bug"),
        ("emma", "enna"),
        ("", ""),
        ("a", ""),
    ],
)
def test_other_words(typed: str, word: str) -> None:
    assert not is_slip_of(typed, word)
