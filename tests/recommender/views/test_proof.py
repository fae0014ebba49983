"""The model put to the test on the reader's own books."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Book
from recommender.models import LibraryEntry, Reader, Run
from recommender.selectors.proof import FEWEST_RATED, draw, predictions, prove
from tests.factories import (
    LibraryEntryFactory,
    ReaderFactory,
    RecommendationFactory,
    RunFactory,
    create_books,
)
from tests.pages import Page, client_of, read
from tests.releases import publish_release

pytestmark = pytest.mark.django_db

PAGE = "/proof/"


@pytest.fixture
def sea(own_store: str) -> list[Book]:
    """Thirty books of the sea; thirty others are as well known, and named first among equals."""
    moor = create_books({f"Moor {n}": f"Walker No{n}" for n in range(30)})
    sea = create_books({f"Sea {n}": f"Mariner No{n}" for n in range(30)})
    publish_release(own_store, [[book.goodbooks_id or 0 for book in camp] for camp in (moor, sea)])
    return sea


def sailor(sea: list[Book], *, rated: int = 20) -> Reader:
    reader = ReaderFactory.create()
    for book in sea[:rated]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)
    return reader


def page_of(reader: Reader) -> Page:
    return read(client_of(reader).get(PAGE))


def test_the_model_finds_what_was_hidden_from_it_and_fame_does_not(sea: list[Book]) -> None:
    proof = prove(reader=sailor(sea))

    assert (len(proof.hidden), proof.seen) == (4, 16)
    assert [(row.length, row.by_model, row.by_fame) for row in proof.found] == [
        (10, 4, 0),
        (50, 4, 4),
        (100, 4, 4),
    ]
    # Of the 44 books left, thirty of the moor come first by fame, and the sea's by the model.
    assert proof.others == 44
    assert all(one.place <= 14 < 30 < one.place_by_fame for one in proof.hidden)


def test_what_is_hidden_is_a_fifth_that_nobody_can_draw_anew(sea: list[Book]) -> None:
    numbers = frozenset(book.goodbooks_id or 0 for book in sea)
    assert draw(numbers) == draw(numbers)
    assert len(draw(numbers)) == 6
    one, other = (prove(reader=sailor(sea)).hidden for _ in range(2))
    assert {found.book.pk for found in one} == {found.book.pk for found in other}


def test_a_long_test_shows_twenty_covers_and_all_in_a_table(own_store: str) -> None:
    books = create_books({f"Sea {n}": f"Mariner No{n}" for n in range(125)})
    publish_release(own_store, [[book.goodbooks_id or 0 for book in books]])
    page = page_of(sailor(books, rated=110))
    hidden = page.one("ol", class_="hidden-books")
    assert hidden.words.count("You gave it 5 stars") == 20
    table = page.one("div", aria_label="Hidden books with four stars or more")
    assert table.words.count("Sea ") == 22


def test_the_page_shows_the_books_and_warns_of_luck(
    sea: list[Book], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reader = sailor(sea)
    disliked = prove(reader=reader).hidden[0].book
    LibraryEntry.objects.filter(reader=reader, book=disliked).update(stars=1)
    client = client_of(reader)
    client.get(PAGE)

    with django_assert_max_num_queries(10):
        page = read(client.get(PAGE))

    assert "We hid 4 of your rated books" in page.words
    assert "You gave four stars or more to 3 of the hidden ones" in page.words
    assert "103 of 30 of 3" in page.one("table").words
    assert "mostly luck" in page.words
    assert f"{disliked.title} Mariner" in page.words.partition("Hidden books with fewer stars")[2]


def test_few_ratings_prove_nothing(sea: list[Book]) -> None:
    words = page_of(sailor(sea, rated=FEWEST_RATED - 1)).words
    assert "You have rated 14 books that our model knows. The test needs at least 15" in words


def test_nobody_is_sent_to_the_beginning() -> None:
    assert client_of(None).get(PAGE)["Location"] == "/"


def listed(run: Run, book: Book, *, expected: float, given: float | None, days: int) -> None:
    """A place on a list, and an entry that came `days` after it."""
    rank = run.recommendations.count() + 1
    RecommendationFactory.create(run=run, book=book, rank=rank, expected_stars=expected)
    entry = LibraryEntryFactory.create(reader=run.reader, book=book, stars=given)
    created_at = run.created_at + timedelta(days=days)
    LibraryEntry.objects.filter(pk=entry.pk).update(created_at=created_at)


def test_expected_stars_are_held_against_those_given_since(sea: list[Book]) -> None:
    run = RunFactory.create()
    given = [5, 5, 1, 1, 3]
    for book, stars in zip(sea, given, strict=False):
        listed(run, book, expected=4.0, given=stars, days=3)
    listed(run, sea[10], expected=1.0, given=5, days=-3)  # was there before the list
    listed(run, sea[11], expected=1.0, given=None, days=3)  # has no stars yet
    again = RunFactory.create(reader=run.reader)
    RecommendationFactory.create(run=again, book=sea[0], expected_stars=1.0)  # named later, too

    told = predictions(reader=run.reader)

    assert told
    assert told.pairs == [(4.0, stars) for stars in given]
    assert told.error == pytest.approx((1 + 1 + 3 + 3 + 1) / 5)
    assert told.error_of_mean == pytest.approx((2 + 2 + 2 + 2 + 0) / 5)
    page = page_of(run.reader)
    assert "off by 1.8 on average" in page.words
    assert "have been off by 1.6" in page.words
    assert len(page.all("circle", class_="plot__dot")) == 5


def test_a_few_predictions_are_not_shown(sea: list[Book]) -> None:
    run = RunFactory.create()
    for book in sea[:4]:
        listed(run, book, expected=4.0, given=5, days=1)

    assert predictions(reader=run.reader) is None
    assert "From the fifth on" in page_of(run.reader).words
