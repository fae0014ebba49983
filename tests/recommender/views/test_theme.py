"""Light or dark, chosen in the footer and kept in a cookie."""

import pytest
from django.test import Client

from tests.factories import BookFactory
from tests.pages import read

pytestmark = pytest.mark.django_db


def theme_of(client: Client) -> str | None:
    return read(client.get("/how-it-works/")).one("html").attributes.get("data-theme")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_choice_is_kept_until_it_is_taken_back(client: Client, theme: str) -> None:
    assert theme_of(client) is None
    here = "http://testserver/library/?q=sea"
    answer = client.post("/theme", {"theme": theme}, headers={"Referer": here})
    assert answer["Location"] == here
    assert theme_of(client) == theme
    page = read(client.get("/how-it-works/"))
    assert page.one("button", aria_pressed="true").attributes["value"] == theme
    assert page.one("meta", name="color-scheme").attributes["content"] == theme
    client.post("/theme", {"theme": "auto"})
    assert theme_of(client) is None


def test_another_word_changes_nothing_and_leads_nowhere_else(client: Client) -> None:
    answer = client.post(
        "/theme", {"theme": '"><b>'}, headers={"Referer": "https://elsewhere.example/"}
    )
    assert answer["Location"] == "/"
    assert theme_of(client) is None
    client.cookies["theme"] = "purple"
    assert theme_of(client) is None
    assert client.get("/theme").status_code == 405


def test_a_page_can_be_shared_and_tells_nothing_of_its_reader(client: Client) -> None:
    page = read(client.get("/"))
    shared = {e.attributes["property"]: e.attributes["content"] for e in page.all(property="*")}
    assert shared["og:title"] == "What to read next, and why"
    assert shared["og:image"].startswith("http://testserver/static/img/share")


@pytest.mark.parametrize("back", ["foo", "landing", "javascript:alert(1)", "http://[", "a b"])
def test_a_way_back_is_an_address_and_never_the_name_of_a_page(client: Client, back: str) -> None:
    answer = client.post("/theme", {"theme": "dark"}, headers={"Referer": back})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    book = BookFactory.create()
    answer = client.post(f"/books/{book.pk}/shelve", {"shelf": "to-read", "next": back})
    assert (answer.status_code, answer["Location"]) == (302, f"/recommendations/#book-{book.pk}")
