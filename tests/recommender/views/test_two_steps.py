"""Logging in with two steps: turned on, used, lost, turned off."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client
from pytest_django import Settings

from recsite.accounts.mfa import MFAAdapter
from tests.factories import PASSWORD, UserFactory
from tests.pages import Page, read

pytestmark = pytest.mark.django_db
EMAIL = "ann@example.org"
TWO_STEPS = "/accounts/2fa/"


def code_of(secret: str, later: int = 0) -> str:
    """What the app on the phone shows (RFC 6238)."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later)))


def log_in(client: Client) -> Page:
    return read(
        client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD}, follow=True)
    )


def turn_on(client: Client) -> str:
    """Go through the pages as somebody with a phone does; answer with the secret."""
    form = client.get(f"{TWO_STEPS}totp/activate/", follow=True)
    if form.redirect_chain:
        client.post(form.redirect_chain[-1][0], {"password": PASSWORD})
        form = client.get(f"{TWO_STEPS}totp/activate/")
    secret = read(form).one("code").words
    assert read(form).all("svg")
    assert client.post(f"{TWO_STEPS}totp/activate/", {"code": code_of(secret)}).status_code == 302
    return secret


@pytest.fixture
def ann(client: Client) -> Client:
    UserFactory.create(email=EMAIL)
    log_in(client)
    return client


def codes_on(page: Page) -> list[str]:
    return [element.words for element in page.all("code")]


@pytest.mark.django_db(transaction=True)
def test_from_then_on_a_code_is_asked_for(ann: Client) -> None:
    secret = turn_on(ann)
    assert mail.outbox[-1].to == [EMAIL]
    assert "app" in str(mail.outbox[-1].body)
    assert secret not in str(list(Authenticator.objects.values()))
    assert "It is on" in read(ann.get(TWO_STEPS)).one("main").words
    other = Client()
    assert log_in(other).one("h1").words == "The second step"
    assert other.get("/account/").status_code == 302
    wrong = other.post(f"{TWO_STEPS}authenticate/", {"code": "000000"})
    assert "code" in Page(wrong).one("main").words
    right = other.post(f"{TWO_STEPS}authenticate/", {"code": code_of(secret, later=1)})
    assert right.status_code == 302
    assert other.get("/account/").status_code == 200


def test_a_recovery_code_works_once(ann: Client) -> None:
    turn_on(ann)
    ann.post(f"{TWO_STEPS}recovery-codes/generate/")
    codes = codes_on(read(ann.get(f"{TWO_STEPS}recovery-codes/")))
    assert len(codes) == 10
    for expected in (302, 200):
        other = Client()
        log_in(other)
        answer = other.post(f"{TWO_STEPS}authenticate/", {"code": codes[0]})
        assert answer.status_code == expected


def test_it_can_be_turned_off(ann: Client) -> None:
    turn_on(ann)
    assert read(ann.get(f"{TWO_STEPS}totp/deactivate/")).one("h1").words.endswith("?")
    ann.post(f"{TWO_STEPS}totp/deactivate/")
    assert log_in(Client()).one("h1").words != "The second step"


def test_nobody_turns_it_on_for_others() -> None:
    for path in ("", "totp/activate/", "recovery-codes/"):
        assert re.match(r"/accounts/login/", Client().get(f"{TWO_STEPS}{path}")["Location"])


def test_a_new_key_of_the_site_still_opens_old_secrets(settings: Settings) -> None:
    adapter = MFAAdapter()
    kept = adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in kept
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of this site, which is long enough"
    assert adapter.decrypt(kept) == "JBSWY3DPEHPK3PXP"
