"""The only way services queue background tasks."""

from functools import partial

import structlog
from celery import Celery
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def enqueue_on_commit(name: str, job_id: str) -> None:
    """Queue the task `name` for one row, once the surrounding transaction is committed.

    Nothing is lost if the broker is down: the row stays, and a periodic task queues stalled rows
    again.
    """
    transaction.on_commit(partial(_send, name, job_id))


def _send(name: str, job_id: str) -> None:
    app: Celery = import_string(settings.CELERY_APP)
    try:
        app.send_task(name, args=[job_id], retry=False)
    except OperationalError as error:
        log.warning("queue.broker_down", task=name, job_id=job_id, error=str(error))
