"""Curated fields as a CSV file, and acts on many books at once, in the curators' list of books."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from catalog.curation.csv_format import COLUMNS
from catalog.models import Book, CurationAct, StagedEdits
from recommender.roles import CURATOR, OPERATOR
from tests.admin_pages import changelist, queries_of
from tests.factories import BookFactory, GenreFactory
from tests.pages import read
from tests.recommender.admin.test_curation import client_with

pytestmark = pytest.mark.django_db

EXPORT, IMPORT = reverse("admin:catalog_book_export"), reverse("admin:catalog_book_import")


@pytest.fixture
def client() -> Client:
    return client_with(CURATOR)


def page_of(staged: StagedEdits, name: str = "preview") -> str:
    return reverse(f"admin:catalog_book_{name}", args=[staged.pk])


def upload(client: Client, text: str, encoding: str = "utf-8") -> StagedEdits:
    """Send a file, and answer what is kept of it."""
    file = SimpleUploadedFile("books.csv", text.encode(encoding))
    response = client.post(IMPORT, {"file": file})
    staged = StagedEdits.objects.latest("created_at")
    assert response["Location"] == page_of(staged), response.content.decode()
    return staged


def titles_in(response: Any) -> list[str]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return [row["title"] for row in csv.DictReader(io.StringIO(text, newline=""))]


def do(client: Client, action: str, books: list[Book], **asked: Any) -> Any:
    chosen = {"action": action, "_selected_action": [book.pk for book in books], **asked}
    return client.post(changelist("catalog_book"), chosen)


def test_the_upload_page_names_the_columns_and_kinds_there_are(client: Client) -> None:
    page = read(client.get(IMPORT))
    assert {element.words for element in page.all("code")} >= set(COLUMNS)
    assert f"is one of {', '.join(kind.value for kind in Book.Kind)};" in page.words


def test_chosen_books_are_exported(client: Client) -> None:
    books = [BookFactory.create(title=title) for title in ("Emma", "Persuasion", "Lolita")]
    response = do(client, "export_csv", books[:2])
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    assert sorted(titles_in(response)) == ["Emma", "Persuasion"]


def test_the_list_is_exported_as_it_is_filtered_but_for_merged_books(client: Client) -> None:
    english = BookFactory.create(title="Emma", authors=["Jane Austen", "Jane Austen's Ghost"])
    BookFactory.create(title="Candide", language="fra")
    BookFactory.create(title="Emma!", status="merged", merged_into=english)

    assert sorted(titles_in(client.get(EXPORT))) == ["Candide", "Emma"]
    assert titles_in(client.get(EXPORT, {"language__exact": "fra"})) == ["Candide"]
    assert titles_in(client.get(EXPORT, {"q": "Jane"})) == ["Emma"]
    page = client.get(changelist("catalog_book", language__exact="fra")).content.decode()
    assert f'href="{EXPORT}?language__exact=fra"' in page
    assert client.get(EXPORT, {"nonsense": "1"})["Location"] == changelist("catalog_book")


def test_an_export_of_fifty_takes_as_many_queries_as_one_of_five(client: Client) -> None:
    taken = []
    for more in (5, 45):
        for _ in range(more):
            BookFactory.create()
        with CaptureQueriesContext(connection) as queries:
            titles = titles_in(client.get(EXPORT))
        taken.append((len(titles), len(queries)))
    assert taken == [(5, taken[0][1]), (50, taken[0][1])]


def test_a_file_is_looked_at_and_then_applied_once(client: Client) -> None:
    book, same = BookFactory.create(title="Emmma", year=1815), BookFactory.create()
    assert IMPORT in client.get(changelist("catalog_book")).content.decode()
    assert "<code>locked_fields</code>" in client.get(IMPORT).content.decode()

    text = f"id;title;authors\n{book.pk};Emma;Jane Austen\n{same.pk};{same.title};"
    staged = upload(client, f"{text}Ursula K. Le Guin\n", "cp1252")
    page = client.get(page_of(staged)).content.decode()

    assert "Nothing has been changed yet" in page
    assert "1 book with changes, 1 line without, 0 problems" in page
    for words in ("<td>Emmma</td>", "<td>Emma</td>", "</strong> Jane Austen", "Apply to 1 book"):
        assert words in page
    assert Book.objects.get(pk=book.pk).title == "Emmma"

    for _ in range(2):
        response = client.post(page_of(staged, "apply"))
        assert response["Location"] == page_of(staged)
    applied = client.get(page_of(staged)).content.decode()
    assert "1 book is changed." in applied
    assert "Applied on" in applied
    assert "Apply to" not in applied
    book.refresh_from_db()
    assert (book.title, book.title_key, book.locked_fields) == (
        "Emma",
        "emma",
        ["title", "authors"],
    )
    assert CurationAct.objects.get().reason == "CSV: books.csv"


def test_a_file_with_problems_tells_them_by_line_and_cannot_be_applied(client: Client) -> None:
    book = BookFactory.create(year=1969)
    staged = upload(client, f"id,year\n{book.pk},1970\n77777777,1970\n")

    page = client.get(page_of(staged)).content.decode()
    assert "<td>3</td><td>There is no book 77777777.</td>" in page
    assert "Apply to" not in page

    response = client.post(page_of(staged, "apply"))
    assert response.status_code == 422
    assert "Correct the listed lines" in response.content.decode()
    assert Book.objects.get(pk=book.pk).year == 1969


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"title\nEmma\n", "has no column “id”"),
        (b"id,colour\n1,red\n", "Unknown column “colour”"),
        (b"PK\x03\x04", "This is a spreadsheet"),
        (b"", "The submitted file is empty"),
        (b"id\n" + b"1\n" * 600, "is larger than 1.0"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(
    client: Client, settings: Settings, content: bytes, words: str
) -> None:
    settings.IMPORT_MAX_BYTES = 1024
    response = client.post(IMPORT, {"file": SimpleUploadedFile("books.csv", content)})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not StagedEdits.objects.exists()
    assert client.post(IMPORT).status_code == 422


def test_a_preview_that_has_become_stale_is_offered_anew(client: Client) -> None:
    book = BookFactory.create(year=1969)
    staged = upload(client, f"id,year\n{book.pk},1970\n")
    Book.objects.filter(pk=book.pk).update(year=1971)

    response = client.post(page_of(staged, "apply"))
    page = response.content.decode()
    assert response.status_code == 422
    assert "has changed since the preview (year), so nothing was changed" in page
    assert page_of(staged, "renew") in page
    assert page_of(staged, "apply") not in page

    assert client.post(page_of(staged, "renew"))["Location"] == page_of(staged)
    assert "<td>1971</td>" in client.get(page_of(staged)).content.decode()
    client.post(page_of(staged, "apply"))
    assert Book.objects.get(pk=book.pk).year == 1970


def test_a_long_preview_has_pages_of_as_many_queries(client: Client) -> None:
    books = [BookFactory.create(year=1969) for _ in range(55)]
    short = upload(client, "id,year\n" + "".join(f"{b.pk},1970\n" for b in books[:5]))
    long = upload(client, "id,year\n" + "".join(f"{b.pk},1970\n" for b in books))

    assert queries_of(client, page_of(long)) == queries_of(client, page_of(short))
    assert "Page 1 of 2" in client.get(page_of(long)).content.decode()
    assert books[54].title in client.get(page_of(long), {"page": "2"}).content.decode()


def test_another_curators_file_is_not_there(client: Client) -> None:
    staged = upload(client, f"id,year\n{BookFactory.create(year=1969).pk},1970\n")
    other = client_with(CURATOR)
    assert other.get(page_of(staged)).status_code == 404
    assert other.post(page_of(staged, "apply")).status_code == 404
    assert other.post(page_of(staged, "renew")).status_code == 404
    assert Book.objects.get().year == 1969


def test_an_operator_may_not_and_nobody_is_asked_to_log_in(client: Client) -> None:
    book = BookFactory.create(year=1969)
    staged = upload(client, f"id,year\n{book.pk},1970\n")
    for stranger, status in ((client_with(OPERATOR), 403), (Client(), 302)):
        for address in (EXPORT, IMPORT, page_of(staged)):
            assert stranger.get(address).status_code == status
        for address in (IMPORT, page_of(staged, "apply"), page_of(staged, "renew")):
            assert stranger.post(address).status_code == status
    assert "/login/" in Client().get(IMPORT)["Location"]
    assert IMPORT not in client_with(OPERATOR).get(changelist("catalog_book")).content.decode()
    assert Book.objects.get().year == 1969


@pytest.mark.parametrize("name", ["apply", "renew"])
def test_what_changes_something_is_posted(client: Client, name: str) -> None:
    staged = upload(client, f"id,year\n{BookFactory.create().pk},1970\n")
    assert client.get(page_of(staged, name)).status_code == 405


def test_the_language_of_many_books_is_asked_for_set_locked_and_logged(client: Client) -> None:
    books = [BookFactory.create(title=title, language="") for title in ("Emma", "Candide")]
    page = do(client, "set_language", books).content.decode()
    assert "Candide" in page
    assert 'name="language"' in page
    assert not CurationAct.objects.exists()

    wrong = do(client, "set_language", books, language="Klingon?")
    assert (wrong.status_code, "Write the code" in wrong.content.decode()) == (422, True)

    assert do(client, "set_language", books, language="fr").status_code == 302
    assert (
        list(Book.objects.values_list("language", "locked_fields")) == [("fra", ["language"])] * 2
    )
    assert CurationAct.objects.filter(kind="edited", after__language="fra").count() == 2
    do(client, "set_language", books, language="fra")
    assert CurationAct.objects.count() == 2


def test_the_series_of_many_books_keeps_the_numbers_of_volumes(client: Client) -> None:
    first = BookFactory.create(title="Saga", series_name="Sga", series_number=2)
    other = BookFactory.create(title="Apart", series_name="", locked_fields=["title"])

    do(client, "set_series", [first, other], series_name="Saga")

    first.refresh_from_db()
    assert (first.series_name, first.title_key) == ("Saga", "saga 2")
    assert first.series_number == 2
    other.refresh_from_db()
    assert (other.series_name, other.series_number) == ("Saga", None)
    assert other.locked_fields == ["title", "series_name"]


def test_a_genre_is_added_behind_those_that_are_there(client: Client) -> None:
    with_it, without = BookFactory.create(genres=["noir"]), BookFactory.create(genres=["a", "b"])
    genre = GenreFactory.create(slug="noir")

    do(client, "add_genre", [with_it, without], genre=genre.pk)

    counts = dict(without.shelvings.values_list("genre__slug", "count"))
    assert counts == {"a": 2, "b": 1, "noir": 1}
    act = CurationAct.objects.get()
    assert (act.book, act.after["locked_fields"]) == (without, ["genres"])


def test_an_operator_changes_no_books_at_once() -> None:
    book = BookFactory.create(language="eng")
    do(client_with(OPERATOR), "set_language", [book], language="fra")
    assert Book.objects.get().language == "eng"
