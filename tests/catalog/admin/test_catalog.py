"""The curators' admin of the catalog."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from catalog.models import Author, Book, BookGenre, Enrichment
from tests.admin_pages import change_page, changelist, curator, queries_of
from tests.factories import AuthorFactory, BookFactory, GenreFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return curator()


def make_book(n: int) -> Book:
    book = BookFactory.create(authors=[f"Ann Author{n}"], genres=[f"genre-{n}"])
    book.identifiers.create(scheme="isbn13", value=f"978{n:010}")
    return book


CATALOG_PAGES = ("catalog_book", "catalog_author", "catalog_genre", "catalog_bookidentifier")


@pytest.mark.parametrize("name", CATALOG_PAGES)
def test_the_page_of_one_thing_is_there(client: Client, name: str) -> None:
    book = make_book(1)
    thing: dict[str, Any] = {
        "catalog_book": book,
        "catalog_author": book.authors.get(),
        "catalog_genre": book.genres.get(),
        "catalog_bookidentifier": book.identifiers.get(),
    }
    assert client.get(change_page(name, thing[name].pk)).status_code == 200


def test_the_page_of_a_book_takes_no_query_for_each_of_its_rows(client: Client) -> None:
    slim = make_book(1)
    names = [f"Writer {n}" for n in range(15)]
    stout = BookFactory.create(authors=names, genres=[f"shelf-{n}" for n in range(15)])
    for n in range(15):
        stout.identifiers.create(scheme="goodreads", value=str(n))

    client.get(change_page("catalog_book", slim.pk))  # fills Django's cache of content types
    few = queries_of(client, change_page("catalog_book", slim.pk))

    assert queries_of(client, change_page("catalog_book", stout.pk)) == few
    page = client.get(change_page("catalog_book", stout.pk)).content.decode()
    assert "Writer 14" in page
    assert "Shelf 14" in page


@pytest.mark.parametrize(
    "text", ["Left Hand", "Rocannon", "Hainish", "Le Guin", "9780441478125", "7654321"]
)
def test_a_book_is_found_by_what_is_known_of_it(client: Client, text: str) -> None:
    make_book(1)
    book = BookFactory.create(
        goodbooks_id=7654321,
        title="The Left Hand of Darkness",
        original_title="Rocannons Welt",
        series_name="Hainish Cycle",
        series_number=4,
    )
    book.identifiers.create(scheme="isbn13", value="9780441478125")

    response = client.get(changelist("catalog_book", q=text))

    assert [found.pk for found in response.context["cl"].result_list] == [book.pk]
    assert "Hainish Cycle #4" in response.content.decode()


def test_the_best_match_comes_first_unless_a_column_decides(client: Client) -> None:
    known = BookFactory.create(title="Long Walk to Freedom", ratings_count=9)
    meant = BookFactory.create(title="Freedom", ratings_count=1, status="hidden")
    orders: list[tuple[dict[str, str], list[Book]]] = [
        ({}, [meant, known]),
        ({"o": "-7"}, [known, meant]),
    ]
    for order, expected in orders:
        answer = client.get(changelist("catalog_book", q="freedom", **order))
        assert list(answer.context["cl"].result_list) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status__exact": "hidden"}, {"Hidden"}),
        ({"lacks": "description"}, {"Hidden"}),
        ({"lacks": "cover"}, {"Hidden", "Open"}),
        ({"language__exact": "fra"}, {"Open"}),
        ({"kind__exact": "box_set"}, set()),
    ],
)
def test_books_are_filtered(client: Client, query: dict[str, str], expected: set[str]) -> None:
    BookFactory.create(title="Hidden", status="hidden", description="", description_source="")
    BookFactory.create(title="Open", language="fra")

    found = client.get(changelist("catalog_book", **query)).context["cl"].result_list

    assert {book.title for book in found} == expected


def form_of(client: Client, book: Book) -> dict[str, Any]:
    """What a browser sends back when the page of a book is saved as it is."""
    context = client.get(change_page("catalog_book", book.pk)).context
    data: dict[str, Any] = {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for bound in form:
            if bound.value() is not None:
                data[bound.html_name] = bound.value()
    return data


Save = Callable[..., Book]


@pytest.fixture
def save(client: Client) -> Save:
    def save(book: Book, **changes: Any) -> Book:
        data = form_of(client, book) | changes
        response = client.post(change_page("catalog_book", book.pk), data)
        assert response.status_code == 302, response.context["errors"]
        return Book.objects.get(pk=book.pk)

    return save


def test_what_a_curator_changes_is_locked_and_its_keys_follow(save: Save) -> None:
    book = BookFactory.create(title="The Dispossesed", year=1974)

    saved = save(book, title="The Dispossessed", year=1975)

    assert saved.title_key == "dispossessed"
    assert saved.locked_fields == ["title", "year"]


def test_saving_a_book_as_it_is_locks_nothing(save: Save) -> None:
    assert save(make_book(1)).locked_fields == []


def test_a_lock_can_be_opened(save: Save) -> None:
    book = BookFactory.create(locked_fields=["title", "year"])
    assert save(book, locked_fields=["year"]).locked_fields == ["year"]


def test_changed_authors_and_genres_are_locked(save: Save) -> None:
    book = make_book(1)
    author, genre = AuthorFactory.create(name="Somebody Else"), GenreFactory.create(slug="noir")

    saved = save(
        book,
        **{"credits-0-author": author.pk, "shelvings-0-genre": genre.pk},
    )

    assert saved.author_names == ["Somebody Else"]
    assert saved.locked_fields == ["authors", "genres"]
    assert BookGenre.objects.get(book=book).genre == genre


def test_a_role_that_a_curator_sets_is_locked_and_logged(save: Save) -> None:
    book = BookFactory.create(authors=["Ann Abel", "Tess Lator"])

    saved = save(book, **{"credits-1-role": "translator"})

    assert saved.author_names == ["Ann Abel"]
    assert saved.locked_fields == ["authors"]
    act = saved.acts.get()
    assert act.before["authors"] == ["Ann Abel", "Tess Lator"]
    assert act.after["authors"] == ["Ann Abel", "Tess Lator (translator)"]


def test_a_number_needs_a_series(client: Client) -> None:
    book = make_book(1)
    data = form_of(client, book) | {"series_number": "2"}

    response = client.post(change_page("catalog_book", book.pk), data)

    assert "A volume with a number needs the name of its series." in response.content.decode()


def test_a_new_author_gets_his_key(client: Client) -> None:
    client.post("/admin/catalog/author/add/", {"name": "Kurt Vonnegut Jr."})
    assert Author.objects.get(name="Kurt Vonnegut Jr.").surname_key == "vonnegut"


def test_an_author_leads_to_his_books(client: Client) -> None:
    book = make_book(1)
    make_book(2)
    author = book.authors.get()
    address = changelist("catalog_book", authors__id__exact=author.pk)

    assert f'href="{address}"' in client.get(changelist("catalog_author")).content.decode()
    assert [found.pk for found in client.get(address).context["cl"].result_list] == [book.pk]


def test_readers_may_not_enter() -> None:
    client = Client()
    client.force_login(UserFactory.create())
    assert client.get(changelist("catalog_book")).status_code == 302


def test_the_state_at_open_library_is_shown_and_filtered(client: Client) -> None:
    found, never = make_book(1), make_book(2)
    Enrichment.objects.create(book=found, state="found", due_at=datetime(2026, 11, 1, tzinfo=UTC))

    for state, book in (("found", found), ("never", never)):
        page = client.get(changelist("catalog_book"), {"enriched": state})
        assert list(page.context["cl"].result_list) == [book]


def test_books_are_asked_for_again_by_an_action(client: Client) -> None:
    book = make_book(1)
    due_at = datetime.now(UTC) + timedelta(days=100)
    Enrichment.objects.create(book=book, state="failed", attempts=3, due_at=due_at)

    chosen = {"action": "enrich_again", "_selected_action": [book.pk]}
    page = client.post(changelist("catalog_book"), chosen, follow=True)

    assert "1 books will be looked up" in page.content.decode()
    row = Enrichment.objects.get()
    assert (row.due_at < due_at, row.attempts) == (True, 0)
