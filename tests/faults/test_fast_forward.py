"""Days of a site in seconds: nothing grows that should not.

The clock of this process is moved on; every periodic task runs when beat would send it, what is
queued runs at once, and readers, guests and strangers come. Three days pass until what is kept
for a day has begun to go; then a fourth one is measured. `DAY_STEP=15` lets it pass as beat sees
it, with visitors every hour; by default it passes in steps of two hours.
"""

import gc
import json
import os
import sys
import threading
from base64 import b64decode
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
import time_machine
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings as django_settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from catalog.models import Book
from recommender.models import Reader
from recommender.services import imports
from recsite.common.queue import Queue
from recsite.local.standins.readers import sample_readers
from tests.factories import ReaderFactory, UserFactory
from tests.pages import client_of
from tests.releases import publish_release
from workers.app import app

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

START = datetime(2026, 11, 27, tzinfo=UTC)
HOUR, DAY = 3600, 86_400
STEP = int(os.environ.get("DAY_STEP", str(2 * HOUR)))
VISITS = HOUR if STEP < HOUR else 12 * HOUR
READERS = 4 if STEP < HOUR else 1
PAGES = ("/", "/library/", "/recommendations/", "/history/", "/books/?q=sea", "/account/", "/rate/")
EXPORT = b"Title,Author,My Rating,Exclusive Shelf\nNo Such Book,A. Nonymous,4,read\n"
MOST_MEMORY = 10 << 20


@pytest.fixture
def site(
    settings: Settings, starter_folder: Path, goodreads_standin: str, openlibrary_standin: str
) -> list[Reader]:
    """A site on the starter shelf, and readers whose shelves are linked."""
    settings.GOODREADS_BASE_URL = goodreads_standin
    settings.OPENLIBRARY_BASE_URL = openlibrary_standin
    settings.SITE_URL = "https://books.example"
    settings.GUEST_KEPT_DAYS = settings.IMPORT_ROWS_KEPT_DAYS = 1
    settings.SESSION_COOKIE_AGE = DAY
    settings.LIMITS_FACTOR = 1000
    call_command("load_goodbooks", str(starter_folder), verbosity=0)
    books = range(1_000_001, 1_000_465)
    publish_release(settings.RELEASE_STORE, [books[::2], books[1::2]])
    app.loader.import_default_modules()
    return [linked(one.user_id) for one in sample_readers(starter_folder, READERS)]


def linked(number: int) -> Reader:
    user = UserFactory.create()
    reader = ReaderFactory.create(user=user, refresh_pace="daily", digest_pace="weekly")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    with time_machine.travel(START):
        imports.start_pull(reader=reader, text=str(number))
    return reader


def run_what_waits(client: redis.Redis, done: Counter[str]) -> None:
    """Do as workers do, at once."""
    for queue in Queue:
        while message := client.rpop(queue):
            assert isinstance(message, bytes)
            envelope = json.loads(message)
            arguments, named, _ = json.loads(b64decode(envelope["body"]))
            name = envelope["headers"]["task"]
            app.tasks[name].apply(arguments, named, throw=True)
            done[name] += 1


def come(people: list[Reader]) -> None:
    """Readers look around, a guest rates a book and sends a file, a stranger guesses passwords."""
    for reader in people:
        browser = client_of(reader)
        for page in PAGES:
            assert browser.get(page).status_code == 200, page
    guest = Client()
    address = reverse("shelve", args=[Book.objects.active()[0].pk])
    rated = guest.post(address, {"shelf": "read", "stars": "4"})
    sent = guest.post("/start", {"export": SimpleUploadedFile("export.csv", EXPORT)})
    named = {"login": people[0].user.email, "password": "not it"} if people[0].user else {}
    guessed = Client().post("/accounts/login/", named)
    assert [one.status_code for one in (rated, sent, guessed)] == [302, 302, 200]


def pass_time(
    client: redis.Redis, people: list[Reader], *, begin: int, seconds: int, step: int
) -> Counter[str]:
    """Let the clock go on in steps; return how often each task ran."""
    done: Counter[str] = Counter()
    for now in range(begin, begin + seconds, step):
        with time_machine.travel(START + timedelta(seconds=now)):
            for entry in django_settings.CELERY_BEAT_SCHEDULE.values():
                if now % max(step, int(entry["schedule"])) == 0:
                    app.tasks[entry["task"]].apply(throw=True)
                    done[entry["task"]] += 1
            run_what_waits(client, done)
            # Not at midnight, where what is a day old would be so by seconds.
            if now % VISITS == VISITS - max(STEP, 900):
                come(people)
    return done


def measured(client: redis.Redis) -> dict[str, int]:
    """How much there is of everything that could grow."""
    mail.outbox.clear()
    gc.collect()
    rows = {
        f"rows of {one._meta.db_table}": one._default_manager.count() for one in apps.get_models()
    }
    folder = Path(os.environ["BOOKFOLD_HOME"])
    with connection.cursor() as cursor:
        # Autovacuum, which comes and goes by itself, stands among a database's activity, too.
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        connections = cursor.fetchone()[0]
    status = Path("/proc/self/status").read_text()
    staying = [key for key in client.scan_iter() if client.ttl(key) == -1]
    return rows | {
        "files": sum(1 for path in folder.rglob("*") if path.is_file()),
        "open files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "connections": connections,
        "keys in Valkey that stay": len(staying),
        "bytes in Valkey that stay": sum(client.memory_usage(key) or 0 for key in staying),
        "bytes of memory": int(status.partition("VmRSS:")[2].split()[0]) << 10,
    }


@pytest.mark.long
def test_nothing_grows_in_a_day(site: list[Reader], valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        pass_time(client, site, begin=0, seconds=3 * DAY, step=max(STEP, 900))
        before = measured(client)
        done = pass_time(client, site, begin=3 * DAY, seconds=DAY, step=STEP)
        after = measured(client)
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    sys.stdout.write(f"\n24 hours: {sum(done.values())} tasks, {dict(done)}; grown: {grown}\n")
    assert grown.pop("bytes of memory", 0) < MOST_MEMORY
    assert {name: number for name, number in grown.items() if number > 0} == {}
