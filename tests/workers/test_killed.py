"""A worker that dies in the middle of an import."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from recommender.models import ImportJob, LibraryEntry
from recommender.services import imports
from recsite.local.process import wait_until
from recsite.local.standins.faults import Fault
from recsite.local.standins.goodreads import GoodreadsStandin
from tests.factories import ReaderFactory
from tests.releases import publish_release
from tests.services import celery_worker

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
State = ImportJob.State


def state_of(job: ImportJob) -> str:
    job.refresh_from_db()
    return job.state


@pytest.fixture
def catalog(starter_folder: Path) -> None:
    """The starter shelf, and a release that knows all its books."""
    call_command("load_goodbooks", str(starter_folder), verbosity=0)
    numbers = range(1_000_001, 1_000_465)
    publish_release(settings.RELEASE_STORE, [numbers[::2], numbers[1::2]])


@pytest.fixture
def standin(catalog: None, starter_folder: Path, valkey_url: str) -> Iterator[str]:
    """The address of a stand-in whose slow pages take long enough to be interrupted."""
    with (
        GoodreadsStandin(starter_folder, slow_seconds=0.2).start() as started,
        override_settings(GOODREADS_BASE_URL=started.url),
    ):
        yield started.url


def test_a_worker_killed_in_the_middle_of_a_pull_loses_nothing(
    standin: str, valkey_url: str, site_environment: dict[str, str]
) -> None:
    environment = site_environment | {"GOODREADS_BASE_URL": standin}
    with celery_worker(environment) as first:
        job = imports.start_pull(reader=ReaderFactory.create(), text=str(int(Fault.SLOW_PAGES)))
        assert wait_until(
            lambda: state_of(job) == State.FETCHING and job.pages_fetched > 0, seconds=60
        )
        first.kill()

    assert state_of(job) == State.FETCHING
    assert not LibraryEntry.objects.exists()
    # What the passing of a minute does: the hold and the turn at Goodreads run out.
    long_ago = timezone.now() - timedelta(minutes=2)
    ImportJob.objects.update(held_until=long_ago, queued_at=long_ago)
    with redis.Redis.from_url(valkey_url) as client:
        client.delete(*client.keys("bookfold:pace:*"))
    with celery_worker(environment):
        assert imports.requeue_stalled() == 1
        assert wait_until(lambda: not ImportJob.objects.open().exists(), seconds=90)
    assert state_of(job) == State.DONE, job.error_message
    assert job.attempts == 2
    assert LibraryEntry.objects.filter(reader=job.reader, stars__isnull=False).count() >= 290
