"""Titles of one work, and titles of books about others."""

import pytest

from catalog.normalize import series_key
from catalog.same_work import name_of, names_work


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Freakonomics", "Freakonomics: A Rogue Economist Explores Everything (Freakonomics, #1)"),
        ("Moby-Dick", "Moby-Dick; or, The Whale"),
        ("Moby Dick (Penguin Classics)", "Moby-Dick or, The Whale"),
        ("Dune", "Dune (Unabridged)"),
        ("Don Quixote (Spanish Edition)", "Don Quixote"),
        ("Le Petit Prince (en anglais)", "Le Petit Prince"),
        ("The Hobbit: 75th Anniversary Edition", "The Hobbit"),
        ("The Hobbit, Illustrated Edition", "Hobbit"),
        ("Frankenstein: The 1818 Text", "Frankenstein"),
    ],
)
def test_subtitles_and_words_of_an_edition_make_no_other_work(title: str, other: str) -> None:
    assert name_of(title).is_same_title(name_of(other))
    assert name_of(other).is_same_title(name_of(title))


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Saga, Vol. 1 (Saga, #1)", "Saga, Vol. 2 (Saga, #2)"),
        ("Fables, Vol. 1: Legends in Exile", "Fables, Vol. 2: Animal Farm"),
        ("Star Wars: Heir to the Empire", "Star Wars: Dark Force Rising"),
        ("Ender's Game, Volume 1: Battle School", "Ender's Game"),
        ("Locke & Key: Volume 1", "Locke & Key: Volume 2"),
        ("The Firm", "The Affair"),
        ("", ""),
    ],
)
def test_volumes_and_books_of_one_series_are_works_of_their_own(title: str, other: str) -> None:
    assert not name_of(title).is_same_title(name_of(other))


def test_the_title_of_a_collection_names_its_first_piece() -> None:
    assert name_of("I Am Legend and Other Stories").is_same_title(name_of("I Am Legend"))
    assert name_of("No Exit and Three Other Plays").is_same_title(name_of("No Exit"))
    assert not name_of("Pride and Other Prejudices").is_same_title(name_of("Pride"))


def test_a_single_volume_is_told_from_several() -> None:
    assert name_of("Harry Potter y la piedra filosofal (Harry Potter, #1)").is_volume
    assert not name_of("The Harry Potter Collection (Harry Potter, #1-4)").is_volume
    assert not name_of("Emma").is_volume


@pytest.mark.parametrize(
    ("name", "other"),
    [("The Mistborn Saga", "Mistborn"), ("Harry Potter", "Harry Potter Series")],
)
def test_a_series_may_be_called_a_saga_or_not(name: str, other: str) -> None:
    assert series_key(name) == series_key(other)
    assert series_key(name) != series_key("The Wheel of Time")


@pytest.mark.parametrize(
    ("title", "main"),
    [
        ("Cat's Cradle: SparkNotes Literature Guide", "cats cradle"),
        ("Twilight: The Complete Illustrated Movie Companion", "twilight"),
        ("The Ultimate Hitchhiker's Guide to the Galaxy", "hitchhikers guide to the galaxy"),
        ("Les Misérables: Vocal Selections", "les miserables"),
        ("The Lightning Thief: The Graphic Novel", "lightning thief"),
        ("The Lord of the Rings: The Art of the Hobbit", "hobbit"),
    ],
)
def test_adaptations_and_collections_name_what_they_are_made_of(title: str, main: str) -> None:
    assert names_work(title, main)


def test_a_word_that_many_titles_have_names_no_work() -> None:
    assert not names_work("Emma's Cookbook", "emma")
    assert not names_work("How It Works: The Making of a Film", "it")
    assert not names_work("Night World", "")
