"""Accounts in the admin, and the account that `make run` prints."""

from io import StringIO
from pathlib import Path

import pytest
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
    form = {"username": email, "password": password, "next": "/admin/"}
    assert client.post("/admin/login/", form).headers["Location"] == "/admin/"
