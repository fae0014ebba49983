"""What readers type, and what they mean."""

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Book
from catalog.normalize import title_key
from catalog.search import search
from tests.factories import BookFactory

pytestmark = pytest.mark.django_db

SHELF = [
    ("Harry Potter and the Sorcerer's Stone", "J.K. Rowling", "Harry Potter", 4_000_000),
    ("Harry Potter and the Chamber of Secrets", "J.K. Rowling", "Harry Potter", 2_000_000),
    ("The Hobbit", "J.R.R. Tolkien", "", 2_500_000),
    ("Cien años de soledad", "Gabriel García Márquez", "", 600_000),
    ("Les Misérables", "Victor Hugo", "", 500_000),
    ("A Wizard of Earthsea", "Ursula K. Le Guin", "Earthsea Cycle", 150_000),
    ("The Tombs of Atuan", "Ursula K. Le Guin", "Earthsea Cycle", 60_000),
    ("Stone Butch Blues", "Leslie Feinberg", "", 9_000),
]


@pytest.fixture
def shelf() -> None:
    for title, author, series, fame in SHELF:
        BookFactory.create(
            title=title,
            title_key=title_key(title),
            authors=[author],
            series_name=series,
            ratings_count=fame,
        )


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("harry poter", "Harry Potter and the Sorcerer's Stone"),
        ("HARRY POTTER", "Harry Potter and the Sorcerer's Stone"),
        ("chamber secrets", "Harry Potter and the Chamber of Secrets"),
        ("hobb", "The Hobbit"),
        ("the hobbit", "The Hobbit"),
        ("tolkein", "The Hobbit"),
        ("tolkien", "The Hobbit"),
        ("cien anos", "Cien años de soledad"),
        ("miserables", "Les Misérables"),
        ("Misérables", "Les Misérables"),
        ("garcia marquez", "Cien años de soledad"),
        ("le guin", "A Wizard of Earthsea"),
        ("ursula le guin", "A Wizard of Earthsea"),
        ("earthsea", "A Wizard of Earthsea"),
        ("atuan", "The Tombs of Atuan"),
        ("stone butch", "Stone Butch Blues"),
    ],
)
def test_the_book_that_is_meant_comes_first(shelf: None, typed: str, first: str) -> None:
    assert search(typed)[0].title == first


@pytest.mark.parametrize("typed", ["", " ", "x", "?!", "zqxjkv wvut"])
def test_nothing_is_found_where_nothing_is_meant(shelf: None, typed: str) -> None:
    assert search(typed) == []


def test_a_hidden_book_is_not_found(shelf: None) -> None:
    Book.objects.filter(title="The Hobbit").update(status=Book.Status.HIDDEN)
    assert "The Hobbit" not in [book.title for book in search("hobbit")]


def test_it_takes_five_queries_however_many_are_found(
    shelf: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for typed in ("harry potter", "hobbit"):
        with django_assert_num_queries(5):
            search(typed)
