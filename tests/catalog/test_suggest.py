"""Suggestions for lines that match no book."""

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Book
from catalog.suggest import suggest
from tests.catalog.hard_titles import BOOKS
from tests.catalog.test_matching import make_book

pytestmark = [pytest.mark.django_db, pytest.mark.services]


@pytest.fixture
def _catalog() -> None:
    for number, *rest in BOOKS:
        make_book(number, *rest)


def numbers(title: str, author: str = "", limit: int = 5) -> list[int | None]:
    return [one.book.goodbooks_id for one in suggest(title, author, limit)]


@pytest.mark.usefixtures("_catalog")
@pytest.mark.parametrize(
    ("title", "author", "first"),
    [
        ("The Hungre Gmaes", "Suzanne Collins", 1),
        ("Slaughterhouse 5", "Kurt Vonnegut", 23),
        ("Prid and Prejudise", "Jane Austen", 25),
        ("Is Everyone Hanging Out Without Me?", "Mindy Kaling", 54),
        ("The Iliad of Homer", "Homer", 30),
        ("Преступление и наказанье", "Достоевский", 11),
        ("The Sandman, Vol. 1", "Neil Gaiman", 66),
        ("Talismann", "Walter Scott", 41),
    ],
)
def test_the_book_that_is_meant_comes_first(title: str, author: str, first: int) -> None:
    assert numbers(title, author)[:1] == [first]


@pytest.mark.usefixtures("_catalog")
def test_nothing_like_it_is_no_suggestion() -> None:
    assert suggest("Quantum Zymurgy", "Nobody") == []
    assert suggest("") == []
    assert len(suggest("Harry Potter and the Order", "", limit=2)) == 2


def test_the_number_of_queries_is_constant(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(20):
        make_book(number + 1, f"The Long Road {number}", "Ann Author")
    assert Book.objects.count() == 20
    with django_assert_num_queries(3):
        assert len(suggest("Long Road", "Ann Author")) == 5
