"""Who may enter: by an issuer of OpenID Connect, by invitation, or not at all."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from recommender.models import LibraryEntry
from recsite.accounts.models import User
from tests.factories import BookFactory, UserFactory
from tests.issuer import CLIENT_ID, CLIENT_SECRET, Issuer, issuer
from tests.pages import read
from tests.recommender.services.test_locks import elsewhere, wait_until_somebody_waits

pytestmark = pytest.mark.django_db

ADA: dict[str, Any] = {
    "sub": "42",
    "email": "ada@books.example",
    "email_verified": True,
    "name": "Ada L.",
}
PASSWORD = "a long wet summer"


@pytest.fixture(scope="module")
def running_issuer() -> Iterator[Issuer]:
    with issuer() as server:
        yield server


@pytest.fixture
def server(running_issuer: Issuer, settings: Settings) -> Issuer:
    """The issuer that this site trusts for the length of a test."""
    running_issuer.person, running_issuer.fault = dict(ADA), ""
    settings.OIDC_ISSUER = running_issuer.url
    providers: dict[str, Any] = deepcopy(settings.SOCIALACCOUNT_PROVIDERS)
    providers["openid_connect"]["APPS"] = [
        {
            "provider_id": "sso",
            "name": "the library",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": {"server_url": running_issuer.url},
        }
    ]
    settings.SOCIALACCOUNT_PROVIDERS = providers
    return running_issuer


def sign_on(client: Client) -> Any:
    """The way of a browser from the button to the site and back; the answer at its end."""
    sent = client.post("/accounts/oidc/sso/login/")
    if sent.status_code != 302:
        return sent
    back = requests.get(sent["Location"], allow_redirects=False, timeout=30).headers["Location"]
    parts = urlsplit(back)
    return client.get(f"{parts.path}?{parts.query}")


def roles_of(email: str) -> tuple[set[str], bool, bool]:
    user = User.objects.get(email=email)
    names = set(user.groups.values_list("name", flat=True))
    return names, user.is_staff, user.is_superuser


def test_who_the_issuer_knows_comes_in_and_brings_what_a_guest_had(
    client: Client, server: Issuer, settings: Settings
) -> None:
    settings.SIGN_UP = "closed"
    book = BookFactory.create()
    client.post(f"/books/{book.pk}/shelve", {"shelf": "read", "stars": "5"})
    page = read(client.get("/accounts/login/"))
    assert "Log in with single sign-on" in page.one("main").words

    answer = sign_on(client)

    assert (answer.status_code, answer["Location"]) == (302, "/recommendations/")
    user = User.objects.get()
    assert (user.email, user.has_usable_password()) == (ADA["email"], False)
    assert LibraryEntry.objects.get().reader.user == user
    account = SocialAccount.objects.get()
    assert account.extra_data == {"userinfo": {k: v for k, v in ADA.items() if k != "name"}}

    other = Client()
    assert sign_on(other)["Location"] == "/recommendations/"
    assert "Log out" in other.get("/account/").text
    assert User.objects.count() == 1


def test_an_address_that_the_issuer_has_verified_is_its_owner_s(
    client: Client, server: Issuer
) -> None:
    user = UserFactory.create(email=ADA["email"])
    sign_on(client)
    assert client.session["_auth_user_id"] == str(user.pk)

    User.objects.all().delete()
    other = UserFactory.create(email=ADA["email"])
    server.person["email_verified"] = False
    stranger = Client()
    answer = sign_on(stranger)
    assert "_auth_user_id" not in stranger.session
    assert answer["Location"] == "/accounts/sso/signup/"
    assert read(stranger.get(answer["Location"])).one("form", action="/accounts/sso/signup/")
    assert not SocialAccount.objects.filter(user=other).exists()


def test_roles_follow_the_claims_at_each_log_in(server: Issuer, settings: Settings) -> None:
    settings.OIDC_CURATORS, settings.OIDC_OPERATORS = ["cataloguers"], ["it", "night shift"]
    server.person["groups"] = ["cataloguers", "it", "choir"]
    sign_on(Client())
    assert roles_of(ADA["email"]) == ({"curator", "operator"}, True, False)

    server.person["groups"] = "it"
    sign_on(Client())
    assert roles_of(ADA["email"]) == ({"operator"}, True, False)

    settings.OIDC_SUPERUSERS = ["head"]
    server.person["groups"] = ["head"]
    sign_on(Client())
    assert roles_of(ADA["email"]) == (set(), True, True)

    del server.person["groups"]
    sign_on(Client())
    assert roles_of(ADA["email"]) == (set(), False, False)


def test_roles_given_in_the_admin_stay_where_no_claim_means_one(server: Issuer) -> None:
    UserFactory.create(email=ADA["email"], is_staff=True, is_superuser=True)
    server.person["groups"] = []
    sign_on(Client())
    assert roles_of(ADA["email"]) == (set(), True, True)


def test_an_issuer_that_is_away_or_refuses_is_a_page_with_words(
    client: Client, server: Issuer, settings: Settings
) -> None:
    server.fault = "refuses"
    assert (
        "You stopped logging in" in read(client.get(sign_on(client)["Location"])).one("main").words
    )
    server.fault = "away"
    page = read(sign_on(client), status=503)
    assert "We can’t reach single sign-on at the moment." in page.one("main").words
    links = page.all("a", href="/accounts/login/")
    assert "log in with that" in {link.words for link in links}
    server.fault = ""
    forged = client.get("/accounts/oidc/sso/login/callback/?code=x&state=y")
    assert "did not let us log you in" in read(forged, status=401).one("main").words
    assert not User.objects.exists()


def sign_up(client: Client, email: str) -> Any:
    form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    return client.post("/accounts/signup/", form)


def test_where_sign_up_is_closed_no_page_leads_to_it(client: Client, settings: Settings) -> None:
    settings.SIGN_UP = "closed"
    for path in ("/", "/accounts/login/", "/rate/"):
        assert "/accounts/signup/" not in client.get(path).text
    assert "No new accounts are made here." in sign_up(client, "a@books.example").text
    assert not User.objects.exists()


def test_an_invitation_is_for_one_address_and_one_account(
    client: Client, settings: Settings
) -> None:
    settings.SIGN_UP, settings.SITE_URL = "invited", "http://testserver"
    assert "by invitation" in sign_up(client, "ben@books.example").text
    out = StringIO()
    call_command("invite", "Ben@books.example", stdout=out)
    address, link = out.getvalue().split()
    assert (address, mail.outbox[0].to) == ("Ben@books.example", ["Ben@books.example"])
    assert link in mail.outbox[0].body

    path = urlsplit(link).path
    assert client.get(path, follow=True).request["PATH_INFO"] == "/accounts/signup/"
    assert "The invitation is for ben@books.example." in sign_up(client, "x@books.example").text
    assert sign_up(client, "Ben@books.example").status_code == 302
    assert User.objects.get().email == "ben@books.example"

    second = Client()
    second.get(path)
    sign_up(second, "ben@books.example")
    assert User.objects.count() == 1
    with pytest.raises(CommandError, match="already has an account"):
        call_command("invite", "ben@books.example")


def invitation(address: str) -> str:
    """The path of a link that invites somebody."""
    out = StringIO()
    call_command("invite", address, stdout=out)
    return urlsplit(out.getvalue().split()[1]).path


@pytest.mark.parametrize("later", [timedelta(days=13), timedelta(days=15)])
def test_an_invitation_ends(client: Client, settings: Settings, later: timedelta) -> None:
    settings.SIGN_UP, settings.SITE_URL = "invited", "http://testserver"
    link = invitation("ben@books.example")
    with time_machine.travel(timezone.now() + later, tick=False):
        assert client.get(link[:-2] + "/")["Location"] == "/accounts/login/", "forged"
        leads_to = "/accounts/signup/" if later.days < 14 else "/accounts/login/"
        assert client.get(link)["Location"] == leads_to


def test_who_is_invited_comes_by_the_issuer_and_others_are_told_why_not(
    client: Client, server: Issuer, settings: Settings
) -> None:
    settings.SIGN_UP = settings.OIDC_SIGN_UP = "invited"
    settings.SITE_URL, settings.OIDC_CURATORS = "http://testserver", ["cataloguers"]
    server.person["groups"] = ["cataloguers"]
    link = invitation("Ada@books.example")

    page = read(sign_on(client), status=403).one("main")
    assert "knows you as ada@books.example, which has no account" in page.words
    assert "New accounts are by invitation here." in page.words

    client.get(link)
    server.person |= {"sub": "43", "email": "ben@books.example"}
    page = read(sign_on(client), status=403).one("main")
    assert "Your invitation is for ada@books.example." in page.words
    assert not User.objects.exists()

    server.person |= ADA
    assert "Sign up with single sign-on" in read(client.get("/accounts/signup/")).one("main").words
    assert sign_on(client)["Location"] == "/recommendations/"
    assert roles_of(ADA["email"]) == ({"curator"}, True, False)

    server.person |= {"sub": "44", "email_verified": False}  # by the same link, somebody else
    second = Client()
    second.get(link)
    assert sign_on(second)["Location"] == "/accounts/sso/signup/"
    form = {"email": "eve@books.example"}
    assert "The invitation is for ada@" in second.post("/accounts/sso/signup/", form).text
    second.post("/accounts/sso/signup/", {"email": ADA["email"]})
    assert User.objects.count() == SocialAccount.objects.count() == 1


def test_an_issuer_may_take_invitations_where_passwords_are_not_for_new_accounts(
    client: Client, server: Issuer, settings: Settings
) -> None:
    settings.SIGN_UP = settings.OIDC_SIGN_UP = "closed"
    settings.SITE_URL = "http://testserver"
    with pytest.raises(CommandError, match="SIGN_UP=closed"):
        invitation(ADA["email"])
    page = read(sign_on(client), status=403).one("main")
    assert "No new accounts are made here." in page.words

    settings.OIDC_SIGN_UP = "invited"
    del server.person["email"]  # asked for here, and only the one that was invited is taken
    entrance = client.get(invitation("ben@books.example"), follow=True)
    assert "You are invited as ben@books.example. Log in with single sign-on." in entrance.text
    assert sign_on(client)["Location"] == "/accounts/sso/signup/"
    taken = client.post("/accounts/sso/signup/", {"email": "eve@books.example"})
    assert "The invitation is for ben@books.example." in taken.text
    client.post("/accounts/sso/signup/", {"email": "ben@books.example"})
    assert User.objects.get().email == "ben@books.example"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "way", [sign_on, lambda client: sign_up(client, ADA["email"])], ids=["issuer", "password"]
)
def test_of_two_who_use_an_invitation_at_once_one_gets_the_account(
    way: Callable[[Client], Any], client: Client, server: Issuer, settings: Settings
) -> None:
    settings.SIGN_UP = settings.OIDC_SIGN_UP = "invited"
    settings.SITE_URL = "http://testserver"
    client.get(invitation(ADA["email"]))

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        UserFactory.create(email=ADA["email"])
        other = pool.submit(elsewhere, lambda: way(client))
        wait_until_somebody_waits()

    assert other.result(timeout=30)["Location"] == "/accounts/login/"
    page = client.get("/accounts/login/")
    assert "This account was made a moment ago. Please log in." in page.text
    assert User.objects.count() == 1
    assert not SocialAccount.objects.exists()
