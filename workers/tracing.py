"""What a message carries beside its task, what logs say of a task, and that a worker is there."""

import time
from typing import Any

import redis
import structlog
from celery import current_app, signals
from django.conf import settings

from recsite.common import liveness, valkey
from recsite.common.queue import QUEUED_AT, REQUEST_ID

log = structlog.get_logger(__name__)


def connect() -> None:
    """Listen to Celery's signals about messages, tasks and workers."""
    signals.before_task_publish.connect(_mark_message)
    signals.task_prerun.connect(_name_task)
    signals.task_postrun.connect(_forget_task)
    signals.heartbeat_sent.connect(_sign)


def _mark_message(headers: dict[str, Any], **_: Any) -> None:
    """Write on a message when it was queued, and for which request of a browser."""
    headers[QUEUED_AT] = time.time()
    headers[REQUEST_ID] = structlog.contextvars.get_contextvars().get(REQUEST_ID)


def _name_task(task_id: str, task: Any, args: Any, **_: Any) -> None:
    """Let each line that is logged from here on name the task, its row and the request."""
    structlog.contextvars.clear_contextvars()
    names = {"task": task.name, "task_id": task_id, "row_id": args[0] if args else None}
    names[REQUEST_ID] = task.request.get(REQUEST_ID)
    structlog.contextvars.bind_contextvars(**{k: v for k, v in names.items() if v is not None})


def _forget_task(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()


def _sign(**_: Any) -> None:
    """Note, with each heartbeat, that somebody serves the queues of this worker."""
    try:
        with valkey.connect(settings.REDIS_URL) as client:
            liveness.sign(client, *current_app.amqp.queues.consume_from)
    except redis.RedisError as error:
        log.warning("worker.not_signed", error=str(error))
