"""The books that a reader wants to read, in the order of the model."""

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Book
from recommender.models import Reader
from tests.factories import BookFactory, LibraryEntryFactory
from tests.pages import Page, client_of, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db


def pile(reader: Reader, query: str = "") -> Page:
    return read(client_of(reader).get(f"/pile/?{query}"))


def titles(page: Page) -> list[str]:
    return [e.words for e in page.all("h2")]


def want(reader: Reader, book: Book, added_on: date | None = None, shelf: str = "to-read") -> None:
    LibraryEntryFactory.create(reader=reader, book=book, stars=None, shelf=shelf, added_on=added_on)


@time_machine.travel("2026-11-26 12:00", tick=False)
def test_the_pile_is_in_the_order_of_the_model_with_reasons(camps: Camps, sailor: Reader) -> None:
    want(sailor, camps.moor[5], date(2019, 1, 5))
    want(sailor, camps.sea[6], date(2020, 11, 1), shelf="owned-tbr")
    want(sailor, camps.sea[4])
    want(sailor, BookFactory.create(title="Unknown to the model"), date(2026, 11, 1))
    want(sailor, camps.sea[8], shelf="currently-reading")

    page = pile(sailor)

    assert titles(page) == ["Sea 4", "Sea 6", "Moor 5", "Unknown to the model"]
    words = page.one("main").words
    assert "What next from the 4 books you want to read?" in words
    assert "Because you liked Sea 0 (5★" in words
    assert "On your pile for 6" in words
    assert titles(pile(sailor, "sort=waited-longest"))[:2] == ["Moor 5", "Sea 6"]
    assert titles(pile(sailor, "sort=added-last"))[0] == "Unknown to the model"


def test_filters_and_a_pick_by_chance(camps: Camps, sailor: Reader) -> None:
    Book.objects.filter(pk=camps.sea[4].pk).update(year=1850)
    for book in (*camps.sea[4:6], *camps.moor[5:7]):
        want(sailor, book)
    assert titles(pile(sailor, "year_to=1900")) == ["Sea 4"]
    assert "No matches" in pile(sailor, "genre=fantasy&year_to=1700").one("main").words
    assert titles(pile(sailor, "surprise=1"))[0] in ("Sea 4", "Sea 5")
    assert len(titles(pile(sailor, "surprise=1"))) == 1
    read(client_of(sailor).get("/pile/?year_from=soon"), status=422)


def test_without_a_pile_or_a_library_it_says_where_to_begin(camps: Camps, sailor: Reader) -> None:
    assert "Your pile is empty" in pile(sailor).one("main").words
    assert client_of(None).get("/pile/")["Location"] == "/"


def test_a_long_pile_takes_no_more_queries(camps: Camps, sailor: Reader) -> None:
    def queries() -> int:
        pile(sailor)  # what is cached is cached
        with CaptureQueriesContext(connection) as taken:
            pile(sailor)
        return len(taken)

    want(sailor, camps.sea[4])
    few = queries()
    for book in camps.sea[5:12]:
        want(sailor, book)
    assert queries() == few
