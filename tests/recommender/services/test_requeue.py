"""A job is queued again if it is lost, and only then."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from recommender.models import ImportJob
from recommender.services import import_worker, imports, refresh
from recommender.services.hold import HOLD
from recsite.common.queue import Queue, rows_waiting
from tests.factories import ImportJobFactory, ReaderFactory

pytestmark = pytest.mark.django_db(transaction=True)
State = ImportJob.State


@pytest.fixture
def broker(valkey_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url) as client:
        yield client


def waiting_jobs(count: int) -> list[ImportJob]:
    """Pulls whose messages wait in the queue, and have done so for long."""
    jobs = [
        imports.start_pull(reader=ReaderFactory.create(), text=str(n + 1)) for n in range(count)
    ]
    pass_minutes(5)
    return jobs


def pass_minutes(minutes: int) -> None:
    ImportJob.objects.update(queued_at=timezone.now() - timedelta(minutes=minutes))


def test_what_waits_in_the_queue_is_not_queued_twice(broker: redis.Redis) -> None:
    jobs = waiting_jobs(10)
    for _ in range(3):
        assert import_worker.requeue_stalled() == 0
    assert broker.llen(Queue.PAGE) == 10
    assert rows_waiting(imports.TASK) == {str(job.pk) for job in jobs}


def test_what_the_broker_has_lost_is_queued_once(broker: redis.Redis) -> None:
    waiting_jobs(3)
    broker.flushdb()
    assert import_worker.requeue_stalled() == 3
    pass_minutes(5)
    assert import_worker.requeue_stalled() == 0
    assert broker.llen(Queue.PAGE) == 3


def test_a_message_that_a_dead_worker_had_taken_is_lost(broker: redis.Redis) -> None:
    waiting_jobs(1)
    broker.lmove(Queue.PAGE, "unacked of the dead", "RIGHT", "LEFT")
    ImportJob.objects.update(held_until=timezone.now() + HOLD, held_by="alive")
    assert import_worker.requeue_stalled() == 0
    ImportJob.objects.update(held_until=timezone.now() - HOLD)
    assert import_worker.requeue_stalled() == 1


def test_who_waits_comes_into_another_queue_than_what_nobody_waits_for(
    broker: redis.Redis,
) -> None:
    reader = ReaderFactory.create()
    reader.shelves.create(source="goodreads", account="7", shelf="read", pulled_at=timezone.now())
    assert refresh.start_all() == 1
    imports.start_pull(reader=ReaderFactory.create(), text="8")
    assert (broker.llen(Queue.BACKGROUND), broker.llen(Queue.PAGE)) == (1, 1)

    pass_minutes(5)
    broker.flushdb()
    assert import_worker.requeue_stalled() == 2
    assert (broker.llen(Queue.BACKGROUND), broker.llen(Queue.PAGE)) == (1, 1)


def test_a_refresh_that_its_reader_starts_again_is_waited_for(broker: redis.Redis) -> None:
    job = ImportJobFactory.create(state=State.FAILED, error_message="It broke.", is_background=True)
    imports.retry(job=job)
    assert (broker.llen(Queue.BACKGROUND), broker.llen(Queue.PAGE)) == (0, 1)
