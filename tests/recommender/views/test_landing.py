"""The first page and its form."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from recommender.models import ImportJob, Reader
from recsite.preparation import Preparation
from tests.factories import BookFactory, ImportJobFactory, ModelReleaseFactory, ReaderFactory
from tests.pages import client_of, read

pytestmark = pytest.mark.django_db

EXPORT = (
    "Book Id,Title,Author,ISBN,ISBN13,My Rating,Exclusive Shelf\n"
    '5,Sea,Ann Mariner,="",="",5,read\n'
    '6,Moor,Bob Walker,="",="",4,read\n'
)


def export(text: str = EXPORT, name: str = "goodreads_library_export.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")


def test_the_form_takes_a_profile_and_a_file_without_javascript(client: Client) -> None:
    page = read(client.get("/"))

    form = page.one("form", action="/start")
    assert form.attributes["enctype"] == "multipart/form-data"
    assert page.one("input", name="profile").attributes["type"] == "text"
    assert page.one("input", name="export").attributes["type"] == "file"
    assert not page.all(hx_post="*")


def test_the_page_says_what_is_fetched_and_how_to_export(client: Client) -> None:
    words = read(client.get("/")).words

    assert "What we fetch, and how often" in words
    assert "Export Library" in words


def test_the_sample_reader_is_named_beside_the_stand_in(client: Client, settings: Settings) -> None:
    settings.GOODREADS_BASE_URL = "http://127.0.0.1:9"
    settings.SAMPLE_READER = "204711"

    assert "Sample reader: 204711" in read(client.get("/")).words


def test_it_says_that_books_are_on_their_way(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.BOOKFOLD_HOME = tmp_path
    coming = Preparation("goodbooks-10k", "training", 43, 245)
    (tmp_path / "preparation.json").write_text(coming.to_json())
    (tmp_path / "prepared.json").write_text('{"sample_reader": 7}')
    settings.GOODREADS_BASE_URL = "http://127.0.0.1:9"

    words = read(client.get("/")).words

    assert "still loading its books: 43% done, about 4 minutes left." in words
    assert "Sample reader: 7" in words

    (tmp_path / "preparation.json").write_text("{")
    assert "still getting" not in read(client.get("/")).words


def test_the_real_goodreads_has_no_sample_reader(client: Client, settings: Settings) -> None:
    settings.GOODREADS_BASE_URL = "https://www.goodreads.com"
    settings.CONTACT_EMAIL = "me@example.org"
    settings.SAMPLE_READER = "204711"

    page = read(client.get("/"))

    assert "204711" not in page.words
    assert "disabled" not in page.one("input", name="profile").attributes


def test_without_a_contact_only_the_file_is_offered(client: Client, settings: Settings) -> None:
    settings.GOODREADS_BASE_URL = "https://www.goodreads.com"
    settings.CONTACT_EMAIL = ""

    page = read(client.get("/"))
    answer = read(client.post("/start", {"profile": "12345"}), status=422)

    assert "disabled" in page.one("input", name="profile").attributes
    assert "switched off on this site" in page.words
    assert page.one(id="id_export_error") if page.all(id="id_export_error") else True
    assert "choose your export file" in answer.one(id="id_export_error").words
    assert not ImportJob.objects.exists()


def test_simulated_readers_are_called_that(client: Client) -> None:
    ModelReleaseFactory.create(is_active=True, is_simulated=True, dataset="starter shelf")

    words = read(client.get("/")).words

    assert "52,424 simulated readers" in words
    assert "the ratings are not" in words


def test_goodbooks_is_named_with_its_license(client: Client) -> None:
    ModelReleaseFactory.create(is_active=True)

    assert "CC BY-SA 4.0" in read(client.get("/")).words


@pytest.mark.parametrize(
    "text",
    [
        "12345",
        "https://www.goodreads.com/user/show/12345-ann",
        "See my books on Goodreads! https://www.goodreads.com/user/show/12345-ann?ref=share",
    ],
)
def test_a_profile_begins_an_import_for_a_new_guest(client: Client, text: str) -> None:
    answer = client.post("/start", {"profile": text})

    job = ImportJob.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/imports/{job.pk}/")
    assert job.account == "12345"
    assert job.reader.user is None
    assert client.get(f"/imports/{job.pk}/").status_code == 200


def test_an_import_belongs_to_the_account_that_began_it() -> None:
    reader = ReaderFactory.create()

    client_of(reader).post("/start", {"profile": "12345"})

    assert ImportJob.objects.get().reader == reader


def test_an_export_file_begins_an_import(client: Client) -> None:
    answer = client.post("/start", {"export": export()})

    job = ImportJob.objects.get()
    assert answer["Location"] == f"/imports/{job.pk}/"
    assert job.kind == ImportJob.Kind.GOODREADS_EXPORT
    assert job.items.count() == 2


def test_the_file_is_used_where_both_are_given(client: Client) -> None:
    client.post("/start", {"profile": "no profile at all", "export": export()})

    assert ImportJob.objects.get().kind == ImportJob.Kind.GOODREADS_EXPORT


def test_a_second_import_at_once_leads_to_the_first() -> None:
    job = ImportJobFactory.create(reader=ReaderFactory.create())

    answer = client_of(job.reader).post("/start", {"profile": job.account})

    assert answer["Location"] == f"/imports/{job.pk}/"


def test_another_number_takes_the_place_of_the_first() -> None:
    job = ImportJobFactory.create(reader=ReaderFactory.create())

    answer = client_of(job.reader).post("/start", {"profile": "777"})

    job.refresh_from_db()
    assert answer["Location"] != f"/imports/{job.pk}/"
    assert job.state == ImportJob.State.FAILED


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hello", "does not look like a Goodreads profile"),
        ("https://www.goodreads.com/author/show/1077326", "the page of an author"),
        ("https://example.org/user/show/1", "Only addresses at goodreads.com"),
    ],
)
def test_a_wrong_profile_is_explained_beside_the_field_and_kept(
    client: Client, text: str, sentence: str
) -> None:
    page = read(client.post("/start", {"profile": text}), status=422)

    field = page.one("input", name="profile")
    assert field.attributes["value"] == text
    assert field.attributes["aria-invalid"] == "true"
    assert sentence in page.one(id="id_profile_error").words
    assert "id_profile_error" in field.attributes["aria-describedby"]
    assert not Reader.objects.exists()


def test_nothing_given_asks_for_something(client: Client) -> None:
    page = read(client.post("/start", {}), status=422)

    assert "Paste your Goodreads profile" in page.one(id="id_profile_error").words


def test_a_file_that_is_no_export_is_explained_beside_the_file(client: Client) -> None:
    page = read(client.post("/start", {"export": export("a,b\n1,2\n")}), status=422)

    assert page.one(id="id_export_error").words
    assert not ImportJob.objects.exists()


def test_a_huge_file_is_not_read(client: Client, settings: Settings) -> None:
    settings.IMPORT_MAX_BYTES = 10

    page = read(client.post("/start", {"export": export()}), status=422)

    assert "larger than 10" in page.one(id="id_export_error").words


def test_what_was_pasted_is_shown_as_text_only(client: Client) -> None:
    text = '"><script>alert(1)</script>'

    page = read(client.post("/start", {"profile": text}), status=422)

    assert page.one("input", name="profile").attributes["value"] == text


@pytest.mark.parametrize(("address", "page"), [("/start", "/"), ("/library/since", "/library/")])
def test_who_comes_back_to_where_a_form_was_sent_finds_the_form(
    client: Client, address: str, page: str
) -> None:
    assert client.get(address)["Location"] == page
    assert client.put(address).status_code == 405


def test_a_post_without_its_token_is_explained() -> None:
    page = read(Client(enforce_csrf_checks=True).post("/start", {"profile": "1"}), status=403)

    assert "Please send that again" in page.words


def test_covers_of_known_books_stand_on_the_shelf(client: Client) -> None:
    BookFactory.create(title="Piranesi", authors=["Susanna Clarke"])

    page = read(client.get("/"))

    assert "Piranesi" in page.one("div", class_="shelf").words
    assert page.one("div", class_="shelf").attributes["aria-hidden"] == "true"


def test_more_books_cost_no_more_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    BookFactory.create_batch(9)

    with django_assert_num_queries(4):
        client.get("/")
