"""From a few books that somebody loved to one to give."""

from urllib.parse import urlencode

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Book
from tests.factories import LibraryEntryFactory, ReaderFactory
from tests.pages import Page, client_of, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db


def page_of(status: int = 200, /, **asked: object) -> Page:
    return read(client_of(None).get(f"/gift/?{urlencode(asked)}"), status=status)


def titles(**asked: object) -> list[str]:
    page = page_of(200, **asked)
    numbers = [int(e.attributes["data-book-id"]) for e in page.all(data_book_id="*")]
    named = dict(Book.objects.values_list("goodbooks_id", "title"))
    return [named[number] for number in numbers]


def test_books_like_those_that_were_loved_are_offered_and_say_why(camps: Camps) -> None:
    found = titles(first="Sea 0", second="Sea 1")
    assert found[:2] == ["Sea 2", "Sea 3"]
    page = page_of(first="Sea 0", second="Sea 1")
    assert "They loved Sea 0 by" in page.words
    assert "Because they liked Sea 0 and Sea 1." in page.one("li", data_rank="1").words


def test_years_and_length_are_kept_where_they_are_known(camps: Camps) -> None:
    Book.objects.filter(title="Sea 4").update(year=1850, page_count=120)
    Book.objects.filter(title="Sea 5").update(year=1850, page_count=700)
    assert titles(first="Sea 0", year_to=1900) == ["Sea 4", "Sea 5"]
    assert titles(first="Sea 0", pages="short") == ["Sea 4"]
    assert titles(first="Sea 0", pages="long", year_to=1900) == ["Sea 5"]
    for pages in ("short", "middle"):
        assert "Books whose length we don’t know" in page_of(first="Sea 0", pages=pages).words
    assert "No book fits all of that" in page_of(first="Sea 0", pages="middle").words


def test_the_next_volume_of_what_was_loved_is_no_surprise(camps: Camps) -> None:
    for volume, title in enumerate(("Sea 0", "Sea 1"), start=1):
        Book.objects.filter(title=title).update(series_name="Tides", series_number=volume)
    assert titles(first="Sea 0")[0] == "Sea 2"


def test_what_is_not_found_is_said_beside_its_field(camps: Camps) -> None:
    page = page_of(422, first="Sea 0", second="Qqqq Zzzz")
    assert [e.words for e in page.all(class_="errorlist")] == [
        "We don’t have this book. Try another, or the author with it."
    ]
    assert page_of(422, first="").all(class_="errorlist")
    assert page_of(422, first="Sea 0", year_from=2000, year_to=1900).all(class_="errorlist")


def test_the_form_is_open_to_everybody_and_costs_few_queries(
    camps: Camps, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert not page_of().all(data_book_id="*")
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[2], shelf="to-read", stars=None)
    client = client_of(reader)
    client.get("/gift/?first=Sea+0")
    with django_assert_max_num_queries(30):
        page = read(client.get("/gift/?first=Sea+0&second=Sea+1&third=Sea+3"))
    assert "You want to read it." in page.one("li", data_rank="1").words
