"""What must not be in a log is not there."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve

from recsite.logs import hide_tokens, logging_config

pytestmark = pytest.mark.django_db

TOKEN = "c0ffee-1234567890abcdef"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged, written as a site writes it."""
    before = logging.root.handlers[:], logging.root.level
    logging_config(level="DEBUG", json=True)
    written = io.StringIO()
    [handler] = [one for one in logging.root.handlers if isinstance(one, logging.StreamHandler)]
    handler.setStream(written)
    yield written
    logging_config(level=settings.LOG_LEVEL, json=True)
    logging.root.handlers[:], level = before
    logging.root.setLevel(level)


@pytest.mark.parametrize(
    "path",
    [
        f"/digest/stop/{TOKEN}/",
        f"/accounts/confirm-email/{TOKEN}/more",
        f"/lists/{TOKEN}/",
        f"/feeds/{TOKEN}/lists.atom",
    ],
)
def test_tokens_of_secret_addresses_are_not_logged(
    client: Client, logged: io.StringIO, path: str
) -> None:
    assert client.get(path).status_code == 404
    text = logged.getvalue()

    assert TOKEN not in text
    assert path.partition(TOKEN)[0] in text


def test_an_error_with_such_a_link_is_logged_without_it(logged: io.StringIO) -> None:
    try:
        resolve(f"/digest/stop/{TOKEN}/more")
    except Resolver404:
        logging.getLogger("recsite").exception("failed")
    entry = json.loads(logged.getvalue())

    assert "digest/stop/…/more" in entry["exception"]
    assert TOKEN not in str(entry)


def test_error_reports_hide_them_too() -> None:
    event = {
        "request": {"url": f"https://books.example/digest/stop/{TOKEN}/?x=1"},
        "breadcrumbs": {"values": [{"message": f"GET /accounts/confirm-email/{TOKEN}/"}]},
        "transaction": f"/accounts/password/reset/key/{TOKEN}/",
        "level": 40,
    }
    assert hide_tokens(event) == {
        "request": {"url": "https://books.example/digest/stop/…/?x=1"},
        "breadcrumbs": {"values": [{"message": "GET /accounts/confirm-email/…/"}]},
        "transaction": "/accounts/password/reset/key/…/",
        "level": 40,
    }
