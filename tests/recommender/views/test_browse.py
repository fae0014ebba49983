"""Looking through the catalog: genres, authors, series, and what a reader has begun."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Author, Book, BookAuthor, Genre
from recommender.models import Dismissal, Reader
from tests.factories import BookFactory, LibraryEntryFactory
from tests.pages import Page, client_of, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db


def page_of(address: str, reader: Reader | None = None) -> Page:
    return read(client_of(reader).get(address))


def titles(page: Page) -> list[str]:
    """The books listed, in order."""
    return [e.words for e in page.all("h2") if e.words not in ("For you", "What other readers say")]


def rated(title: str, ratings: int, stars: str, **facts: object) -> Book:
    book: Book = BookFactory.create(
        title=title, ratings_count=ratings, average_rating=Decimal(stars), **facts
    )
    return book


def series(camps: Camps, books: Sequence[Book], name: str = "Tides") -> None:
    for number, book in enumerate(books, start=1):
        book.series_name, book.series_number = name, number
    Book.objects.bulk_update(books, ["series_name", "series_number"])


def test_a_genre_shows_what_is_loved_by_many_and_what_few_know() -> None:
    rated("Famous and liked", 90_000, "4.1")
    rated("Famous and loved", 80_000, "4.5")
    rated("Known to few", 300, "4.3")
    rated("Loved by few", 200, "4.6")
    rated("Two fans", 2, "5")
    rated("A later volume", 90_000, "4.9", series_name="Tides", series_number=2)
    rated("A box", 90_000, "4.9", kind="box_set")
    rated("In Spanish", 90_000, "4.9", language="spa")
    rated("Elsewhere", 90_000, "4.9", genres=["romance", "poetry", "horror", "fantasy"])

    assert titles(page_of("/genres/fantasy/")) == [
        "Famous and loved",
        "Known to few",
        "Famous and liked",
    ]
    assert titles(page_of("/genres/fantasy/?order=little-known")) == ["Loved by few", "Two fans"]
    assert titles(page_of("/genres/fantasy/?order=nonsense"))[0] == "Famous and loved"
    assert client_of(None).get("/genres/no-such-genre/").status_code == 404


def test_a_genre_begins_with_what_fits_the_reader(camps: Camps, sailor: Reader) -> None:
    page = page_of("/genres/fantasy/", sailor)
    [best] = page.all("section", aria_labelledby="best")
    assert best.words.startswith("For you Sea 3")
    assert "For you" not in page_of("/genres/fantasy/").one("main").words


def test_all_genres_and_loved_books_are_there_without_a_library() -> None:
    rated("Loved", 100, "4.5")
    rated("Unknown", 10, "4.4", genres=["poetry"])
    Genre.objects.create(slug="empty", name="Empty")
    page = page_of("/browse/")
    links = [e.attributes["href"] for e in page.all("a")]
    assert links.index("/genres/fantasy/") < links.index("/genres/poetry/")
    assert "/genres/empty/" not in links
    words = page.one("main").words
    assert words.index("Loved by many Loved") < words.index("Little known, much loved Unknown")


def test_an_author_s_books_come_best_fitting_first(camps: Camps, sailor: Reader) -> None:
    author = camps.sea[0].authors.get()
    for book, ratings in ((camps.moor[1], 900), (camps.sea[4], 100)):
        BookAuthor.objects.create(book=book, author=author, position=2)
        Book.objects.filter(pk=book.pk).update(ratings_count=ratings)
    BookAuthor.objects.create(book=camps.sea[5], author=author, position=2, role="translator")
    address = reverse("author", args=[author.pk])

    page = page_of(address, sailor)
    assert titles(page) == ["Sea 0", "Sea 4", "Moor 1"]
    assert "3 books, of which you have read 1." in page.one("main").words
    assert "You gave it 5 stars." in page.one("main").words
    assert titles(page_of(address)) == ["Moor 1", "Sea 4", "Sea 0"]


def test_an_anthology_stands_under_its_editor(db: None) -> None:
    book = BookFactory.create(authors=["Ellen Datlow"])
    book.credits.update(role="editor")
    page = page_of(reverse("author", args=[Author.objects.get(name="Ellen Datlow").pk]))
    assert titles(page) == [book.title]


def test_a_series_is_in_order_and_says_how_far_one_has_come(camps: Camps, sailor: Reader) -> None:
    series(camps, [*camps.sea[:3], camps.sea[6], camps.sea[4]])
    Book.objects.filter(pk=camps.moor[5].pk).update(series_name="Tides", kind="omnibus")
    page = page_of(reverse("series", args=[camps.sea[4].pk]), sailor)
    assert titles(page) == ["Sea 0", "Sea 1", "Sea 2", "Sea 6", "Sea 4", "Moor 5"]
    assert "You have read 3 of 5 volumes. Next: Sea 6" in page.one("main").words
    assert "5 volumes, in order." in page_of(reverse("series", args=[camps.sea[0].pk])).words
    assert client_of(None).get(reverse("series", args=[camps.moor[0].pk])).status_code == 404


def test_begun_series_lead_on_and_tell_of_gaps(camps: Camps, sailor: Reader) -> None:
    series(camps, [camps.sea[0], camps.moor[9], camps.sea[1], camps.sea[7]])
    series(camps, [camps.sea[2], camps.moor[4]], "Coasts")
    series(camps, [camps.moor[0], camps.moor[7]], "Heaths")
    series(camps, [camps.moor[5], camps.moor[6]], "Not begun")
    LibraryEntryFactory.create(reader=sailor, book=camps.moor[4], stars=4)

    page = page_of("/series/", sailor)

    assert titles(page) == [
        "#4 Sea 7",
        "#2 Moor 7",
        "Read to the end, as far as we know",
    ]
    words = page.one("main").words
    assert "Not read: #2 Moor 9" in words
    assert "2 of 4 read" in words
    assert "Coasts 2 of 2 read" in words
    assert "Not begun" not in words

    Dismissal.objects.create(reader=sailor, book=camps.sea[7])
    assert titles(page_of("/series/", sailor))[0] == "#2 Moor 7"
    assert client_of(None).get("/series/")["Location"] == "/"


def test_a_volume_that_was_given_up_begins_no_series(camps: Camps, sailor: Reader) -> None:
    series(camps, camps.sea[8:10])
    LibraryEntryFactory.create(reader=sailor, book=camps.sea[8], stars=None, shelf="did-not-finish")
    assert "None of the series" in page_of("/series/", sailor).one("main").words


def test_each_page_takes_as_many_queries_for_many_books_as_for_few(
    camps: Camps, sailor: Reader
) -> None:
    author, genre = camps.sea[0].authors.get(), camps.sea[0].genres.get()
    series(camps, camps.sea[:5])
    addresses = (
        "/browse/",
        reverse("genre", args=[genre.slug]),
        reverse("author", args=[author.pk]),
        reverse("series", args=[camps.sea[0].pk]),
        "/series/",
    )

    def counts() -> list[int]:
        taken = []
        for address in addresses:
            page_of(address, sailor)  # what is cached is cached
            with CaptureQueriesContext(connection) as queries:
                page_of(address, sailor)
            taken.append(len(queries))
        return taken

    few = counts()
    for number in range(3):
        BookFactory.create(
            title=f"Tide {number}",
            authors=[author.name],
            series_name="Tides",
            series_number=6 + number,
            ratings_count=5,
            average_rating=4,
        )
        begun = [BookFactory.create(series_name=f"S{number}", series_number=n) for n in (1, 2)]
        LibraryEntryFactory.create(reader=sailor, book=begun[0])
    assert counts() == few
