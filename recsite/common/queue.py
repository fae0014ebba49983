"""The one way by which services hand work to the background."""

from functools import partial

import structlog
from celery import Celery
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def enqueue_on_commit(name: str, job_id: str) -> None:
    """Queue the task called `name` for one row, once the surrounding transaction is committed.

    A broker that is down loses nothing: the row is still there, and the periodic look for rows
    that stand still queues it again.
    """
    transaction.on_commit(partial(_send, name, job_id))


def _send(name: str, job_id: str) -> None:
    app: Celery = import_string(settings.CELERY_APP)
    try:
        app.send_task(name, args=[job_id], retry=False)
    except OperationalError as error:
        log.warning("queue.broker_down", task=name, job_id=job_id, error=str(error))
