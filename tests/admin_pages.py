"""What tests of the admin share."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import UserFactory


def curator() -> Client:
    """A client logged in as somebody who may do everything."""
    client = Client()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


def changelist(name: str, **query: Any) -> str:
    return reverse(f"admin:{name}_changelist", query=query)


def change_page(name: str, key: Any) -> str:
    return reverse(f"admin:{name}_change", args=[key])


def queries_of(client: Client, address: str) -> int:
    """Answer how many queries a page takes; it must be there."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(address)
    if response.status_code != 200:
        pytest.fail(f"{address} answers {response.status_code}")
    return len(captured)
