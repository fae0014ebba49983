"""What works, told to readers."""

from datetime import timedelta

import pytest
import redis
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from recommender.models import ImportJob
from recsite.common import liveness
from recsite.common.pace import OneAtATime
from recsite.common.queue import Queue
from recsite.mail.models import QueuedMail
from tests.factories import ImportJobFactory
from tests.pages import read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db


def shown(client: Client) -> dict[str, str]:
    """What the page says of each part that does not work; `""` has what it says of all."""
    page = read(client.get("/status/"))
    parts = page.all("div", class_="status__part")
    words = [part.words for part in parts if "Not now" in part.words]
    return {"": page.one("main").words} | {
        name.strip(): rest.strip() for name, _, rest in (one.partition("Not now") for one in words)
    }


def test_all_is_well(client: Client, camps: Camps, valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as valkey:
        liveness.sign(valkey, *Queue)
    found = shown(client)
    assert found.keys() == {""}
    assert "Everything works." in found[""]


def test_what_is_away_is_named_with_what_helps(
    client: Client, own_store: str, valkey_url: str
) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    QueuedMail.objects.create(message={}, queued_at=long_ago)
    for name in ("goodreads", "openlibrary"):
        site = OneAtATime.from_url(valkey_url, name=name, pause_seconds=0)
        for _ in range(5):
            site.refused()
    found = shown(client)
    assert set(found) == {
        "",
        "Recommendations",
        "Imports",
        "Shelves at Goodreads",
        "Search at Open Library",
        "Email",
    }
    assert "Upload your export file" in found["Shelves at Goodreads"]
    assert "We try again at" in found["Search at Open Library"]

    ImportJobFactory.create(state=ImportJob.State.QUEUED)
    ImportJob.objects.update(queued_at=long_ago)
    with redis.Redis.from_url(valkey_url) as valkey:
        liveness.sign(valkey, *Queue)
    assert "the first for 60 minutes" in shown(client)["Imports"]


def test_without_valkey_it_opens(client: Client, camps: Camps, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    found = shown(client)
    assert found["Imports"].startswith("Imports are on hold")
