"""The only way services queue background tasks."""

import json
from base64 import b64decode
from enum import StrEnum
from functools import partial

import redis
import structlog
from celery import Celery
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from recsite.common import valkey

log = structlog.get_logger(__name__)

_CHUNK = 500  # messages read at a time
#: Headers of a message: when it was queued, and the request of a browser that it comes from.
QUEUED_AT, REQUEST_ID = "queued_at", "request_id"


class Queue(StrEnum):
    """The queues, by who waits; each has workers of its own, so that neither holds up the other."""

    PAGE = "page"  # somebody waits at a page for the outcome
    BACKGROUND = "celery"  # nobody does; Celery's own default, where periodic tasks go too


class BrokerAway(Exception):
    """The broker can't be asked what waits there."""


def enqueue_on_commit(name: str, row_id: str, *, queue: Queue) -> None:
    """Queue the task `name` for one row, once the surrounding transaction is committed.

    Nothing is lost if the broker is down: the row stays, and a periodic task queues stalled rows
    again.
    """
    transaction.on_commit(partial(_send, name, row_id, queue))


def rows_waiting(name: str) -> frozenset[str]:
    """The rows for which the task `name` waits in a queue; raises `BrokerAway`.

    Messages that a worker has taken are not among them.
    """
    try:
        with valkey.connect(settings.REDIS_URL) as client:
            return frozenset(
                row_id for queue in Queue for row_id in _waiting_in(client, queue, name)
            )
    except redis.RedisError as error:
        raise BrokerAway from error


def lengths(client: redis.Redis) -> dict[Queue, int]:
    """How many messages wait in each queue; raises `redis.RedisError`."""
    return {queue: int(client.llen(queue)) for queue in Queue}


def oldest(client: redis.Redis) -> dict[Queue, float | None]:
    """When the next message of each queue was queued, as seconds since 1970; None where none waits.

    Raises `redis.RedisError`.
    """
    return {queue: _queued_at(client.lindex(queue, -1)) for queue in Queue}


def _send(name: str, row_id: str, queue: Queue) -> None:
    app: Celery = import_string(settings.CELERY_APP)
    try:
        app.send_task(name, args=[row_id], queue=queue.value, retry=False)
    except OperationalError as error:
        log.warning("queue.broker_down", task=name, row_id=row_id, error=str(error))


def _waiting_in(client: redis.Redis, queue: Queue, name: str) -> list[str]:
    """The rows of a task's messages, read from where new ones come in, so that none is missed."""
    found: list[str] = []
    start = 0
    while messages := client.lrange(queue, start, start + _CHUNK - 1):
        found += filter(None, (_row_of(message, name) for message in messages))
        start += _CHUNK
    return found


def _queued_at(message: bytes | str | None) -> float | None:
    """When a message was queued; None if there is none, or if it does not say."""
    try:
        return float(json.loads(message or "")["headers"][QUEUED_AT])
    except (ValueError, LookupError, TypeError):
        return None


def _row_of(message: bytes | str, name: str) -> str | None:
    """The row that a message is about; None if it is of another task, or none of ours."""
    try:
        envelope = json.loads(message)
        if envelope["headers"]["task"] != name:
            return None
        return str(json.loads(b64decode(envelope["body"]))[0][0])
    except (ValueError, LookupError, TypeError):
        return None
