"""The page of one book."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from catalog.models import Book, Enrichment
from catalog.services import enrichment
from recommender.selectors.current_model import forget_model
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory, RunFactory, UserFactory
from tests.pages import client_of, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db


def address(book: Book) -> str:
    return reverse("book", args=[book.pk])


def test_it_shows_what_is_known(db: None) -> None:
    book = BookFactory.create(
        title="The Left Hand of Darkness",
        authors=["Ursula K. Le Guin"],
        year=1969,
        language="eng",
        description="An envoy comes to a cold world.",
        genres=["science-fiction"],
    )
    page = read(client_of(None).get(address(book)))
    assert page.one("h1").words == "The Left Hand of Darkness"
    for words in ("Ursula K. Le Guin", "1969", "English", "An envoy comes", "Science Fiction"):
        assert words in page.one("main").words


def test_by_lines_name_authors_and_the_page_names_everybody() -> None:
    names = ["Leo Tolstoy", "Louise Maude", "Aylmer Maude", "Zadie Smith", "Leo Tolstoj"]
    book = BookFactory.create(authors=names)
    roles = ("author", "translator", "illustrator", "contributor", "alias")
    for credit, role in zip(book.credits.order_by("position"), roles, strict=True):
        book.credits.filter(pk=credit.pk).update(role=role)

    page = read(client_of(None).get(address(book)))

    assert page.one("p", **{"class": "lead"}).words == "Leo Tolstoy"
    told = page.one("main").words
    assert "With Louise Maude (translator), Aylmer Maude (illustrator) and Zadie Smith" in told
    assert "Also writtenLeo Tolstoj" in told
    assert "Nothing by Leo Tolstoy" in told
    assert "Nothing by Louise Maude" not in told


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("goodbooks", "From the data set goodbooks-10k"),
        ("starter", "From our starter shelf"),
        ("dump", "From Open Library's catalog"),
        ("curator", "Added by a curator"),
        ("proposed", "because a reader asked for it"),
        ("readers", "because readers have it"),
        ("popular", "because many of its readers shelve it"),
    ],
)
def test_it_says_how_it_came_into_the_catalog(origin: str, words: str) -> None:
    page = read(client_of(None).get(address(BookFactory.create(origin=origin))))
    assert words in page.one("dl", **{"class": "facts"}).words


def test_without_a_description_it_says_so_and_leads_on() -> None:
    page = read(client_of(None).get(address(BookFactory.create(description=""))))
    assert "We have no description of it yet" in page.one("main").words
    assert any("openlibrary.org" in e.attributes.get("href", "") for e in page.all("a"))


def test_half_stars_are_shown_and_take_the_place_of_the_expected_ones(camps: Camps) -> None:
    entry = LibraryEntryFactory.create(book=camps.sea[0], stars=Decimal("3.5"), is_left_out=True)
    page = read(client_of(entry.reader).get(address(camps.sea[0])))
    words = page.one("main").words
    assert "You gave it 3.5 stars." in words
    assert "left out of your recommendations" in words
    assert "You would give it" not in words
    assert page.one("a", href=reverse("entry", args=[entry.pk]))


@pytest.mark.parametrize(
    ("access", "words"),
    [("public", "Read it at Open Library"), ("borrowable", "Borrow it at Open Library")],
)
def test_a_book_that_can_be_read_at_open_library_says_so(access: str, words: str) -> None:
    book = BookFactory.create(open_library_key="OL1W")
    Enrichment.objects.update_or_create(
        book=book, defaults={"ebook_access": access, "due_at": datetime(2026, 1, 1, tzinfo=UTC)}
    )
    [link] = [a for a in read(client_of(None).get(address(book))).all("a") if a.words == words]
    assert link.attributes["href"].endswith("/works/OL1W")


def test_a_series_is_shown_in_order_with_this_volume_marked() -> None:
    third, first = (
        BookFactory.create(title=f"Part {n}", series_name="Tides", series_number=n) for n in (3, 1)
    )
    page = read(client_of(None).get(address(third)))
    words = page.one("main").words
    assert words.index("#1 Part 1") < words.index("#3 Part 3")
    assert page.one("a", href=address(first)).words == "Part 1"


def test_a_hidden_book_has_a_page_for_its_readers_and_for_staff_only() -> None:
    book = BookFactory.create(status=Book.Status.HIDDEN)
    owner = ReaderFactory.create()
    LibraryEntryFactory.create(reader=owner, book=book)
    staff = ReaderFactory.create(user=UserFactory.create(is_staff=True))
    assert client_of(None).get(address(book)).status_code == 404
    assert client_of(ReaderFactory.create()).get(address(book)).status_code == 404
    assert "not recommended any more" in read(client_of(owner).get(address(book))).one("main").words
    assert client_of(staff).get(address(book)).status_code == 200


def test_the_lists_it_is_on_are_ones_own() -> None:
    book, reader = BookFactory.create(), ReaderFactory.create()
    run = RunFactory.create(reader=reader, books=[book])
    RunFactory.create(books=[book])
    page = read(client_of(reader).get(address(book)))
    assert [e.attributes["href"] for e in page.all("a") if "20" in e.words and "," in e.words] == [
        reverse("run", args=[run.pk])
    ]


def test_without_a_release_there_is_still_a_page(own_store: str) -> None:
    forget_model()
    assert client_of(None).get(address(BookFactory.create())).status_code == 200


def test_it_costs_the_same_for_every_reader(
    camps: Camps, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reader = ReaderFactory.create()
    for book in camps.sea[:6]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)
    client = client_of(reader)
    client.get(address(camps.sea[7]))
    with django_assert_num_queries(12):
        client.get(address(camps.sea[8]))


def test_a_reader_who_finds_no_description_has_the_book_asked_for_soon(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    book, other = BookFactory.create(description=""), BookFactory.create(description="")
    enrichment.sync_rows()
    reader = client_of(ReaderFactory.create())

    client_of(None).get(address(other))
    reader.get(address(book))
    with CaptureQueriesContext(connection) as again:
        reader.get(address(book))

    assert wanted() == {book.pk}
    assert not [query for query in again if "UPDATE" in query["sql"]]
    Book.objects.filter(pk=book.pk).update(description="Said by now.")
    with django_assert_num_queries(len(again)):
        reader.get(address(book))


def wanted() -> set[int]:
    return set(Enrichment.objects.exclude(wanted_at=None).values_list("pk", flat=True))


class TestSearch:
    def test_books_are_found_and_can_be_rated_at_once(self) -> None:
        book = BookFactory.create(title="Dune", title_key="dune")
        page = read(client_of(None).get("/books/?q=dune"))
        assert page.one("h2").words == "Dune"
        assert page.one("form", action=reverse("shelve", args=[book.pk]))

    def test_htmx_gets_the_results_alone(self) -> None:
        BookFactory.create(title="Dune", title_key="dune")
        answer = client_of(None).get("/books/?q=dune", headers={"HX-Request": "true"})
        assert b"<html" not in answer.content
        assert read(answer).one("h2").words == "Dune"

    def test_nothing_found_leads_on(self) -> None:
        BookFactory.create(title="Slaughterhouse-Five")
        page = read(client_of(None).get("/books/?q=slawterhouze"))
        assert "No matches for “slawterhouze”. Did you mean Slaughterhouse-Five?" in page.words
        assert page.one("a", href="/books/?q=Slaughterhouse-Five")
        assert page.one("a", href=f"{reverse('propose')}?title=slawterhouze")
        assert page.one("main").words.count("Start with well-known books") == 1

    def test_an_isbn_that_is_not_found_is_searched_for_as_one(self) -> None:
        page = read(client_of(None).get("/books/?q=0-439-02348-3"))
        address = f"{reverse('propose')}?isbn=9780439023481"
        assert page.one("a", href=address)
        form = read(client_of(None).get(address))
        assert form.one("input", name="isbn").attributes["value"] == "9780439023481"

    @pytest.mark.parametrize("query", ["%ED%A0%80", "'", "%5C", "%F0%9F%93%9A"])
    def test_odd_letters_are_no_error(self, query: str) -> None:
        for page in ("/books/", "/rate/"):
            assert client_of(None).get(f"{page}?q={query}").status_code == 200

    def test_a_guest_begins_by_rating(self) -> None:
        book = BookFactory.create(title="Dune", title_key="dune")
        client = client_of(None)
        client.post(reverse("shelve", args=[book.pk]), {"stars": "5", "next": "/books/?q=dune"})
        assert "You gave it 5 stars" in read(client.get("/books/?q=dune")).one("main").words
