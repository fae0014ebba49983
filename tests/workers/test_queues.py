"""Somebody at a page does not wait behind what nobody waits for."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from recommender.models import ImportJob
from recommender.services import imports, refresh
from recsite.common.queue import Queue
from recsite.local.process import wait_until
from recsite.local.run import WORKERS
from recsite.local.standins.faults import Fault
from recsite.local.standins.goodreads import GoodreadsStandin
from tests.factories import ReaderFactory
from tests.releases import publish_release
from tests.services import celery_worker

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
State = ImportJob.State


def test_every_queue_has_workers_of_its_own() -> None:
    assert sorted(queue for queue, _ in WORKERS.values()) == sorted(Queue)


@pytest.mark.long
def test_a_pull_that_is_waited_for_overtakes_refreshes(
    starter_folder: Path, valkey_url: str, site_environment: dict[str, str]
) -> None:
    call_command("load_goodbooks", str(starter_folder), verbosity=0)
    publish_release(site_environment["RELEASE_STORE"], [range(1_000_001, 1_000_200)])
    for _ in range(3):
        ReaderFactory.create().shelves.create(
            source="goodreads",
            account=str(int(Fault.SLOW_PAGES)),
            shelf="read",
            pulled_at=timezone.now(),
        )
    with (
        GoodreadsStandin(starter_folder, slow_seconds=1.0).start() as standin,
        override_settings(GOODREADS_BASE_URL=standin.url),
    ):
        environment = site_environment | {
            "GOODREADS_BASE_URL": standin.url,
            # As long as others take to look whether it is their turn, so that it can be theirs.
            "GOODREADS_PAUSE_SECONDS": "0.4",
        }
        with (
            celery_worker(environment, queue=Queue.BACKGROUND, processes=1),
            celery_worker(environment, queue=Queue.PAGE, processes=1),
        ):
            assert refresh.start_all() == 3
            refreshes = ImportJob.objects.filter(is_background=True)
            assert wait_until(refreshes.filter(state=State.FETCHING).exists, seconds=60)
            mine = imports.start_pull(reader=ReaderFactory.create(), text=str(int(Fault.ODD_ITEMS)))

            ended = ImportJob.objects.filter(pk=mine.pk, finished_at__isnull=False)
            assert wait_until(ended.exists, seconds=60)
            assert refreshes.filter(finished_at=None).count() == 3
            refreshes.update(state=State.CANCELED)  # nothing more of them is of use
