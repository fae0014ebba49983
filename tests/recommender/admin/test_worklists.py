"""What curators work through: the next one, decided with one act, and never offered again."""

from dataclasses import asdict

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from catalog.models import Book, CurationAct, DistinctBooks, FoundWork
from tests.admin_pages import curator
from tests.factories import BookFactory, LibraryEntryFactory
from tests.pages import Page, read
from tests.works import KLARA

pytestmark = pytest.mark.django_db

WORK = "/admin/catalog/book/work"
LANGUAGE, DOUBLES, FOUND = f"{WORK}/language", f"{WORK}/doubles", f"{WORK}/found"


@pytest.fixture
def client() -> Client:
    return curator()


def heads(page: Page) -> list[str]:
    return [one.words for one in page.all("h2")]


def keys(page: Page) -> set[str]:
    return {one.attributes["data-key"] for one in page.all(data_key="*")}


def act(client: Client, path: str, what: str, **sent: object) -> Page:
    """Send what the form of the page would send with this button; return the next page."""
    page = read(client.get(path))
    hidden = page.all("input", type="hidden")
    form = {one.attributes["name"]: one.attributes.get("value", "") for one in hidden}
    answer = client.post(path, form | {"act": what} | sent, follow=True)
    return read(answer)


def test_a_book_without_language_gets_one_by_a_key(client: Client) -> None:
    known, rare = (
        BookFactory.create(title=title, language="", ratings_count=count)
        for title, count in (("Emma", 900), ("Sanditon", 5))
    )
    page = read(client.get(LANGUAGE))
    assert heads(page) == ["Emma"]
    assert {"1", "9", "n", "h", "l"} <= keys(page)

    page = act(client, LANGUAGE, "eng")
    known.refresh_from_db()
    assert (known.language, "language" in known.locked_fields) == ("eng", True)
    assert heads(page) == ["Sanditon"]
    assert CurationAct.objects.get().kind == CurationAct.Kind.EDITED

    assert "Write the code of a language" in act(client, LANGUAGE, "", language="Klingon!").words
    act(client, LANGUAGE, "", language="fra")
    rare.refresh_from_db()
    assert rare.language == "fra"
    assert "There is nothing to do here." in read(client.get(LANGUAGE)).words


def test_what_is_passed_over_stays_and_what_is_hidden_goes(client: Client) -> None:
    for number in range(3):
        BookFactory.create(title=f"Book {number}", language="", ratings_count=10 - number)
    (link,) = read(client.get(LANGUAGE)).all("a", data_key="n")
    second = LANGUAGE + link.attributes["href"]
    assert heads(read(client.get(second))) == ["Book 1"]
    page = act(client, second, "hide", reason="A calendar")
    assert heads(page) == ["Book 2"], "the one that was passed over stays so"
    assert Book.objects.get(title="Book 1").hidden_because == "A calendar"
    act(client, second, "hide", reason="")
    assert Book.objects.get(title="Book 2").status == Book.Status.ACTIVE, "not without a reason"


def doubles() -> tuple[Book, Book]:
    known = BookFactory.create(title="The Hobbit", authors=["J.R.R. Tolkien"], ratings_count=900)
    other = BookFactory.create(title="The hobbit", authors=["John R. R. Tolkien"], ratings_count=3)
    BookFactory.create(title="The Hobbit", authors=["Somebody Else"])
    return known, other


def test_probable_doubles_stand_side_by_side_and_become_one(client: Client) -> None:
    known, other = doubles()
    entry = LibraryEntryFactory.create(book=other, stars=5)
    page = read(client.get(DOUBLES))
    assert heads(page) == ["The Hobbit", "The hobbit"]
    assert keys(page) == {"m", "k", "d", "n"}
    assert [one.words for one in page.all("dd")].count("English") == 2

    page = act(client, DOUBLES, "left")
    other.refresh_from_db()
    entry.refresh_from_db()
    assert (other.merged_into, entry.book) == (known, known)
    assert "There is nothing to do here." in page.words


def test_two_books_that_a_curator_keeps_apart_are_not_asked_about_again(client: Client) -> None:
    known, other = doubles()
    assert "There is nothing to do here." in act(client, DOUBLES, "apart").words
    kept = DistinctBooks.objects.get()
    assert {kept.first_id, kept.second_id} == {known.pk, other.pk}
    assert Book.objects.standing().count() == 3


def test_volumes_of_a_series_are_no_doubles(client: Client) -> None:
    for number in (1, 2):
        BookFactory.create(
            title="Sandman", authors=["Neil Gaiman"], series_name="Sandman", series_number=number
        )
    assert heads(read(client.get(DOUBLES))) == []


def test_found_works_lead_to_the_open_library_that_is_asked(
    client: Client, settings: Settings
) -> None:
    settings.OPENLIBRARY_BASE_URL = "http://127.0.0.1:9"
    found = FoundWork.objects.create(
        key="OL1W", title="Klara", author="Ishiguro", reason="popular", work=asdict(KLARA)
    )
    pages = (FOUND, reverse("admin:catalog_foundwork_change", args=[found.pk]))
    for page in pages:
        assert read(client.get(page)).one("a", href="http://127.0.0.1:9/works/OL1W")


def test_a_found_work_is_accepted_or_declined(client: Client) -> None:
    for number, title in enumerate((KLARA.title, "Other")):
        work = asdict(KLARA) | {"title": title, "key": f"OL{number}1W"}
        FoundWork.objects.create(
            key=work["key"],
            title=title,
            author="Ishiguro",
            reason="popular",
            work=work,
            shelves=10 - number,
        )
    assert keys(read(client.get(FOUND))) == {"a", "x", "n"}
    assert heads(act(client, FOUND, "add")) == ["Other"]
    assert Book.objects.get().title == KLARA.title
    act(client, FOUND, "decline")
    assert FoundWork.objects.get(title="Other").state == FoundWork.State.DECLINED


@pytest.mark.parametrize("path", [LANGUAGE, DOUBLES, FOUND])
def test_what_another_curator_has_decided_meanwhile_is_told(client: Client, path: str) -> None:
    gone = {"book": "999999", "left": "1", "right": "x", "found": "9" * 30, "act": "left"}
    assert "Somebody else has decided" in read(client.post(path, gone, follow=True)).words


def test_many_that_wait_cost_no_more_than_few(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        BookFactory.create(title="Same", authors=["One Author"], language="", ratings_count=number)
    client.get(LANGUAGE)
    for path in (LANGUAGE, DOUBLES):
        with django_assert_max_num_queries(16):
            client.get(path)
