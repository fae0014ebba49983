"""Workers killed while they work: every import ends as it would have ended undisturbed.

`JOBS=100` tries so many imports, with a kill for each three of them; `SEED` draws the moments.
"""

import os
import random
import sys
import time
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

import pytest
import redis
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from recommender.models import ImportJob, Reader
from recommender.services import import_worker, imports
from recsite.local.process import wait_until
from recsite.local.standins.faults import Fault
from recsite.local.standins.goodreads import GoodreadsStandin
from recsite.local.standins.readers import sample_readers
from tests.factories import ReaderFactory
from tests.releases import publish_release
from tests.services import celery_worker

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

JOBS = int(os.environ.get("JOBS", "6"))
KILLS = max(2, JOBS // 3)
SEED = int(os.environ.get("SEED", "1"))
LONGEST_LIFE = 3.0  # seconds that a worker lives before it is killed
State = ImportJob.State


def library(reader: Reader) -> list[tuple[object, ...]]:
    fields = ("source_key", "book", "stars", "shelf", "read_on", "added_on", "account")
    return sorted(reader.entries.values_list(*fields), key=str)


def started(numbers: list[int]) -> list[ImportJob]:
    return [
        imports.start_pull(reader=ReaderFactory.create(), text=str(number)) for number in numbers
    ]


def pass_a_minute(valkey_url: str) -> None:
    """Holds and turns of the dead run out, and beat queues what is lost."""
    long_ago = timezone.now() - timedelta(minutes=2)
    still_open = ImportJob.objects.for_workers()
    still_open.exclude(held_until=None).update(held_until=long_ago)
    still_open.update(queued_at=long_ago)
    with redis.Redis.from_url(valkey_url) as client:
        if keys := client.keys("bookfold:pace:*"):
            client.delete(*keys)
    import_worker.requeue_stalled()


@pytest.mark.long
def test_imports_under_kills_end_as_if_undisturbed(
    starter_folder: Path, valkey_url: str, site_environment: dict[str, str]
) -> None:
    call_command("load_goodbooks", str(starter_folder), verbosity=0)
    books = range(1_000_001, 1_000_465)
    publish_release(site_environment["RELEASE_STORE"], [books[::2], books[1::2]])
    profiles = cycle(one.user_id for one in sample_readers(starter_folder, count=JOBS))
    # The first shelf takes long enough to be interrupted for certain.
    numbers = [int(Fault.SLOW_PAGES), *islice(profiles, JOBS - 1)]
    draw = random.Random(SEED)
    fetching = ImportJob.objects.filter(state=State.FETCHING, pages_fetched__gt=0)
    hit = 0
    with (
        GoodreadsStandin(starter_folder, slow_seconds=0.2).start() as standin,
        override_settings(GOODREADS_BASE_URL=standin.url, IMPORT_COOLDOWN_SECONDS=0),
    ):
        environment = site_environment | {"GOODREADS_BASE_URL": standin.url}
        undisturbed = started(numbers)
        for job in undisturbed:
            import_worker.run_import(job_id=job.pk, task_id="undisturbed")
        with redis.Redis.from_url(valkey_url) as client:
            client.delete("page")
        disturbed = started(numbers)
        for kill in range(KILLS):
            with celery_worker(environment) as worker:
                if kill == 0:
                    assert wait_until(fetching.exists, seconds=60, interval=0.01)
                else:
                    time.sleep(draw.uniform(0, LONGEST_LIFE))
                worker.kill()
            hit += ImportJob.objects.for_workers().filter(held_until__gt=timezone.now()).count()
            pass_a_minute(valkey_url)
        with celery_worker(environment):
            assert wait_until(lambda: not ImportJob.objects.open().exists(), seconds=60 + 5 * JOBS)
    sys.stdout.write(f"\n{len(numbers)} imports, {KILLS} kills, {hit} hit, seed {SEED}\n")
    assert hit
    for expected, job in zip(undisturbed, disturbed, strict=True):
        for one in (expected, job):
            one.refresh_from_db()
            assert one.state == State.DONE, one.error_message
        assert library(job.reader) == library(expected.reader)
        assert library(job.reader)
        assert job.reader.runs.count() == 1
    assert max(job.attempts for job in disturbed) > 1
