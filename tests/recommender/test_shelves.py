"""Shelves by the names that services and readers give them."""

import pytest

from recommender.shelves import Shelf, common_shelf, how_read, is_unread


@pytest.mark.parametrize(
    ("name", "shelf"),
    [
        ("read", Shelf.READ),
        ("Gelesen", Shelf.READ),
        ("Read but unowned", Shelf.READ),
        ("to-read", Shelf.TO_READ),
        ("To read", Shelf.TO_READ),
        ("want to read", Shelf.TO_READ),
        ("Wishlist", Shelf.TO_READ),
        ("Liste de souhaits", Shelf.TO_READ),
        ("À lire", Shelf.TO_READ),
        ("Wunschliste", Shelf.TO_READ),
        ("Önskelista", Shelf.TO_READ),
        ("Ønskeliste", Shelf.TO_READ),
        ("Список желаний", Shelf.TO_READ),
        ("currently_reading", Shelf.CURRENTLY_READING),
        ("Lese ich gerade", Shelf.CURRENTLY_READING),
        ("DNF", Shelf.DID_NOT_FINISH),
        ("abandonné", Shelf.DID_NOT_FINISH),
        ("favorites", None),
        ("read-2019", None),
    ],
)
def test_names_in_many_languages_mean_the_common_shelves(name: str, shelf: Shelf | None) -> None:
    assert common_shelf(name) == shelf


@pytest.mark.parametrize(
    "name",
    ["to-read", "Wunschliste", "owned-tbr", "wont-read", "waiting", "not-read-yet", "TBR 2024"],
)
def test_books_on_such_shelves_are_not_read(name: str) -> None:
    assert is_unread(name)


@pytest.mark.parametrize(
    "name", ["read", "favorites", "to-reread", "want-to-re-read", "fantasy", "did-not-finish"]
)
def test_books_on_other_shelves_have_been_read(name: str) -> None:
    assert not is_unread(name)


@pytest.mark.parametrize(
    ("shelf", "read_count", "reading"),
    [
        ("read", 0, "once"),
        ("read", 1, "once"),
        ("read", 2, "again"),
        ("favorites", 0, "once"),
        ("to-read", 1, None),
        ("currently-reading", 1, None),
        ("currently-reading", 2, "again"),
        ("to-reread", 3, "again"),
        ("did-not-finish", 0, "unfinished"),
        ("did-not-finish", 2, "unfinished"),
        ("dnf-2020", 0, "unfinished"),
        ("abandoned-for-now", 0, "unfinished"),
        ("could-not-finish", 0, "unfinished"),
        ("owned-tbr", 0, None),
    ],
)
def test_how_a_book_was_read(shelf: str, read_count: int, reading: str | None) -> None:
    assert how_read(shelf, read_count=read_count) == reading
