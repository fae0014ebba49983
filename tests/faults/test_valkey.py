"""Valkey killed, flushed, full or hung: pages open, and what was asked for is done later."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.utils import timezone
from pytest_django import Settings

from recommender.models import ImportJob
from recommender.services import import_worker, imports
from recsite.common.queue import Queue, rows_waiting
from recsite.local.process import free_port
from recsite.local.valkey import Valkey
from tests.factories import LibraryEntryFactory, ReaderFactory
from tests.pages import client_of

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

#: The app that queues in these tests; each has its own broker.
app = Celery("faults", set_as_current=False)
PATIENCE = 30.0  # seconds; a page gives a hung Valkey up long before


@pytest.fixture
def valkey(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """A Valkey of the test's own, which the site uses."""
    with Valkey(tmp_path / "valkey", tmp_path / "log", "secret", free_port()) as started:
        settings.REDIS_URL = started.url
        own = Celery("faults", set_as_current=False)
        own.config_from_object("django.conf:settings", namespace="CELERY")
        own.conf.update(broker_url=started.url)
        monkeypatch.setattr(f"{__name__}.app", own)
        settings.CELERY_APP = f"{__name__}.app"
        yield started
        own.close()


def kill(valkey: Valkey) -> None:
    os.kill(valkey.pid or 0, signal.SIGKILL)


def start_again(valkey: Valkey) -> None:
    valkey.stop()
    valkey.start()


def flush(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()


def fill(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory", "1")


def empty(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory", "0")


def hang(valkey: Valkey) -> None:
    os.kill(valkey.pid or 0, signal.SIGSTOP)


def go_on(valkey: Valkey) -> None:
    os.kill(valkey.pid or 0, signal.SIGCONT)


def nothing(_: Valkey) -> None:
    pass


FAULTS: dict[str, tuple[Callable[[Valkey], None], Callable[[Valkey], None]]] = {
    "killed": (kill, start_again),
    "flushed": (flush, nothing),
    "full": (fill, empty),
    "hung": (hang, go_on),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_pages_open_and_what_was_asked_for_is_done_later(fault: str, valkey: Valkey) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader)
    before = imports.start_pull(reader=ReaderFactory.create(), text="1")
    begin, end = FAULTS[fault]
    browser = client_of(reader)

    begin(valkey)
    try:
        started = time.monotonic()
        assert browser.get("/library/").status_code == 200
        answer = browser.post("/start", {"profile": "https://www.goodreads.com/user/show/2-ada"})
        assert answer.status_code == 302
        page = browser.get(answer["Location"])
        assert (page.status_code, b"<h1>" in page.content) == (200, True)
        assert time.monotonic() - started < PATIENCE
    finally:
        end(valkey)

    ImportJob.objects.update(queued_at=timezone.now() - timedelta(minutes=5))
    import_worker.requeue_stalled()
    during = ImportJob.objects.get(reader=reader)
    assert rows_waiting(imports.TASK) == {str(before.pk), str(during.pk)}
    with redis.Redis.from_url(valkey.url) as client:
        assert client.llen(Queue.PAGE) == 2  # each of them once
