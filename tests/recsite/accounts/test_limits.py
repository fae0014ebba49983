"""Limits by address and by account: what is beyond them waits, and owners are not locked out."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from recommender.models import Reader
from recsite.accounts import limits
from recsite.accounts.models import KnownPlace, Tally
from tests.factories import PASSWORD, BookFactory, ReaderFactory, UserFactory
from tests.pages import client_of, read

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
EMAIL = "ada@books.example"
HERE, THERE = "192.0.2.1", "198.51.100.7"


def log_in(address: str, password: str = "wrong", email: str = EMAIL) -> int:
    client = Client(REMOTE_ADDR=address)
    return client.post(LOGIN, {"login": email, "password": password}).status_code


def test_strangers_who_guess_lock_themselves_out_and_not_the_owner() -> None:
    UserFactory.create(email=EMAIL)
    assert log_in(HERE, PASSWORD) == 302

    # The owner's first log-in was from an address that nobody knew yet.
    assert [log_in(THERE) for _ in range(6)] == [200] * 4 + [429] * 2
    assert log_in(THERE, PASSWORD) == 429
    assert log_in("203.0.113.9", PASSWORD, email=EMAIL.upper()) == 429  # another stranger's
    assert log_in(HERE) == 200
    assert log_in(HERE, PASSWORD) == 302


def test_an_address_may_not_try_one_account_after_the_other() -> None:
    tried = [log_in(THERE, email=f"reader{n}@books.example") for n in range(31)]

    assert tried == [200] * 30 + [429]
    assert log_in(HERE, email="reader1@books.example") == 200


def test_the_page_says_when_it_may_be_tried_again(client: Client) -> None:
    with time_machine.travel("2026-11-26T12:00:00Z", tick=False) as clock:
        for _ in range(5):
            client.post(LOGIN, {"login": EMAIL, "password": "wrong"})
        clock.shift(timedelta(minutes=4))
        answer = client.post(LOGIN, {"login": EMAIL, "password": "wrong"})
        page = read(answer, status=429)
        assert answer["Retry-After"] == "360"
        assert "Try again in 6 minutes." in page.one("main").words
        clock.shift(timedelta(minutes=6))
        assert client.post(LOGIN, {"login": EMAIL, "password": "wrong"}).status_code == 200


def test_looking_at_a_form_is_not_counted(client: Client) -> None:
    for _ in range(35):
        client.get(LOGIN)
    assert not Tally.objects.exists()


@pytest.mark.parametrize(
    ("path", "fields", "most"),
    [
        ("/accounts/signup/", {"email": EMAIL}, 20),
        ("/accounts/password/reset/", {"email": "nobody"}, 5),
        ("/start", {"profile": "?"}, 60),
        ("/books/missing/", {}, 60),
        ("/together/", {}, 60),
        ("/together/join/nobodys/", {}, 60),
    ],
)
def test_what_costs_much_is_limited_by_address(
    client: Client, settings: Settings, path: str, fields: dict[str, str], most: int
) -> None:
    settings.LIMITS_FACTOR = 0.2
    tried = [client.post(path, fields).status_code for _ in range(most // 5 + 1)]

    assert tried[-1] == 429
    assert 429 not in tried[:-1]
    assert Client(REMOTE_ADDR=THERE).post(path, fields).status_code != 429 or "email" in fields


def test_searches_are_limited_and_pages_without_one_are_not(
    client: Client, settings: Settings
) -> None:
    settings.LIMITS_FACTOR = 0.01
    searched = [client.get("/books/", {"q": "dune"}).status_code for _ in range(4)]

    assert searched == [200, 200, 200, 429]
    assert client.get("/books/").status_code == 200


def test_pictures_are_limited_as_each_is_drawn(client: Client, settings: Settings) -> None:
    settings.LIMITS_FACTOR = 0.01
    asked = [client.get("/lists/nobodys/picture.png") for _ in range(4)]

    assert [answer.status_code for answer in asked] == [404, 404, 404, 429]
    assert int(asked[-1]["Retry-After"]) > 0


def test_an_account_is_limited_wherever_it_asks_from(settings: Settings) -> None:
    settings.LIMITS_FACTOR = 0.2
    browser = client_of(ReaderFactory.create())
    tried = [
        browser.post("/account/delete/", {"password": "guess"}, REMOTE_ADDR=f"192.0.2.{n}")
        for n in range(3)
    ]

    assert [answer.status_code for answer in tried] == [422, 422, 429]
    assert Reader.objects.count() == 1


def test_dropping_the_cookie_makes_no_guest_without_end(settings: Settings) -> None:
    book = BookFactory.create()
    settings.LIMITS_FACTOR = 2 / limits.NEW_GUESTS.most
    tried = [Client().post(f"/books/{book.pk}/shelve", {"shelf": "to-read"}) for _ in range(3)]

    assert [answer.status_code for answer in tried] == [302, 302, 429]
    assert Reader.objects.count() == 2


def test_nothing_is_held_back_where_nothing_can_be_counted(client: Client) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        answer = client.get("/books/", {"q": "dune"})
    assert answer.status_code == 200


def test_what_is_kept_tells_neither_addresses_nor_accounts() -> None:
    UserFactory.create(email=EMAIL)
    log_in(HERE, PASSWORD)
    kept = str([list(model.objects.values()) for model in (Tally, KnownPlace)])

    assert Tally.objects.exists()
    assert KnownPlace.objects.count() == 1
    assert HERE not in kept
    assert EMAIL not in kept


def test_what_no_longer_counts_is_deleted() -> None:
    UserFactory.create(email=EMAIL)
    log_in(HERE, PASSWORD)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        limits.forget_old()
        assert not Tally.objects.exists()
        assert KnownPlace.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        limits.forget_old()
        assert not KnownPlace.objects.exists()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", HERE),  # anybody can write the header
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "203.0.113.9", HERE),  # came around a proxy
        (2, "192.0.2.66, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "nonsense", "unknown"),
    ],
)
def test_the_address_is_the_one_that_the_last_trusted_proxy_saw(
    rf: RequestFactory, settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=HERE)
    assert limits.address_of(request) == address
