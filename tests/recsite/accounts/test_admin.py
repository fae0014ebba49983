"""Accounts in the admin, and the account that `make run` prints."""

from io import StringIO
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from recsite.accounts.models import User
from tests.admin_pages import change_page, changelist, curator
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_people_are_found_by_address() -> None:
    UserFactory.create(email="ada@example.org")
    page = curator().get(changelist("accounts_user", q="ada@")).content.decode()
    assert "ada@example.org" in page
    assert "1 user" in page


def test_somebody_is_added_and_made_staff() -> None:
    client = curator()
    form = {
        "email": "eve@example.org",
        "usable_password": "true",
        "password1": "seven-green-lanterns",
        "password2": "seven-green-lanterns",
    }
    assert client.post("/admin/accounts/user/add/", form).status_code == 302
    eve = User.objects.get(email="eve@example.org")
    assert eve.check_password("seven-green-lanterns")

    staff = {"email": eve.email, "is_active": "on", "is_staff": "on"}
    client.post(change_page("accounts_user", eve.pk), staff)
    eve.refresh_from_db()
    assert eve.is_staff


def test_somebody_is_invited(settings: Settings) -> None:
    client, page = curator(), "/admin/accounts/user/invite"
    assert page in client.get(changelist("accounts_user")).content.decode()
    answer = client.post(page, {"address": "eve@example.org"})
    assert "SITE_URL is not set" in answer.content.decode()
    settings.SITE_URL = "https://books.example"
    assert client.post(page, {"address": "eve@example.org"}).status_code == 302
    (sent,) = mail.outbox
    assert "https://books.example/accounts/invitation/" in str(sent.body)
    assert client.post(page, {"address": "eve"}).status_code == 422


def test_an_address_is_taken_in_any_case() -> None:
    UserFactory.create(email="ada@example.org")
    form = {"email": "Ada@example.org", "usable_password": "false"}
    page = curator().post("/admin/accounts/user/add/", form)
    assert page.status_code == 200
    assert User.objects.filter(email__iexact="ada@example.org").count() == 1


def test_the_demo_account_stays_the_same(
    settings: Settings, tmp_path: Path, client: Client
) -> None:
    settings.BOOKFOLD_HOME = tmp_path / "home"
    said = [StringIO(), StringIO()]
    for out in said:
        call_command("create_demo_user", stdout=out)
    assert said[0].getvalue() == said[1].getvalue()
    email, password = said[0].getvalue().split()
    assert (settings.BOOKFOLD_HOME / "demo-password").stat().st_mode & 0o077 == 0
    form = {"login": email, "password": password}
    answer = client.post("/accounts/login/?next=/admin/", form)
    assert answer.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
