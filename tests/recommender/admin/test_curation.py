"""The curators' pages that touch what readers have, and the two roles."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from catalog.models import Book, CurationAct, Genre
from recommender.roles import CURATOR, OPERATOR
from recommender.services import dismissals
from tests.admin_pages import change_page, changelist, curator
from tests.factories import (
    BookFactory,
    GenreFactory,
    LibraryEntryFactory,
    ReaderFactory,
    RunFactory,
    UserFactory,
)
from tests.pages import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return curator()


def client_with(role: str) -> Client:
    user = UserFactory.create(is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def titles(client: Client, **query: Any) -> list[str]:
    return [
        book.title
        for book in client.get(changelist("catalog_book", **query)).context["cl"].result_list
    ]


def test_hiding_asks_for_a_reason_first(client: Client) -> None:
    books = [BookFactory.create() for _ in range(2)]
    chosen: dict[str, Any] = {"action": "hide", "_selected_action": [book.pk for book in books]}

    page = client.post(changelist("catalog_book"), chosen).content.decode()
    assert "Why" in page
    assert books[0].title in page
    assert Book.objects.active().count() == 2

    client.post(changelist("catalog_book"), {**chosen, "reason": "a calendar"})
    assert not Book.objects.active().exists()
    assert (
        "because: a calendar"
        in client.get(change_page("catalog_book", books[0].pk)).content.decode()
    )

    client.post(changelist("catalog_book"), {**chosen, "action": "show"})
    assert Book.objects.active().count() == 2


def test_a_merge_shows_what_it_would_do_then_does_it_and_is_undone(client: Client) -> None:
    book = BookFactory.create(title="Dune!", series_name="Dune Chronicles", series_number=1)
    into = BookFactory.create(title="Dune")
    LibraryEntryFactory.create(book=book)
    address = reverse("admin:catalog_book_merge", args=[book.pk])
    assert address in client.get(change_page("catalog_book", book.pk)).content.decode()

    page = client.get(address, {"into": str(into.pk), "reason": "twice"}).content.decode()
    assert "1 entry in libraries" in page
    assert "<td>Dune Chronicles #1</td>" in page
    assert "<td>English</td>" in page
    assert not CurationAct.objects.exists()

    client.post(address, {"into": str(into.pk), "reason": "twice"})
    assert into.entries.count() == 1
    act = CurationAct.objects.get()
    undo = reverse("admin:catalog_curationact_undo", args=[act.pk])
    assert undo in client.get(change_page("catalog_curationact", act.pk)).content.decode()

    assert "Undo the merge" in client.get(undo).content.decode()
    client.post(undo)
    assert book.entries.count() == 1
    assert undo not in client.get(change_page("catalog_curationact", act.pk)).content.decode()


@pytest.mark.parametrize(
    ("into", "words"),
    [("9999999", "No book has this number"), ("self", "into itself"), ("x", "Select a valid")],
)
def test_a_wrong_number_is_told(client: Client, into: str, words: str) -> None:
    book = BookFactory.create()
    address = reverse("admin:catalog_book_merge", args=[book.pk])
    into = str(book.pk) if into == "self" else into
    for response in (client.get(address, {"into": into}), client.post(address, {"into": into})):
        assert response.status_code == 422
        text = response.content.decode()
        assert words in text or "No book has this number" in text
    assert not CurationAct.objects.exists()


def test_the_other_book_is_searched_for(client: Client) -> None:
    book, other = (BookFactory.create(title="Dune", authors=["Frank Herbert"]) for _ in range(2))
    merged = BookFactory.create(title="Dune", status="merged", merged_into=other)
    address = reverse("admin:catalog_book_merge", args=[book.pk])

    for typed in ("dnue herbert", str(other.pk)):
        page = read(client.get(address, {"search": typed, "reason": "twice"}))
        [choice] = page.all("input", type="radio")
        assert choice.attributes["value"] == str(other.pk)
        assert f"Dune, Frank Herbert (1969): number {other.pk}" in page.words
        assert str(merged.pk) not in page.words
    assert "Nothing found" in read(client.get(address, {"search": "zqxjkv"})).words
    assert (
        "Choose the other book" not in read(client.get(address, {"search": "", "reason": ""})).words
    )

    shown = client.get(address, {"search": "dune", "into": str(other.pk), "reason": "twice"})
    assert "Merge them" in shown.content.decode()
    client.post(address, {"search": "dune", "into": str(other.pk), "reason": "twice"})
    book.refresh_from_db()
    assert book.merged_into == other


def test_an_identifier_is_led_to_another_book(client: Client) -> None:
    wrong, right = BookFactory.create(), BookFactory.create(title="The Right One")
    identifier = wrong.identifiers.create(scheme="goodreads", value="12")
    LibraryEntryFactory.create(book=wrong, source_key="12")
    address = reverse("admin:catalog_bookidentifier_move", args=[identifier.pk])

    page = client.get(address, {"into": right.pk}).content.decode()
    assert "The Right One" in page
    assert "the 1 library entry matched by it" in page
    client.post(address, {"into": right.pk})

    assert right.identifiers.get() == identifier
    assert right.entries.count() == 1


def test_genres_are_renamed_and_merged(client: Client) -> None:
    old, new = (
        GenreFactory.create(slug="sf", name="SF"),
        GenreFactory.create(slug="science-fiction"),
    )
    BookFactory.create(genres=["sf"])
    client.post(change_page("catalog_genre", new.pk), {"name": "Science fiction"})
    address = reverse("admin:catalog_genre_merge", args=[old.pk])
    assert "1 book " in client.get(address, {"into": new.pk}).content.decode()
    client.post(address, {"into": new.pk})

    assert Genre.objects.get(shelvings__isnull=False).name == "Science fiction"
    kinds = CurationAct.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["genre_renamed", "genre_merged"]


def test_books_that_readers_meet_most_come_first(client: Client) -> None:
    often, once, never = (BookFactory.create(title=title) for title in ("Often", "Once", "Never"))
    RunFactory.create(books=[often, once])
    RunFactory.create(books=[often])
    dismissals.dismiss(reader=ReaderFactory.create(), target=once)

    assert titles(client, readers="offered") == ["Often", "Once"]
    assert titles(client, readers="dismissed") == ["Once"]
    assert never.title in titles(client)


def test_suspected_doubles_share_an_author_and_a_title_or_a_place(client: Client) -> None:
    for author, title, number in (
        ("Ann Leckie", "Ancillary Justice", None),
        ("Ann Leckie", "Ancillary Justice", None),
        ("Somebody Else", "Ancillary Justice", None),
        ("J. K. Rowling", "The Philosopher's Stone", 1),
        ("J. K. Rowling", "The Sorcerer's Stone", 1),
        ("J. K. Rowling", "The Chamber of Secrets", 2),
    ):
        series = "Harry Potter" if number else ""
        BookFactory.create(authors=[author], title=title, series_name=series, series_number=number)

    assert sorted(titles(client, look="doubles")) == [
        "Ancillary Justice",
        "Ancillary Justice",
        "The Philosopher's Stone",
        "The Sorcerer's Stone",
    ]


def test_locked_books_are_found(client: Client) -> None:
    BookFactory.create(title="Kept", locked_fields=["title"])
    BookFactory.create(title="Free")
    assert titles(client, look="locked") == ["Kept"]


def test_a_curator_keeps_the_catalog_and_sees_no_reader() -> None:
    client, book = client_with(CURATOR), BookFactory.create()
    for address in (
        changelist("catalog_book"),
        change_page("catalog_book", book.pk),
        reverse("admin:catalog_book_merge", args=[book.pk]),
        changelist("catalog_curationact"),
    ):
        assert client.get(address).status_code == 200
    for name in (
        "recommender_reader",
        "recommender_run",
        "recommender_libraryentry",
        "accounts_user",
    ):
        assert client.get(changelist(name)).status_code == 403


def test_an_operator_runs_the_site_and_leaves_the_catalog_as_it_is() -> None:
    client, book = client_with(OPERATOR), BookFactory.create()
    for name in ("recommender_modelrelease", "recommender_importjob", "catalog_book"):
        assert client.get(changelist(name)).status_code == 200
    assert client.get(reverse("admin:catalog_book_merge", args=[book.pk])).status_code == 403
    hide: dict[str, Any] = {"action": "hide", "_selected_action": [book.pk], "reason": "x"}
    client.post(changelist("catalog_book"), hide)
    assert Book.objects.active().count() == 1


def test_the_log_is_only_to_read(client: Client) -> None:
    assert client.get(reverse("admin:catalog_curationact_add")).status_code == 403
