"""Two guests at one browser: a library each, one shown at a time, and one list for both."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import Book
from recommender.models import GroupMember, LibraryEntry, Reader, ReadingGroup
from recommender.services import groups, leaving, readers
from recommender.services.readers import SESSION_KEY
from recommender.services.shared_browser import ALL_KEY
from tests.factories import PASSWORD, ReaderFactory, UserFactory, create_books
from tests.pages import Page, client_of, read
from tests.releases import publish_release

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(own_store: str) -> list[Book]:
    made = create_books({f"Shore {n}": f"Wader No{n}" for n in range(12)})
    publish_release(own_store, [[book.goodbooks_id or 0 for book in made]])
    return made


@pytest.fixture
def browser(books: list[Book]) -> Client:
    """Ann's, who has begun a group and rated two books; then Bob beside her rates two others."""
    browser = client_of(None)
    group = browser.post("/together/", {"name": "Ann"})["Location"]
    rate(browser, *books[:2])
    browser.post(f"{group}beside", {"name": "Bob"})
    rate(browser, *books[2:4])
    return browser


def rate(browser: Client, *books: Book) -> None:
    for book in books:
        browser.post(f"/books/{book.pk}/shelve", {"shelf": "read", "stars": "5"})


def number(name: str) -> int:
    return GroupMember.objects.get(name=name).reader_id


def show(browser: Client, name: str, then: str = "") -> str:
    answer = browser.post("/together/switch", {"library": number(name), "then": then})
    return str(answer.headers.get("Location", answer.status_code))


def whose(page: Page) -> str:
    """What the head of the page says of the libraries in this browser."""
    return " ".join(form.words for form in page.all("form", class_="here"))


def titles_in_library(browser: Client) -> set[str]:
    return {e.words for e in read(browser.get("/library/")).all("h2")} & {
        f"Shore {n}" for n in range(12)
    }


class TestSharing:
    def test_each_has_a_library_and_both_have_one_list(
        self, browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        page = read(browser.get("/library/"))
        assert whose(page) == "Bob’s library Switch to Ann Read together"
        assert titles_in_library(browser) == {"Shore 2", "Shore 3"}
        assert show(browser, "Ann") == "/recommendations/"
        assert titles_in_library(browser) == {"Shore 0", "Shore 1"}

        group = f"/together/{ReadingGroup.objects.get().pk}/"
        with django_assert_max_num_queries(20):
            first = read(browser.get(group)).one("li", data_rank="1").words
        assert "Ann liked Shore 0 and Shore 1" in first
        assert "Bob liked Shore 2 and Shore 3" in first
        assert Reader.objects.count() == 2

    def test_who_comes_is_led_to_the_ways_to_begin(self, browser: Client) -> None:
        group = ReadingGroup.objects.get()
        answer = browser.post(f"/together/{group.pk}/beside", {"name": "Cy"}, follow=True)
        page = read(answer)
        assert "This is Cy’s library, still empty." in page.words
        assert page.all("input", name="profile")
        assert show(browser, "Ann") == "/recommendations/"
        assert show(browser, "Cy") == "/"

    def test_there_is_a_limit_and_a_name_is_needed(self, browser: Client) -> None:
        group = ReadingGroup.objects.get()
        address = f"/together/{group.pk}/beside"
        assert read(browser.post(address, {"name": " "}), status=422).all(class_="errorlist")
        for name in ("Cy", "Di", "Ed", "Flo"):
            browser.post(address, {"name": name})
        assert not read(browser.get(f"/together/{group.pk}/")).all(id="beside")
        assert browser.post(address, {"name": "Gus"}).status_code == 422
        groups.leave(group=group, reader=Reader.objects.get(pk=number("Cy")))
        page = read(browser.post(address, {"name": "Gus"}), status=422)
        assert "There are 6 libraries in this browser." in page.words
        assert Reader.objects.count() == 6

    def test_who_is_alone_sees_nothing_of_it(self, books: list[Book]) -> None:
        browser = client_of(None)
        browser.post("/together/", {"name": "Ann"})
        assert whose(read(browser.get("/library/"))) == ""
        assert "will move to" not in read(browser.get("/accounts/login/")).words


class TestWalls:
    def test_a_browser_shows_only_what_was_begun_in_it(self, browser: Client) -> None:
        stranger = ReaderFactory.create(user=None)
        asked = browser.post("/together/switch", {"library": stranger.pk})
        assert asked.status_code == 404
        for who in (None, stranger, ReaderFactory.create()):
            assert show(client_of(who), "Ann") == "404"

    def test_strangers_and_accounts_begin_no_library_beside(self, browser: Client) -> None:
        group = ReadingGroup.objects.get()
        account = ReaderFactory.create()
        groups.join(group=group, reader=account, name="Kim")
        for who in (None, ReaderFactory.create(user=None), account):
            answer = client_of(who).post(f"/together/{group.pk}/beside", {"name": "Cy"})
            assert answer.status_code == 404
        assert not read(client_of(account).get(f"/together/{group.pk}/")).all(id="beside")
        assert group.members.count() == 3


class TestComingAndGoing:
    def test_one_is_deleted_and_the_other_stays(self, browser: Client) -> None:
        assert show(browser, "Ann", then="delete") == "/account/delete/"
        browser.post("/account/delete/", {"word": "delete"})

        assert Reader.objects.get().pk == number("Bob")
        assert titles_in_library(browser) == {"Shore 2", "Shore 3"}
        assert whose(read(browser.get("/library/"))) == ""
        assert Session.objects.count() == 1
        assert GroupMember.objects.get().name == "Bob"

    def test_an_account_takes_the_library_that_is_shown_and_leaves_the_other(
        self, browser: Client
    ) -> None:
        user = UserFactory.create()
        bob = number("Bob")
        show(browser, "Ann")
        assert (
            "This is Ann’s library. It will move to" in read(browser.get("/accounts/login/")).words
        )
        browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        assert titles_in_library(browser) == {"Shore 0", "Shore 1"}
        assert whose(read(browser.get("/library/"))) == ""
        assert show(browser, "Bob") == "404"

        browser.post("/accounts/logout/")
        assert browser.session[SESSION_KEY] == bob
        assert titles_in_library(browser) == {"Shore 2", "Shore 3"}
        assert "This is Bob’s library." in read(browser.get("/accounts/login/")).words
        assert set(LibraryEntry.objects.values_list("reader__user", flat=True)) == {user.pk, None}

    @pytest.mark.parametrize("name", ["Ann", "Bob"])
    def test_who_is_deleted_elsewhere_takes_nobody_along(self, browser: Client, name: str) -> None:
        other = {"Ann": "Bob", "Bob": "Ann"}[name]
        kept = number(other)
        leaving.delete_reader(reader=Reader.objects.get(pk=number(name)))
        assert browser.session[SESSION_KEY] == kept
        assert browser.session[ALL_KEY] == [kept]
        assert len(titles_in_library(browser)) == 2

    def test_who_has_logged_in_stays_so_when_the_one_beside_is_deleted(
        self, browser: Client
    ) -> None:
        user, bob = UserFactory.create(), Reader.objects.get(pk=number("Bob"))
        show(browser, "Ann")
        browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        leaving.delete_reader(reader=bob)
        assert titles_in_library(browser) == {"Shore 0", "Shore 1"}
        assert browser.session[ALL_KEY] == []

    def test_a_visit_keeps_all_of_them_and_none_keeps_nothing(self, browser: Client) -> None:
        Reader.objects.update(last_seen_at=timezone.now() - timedelta(days=50))
        browser.get("/library/")
        assert not Reader.objects.filter(last_seen_at__lt=timezone.now() - timedelta(days=1))

        Reader.objects.update(last_seen_at=timezone.now() - timedelta(days=70))
        assert readers.remove_forgotten_guests() == 2
        page = read(browser.get("/library/"))
        assert whose(page) == ""

    def test_who_has_left_the_group_has_a_name_all_the_same(self, browser: Client) -> None:
        group = ReadingGroup.objects.get()
        browser.post(f"/together/{group.pk}/leave")
        assert whose(read(browser.get("/"))).startswith("Reader 2’s library")
