"""Work is handed over once the transaction is committed, and a dead broker loses nothing."""

import json
from base64 import b64decode

import pytest
import redis
from celery import Celery
from django.db import transaction
from pytest_django import Settings

from recsite.common.queue import enqueue_on_commit

app_with_own_queue = Celery("apart", set_as_current=False)
app_with_own_queue.config_from_object("django.conf:settings", namespace="CELERY")
app_with_own_queue.conf.update(task_default_queue="apart")
app_without_broker = Celery("away", set_as_current=False)
app_without_broker.config_from_object("django.conf:settings", namespace="CELERY")
app_without_broker.conf.update(broker_url="redis://127.0.0.1:9/0")


@pytest.mark.django_db(transaction=True)
def test_only_what_is_committed_is_queued(settings: Settings, valkey_url: str) -> None:
    settings.CELERY_APP = f"{__name__}.app_with_own_queue"
    with transaction.atomic():
        enqueue_on_commit("imports.run", "lost")
        transaction.set_rollback(True)
    with transaction.atomic():
        enqueue_on_commit("imports.run", "kept")
        with redis.Redis.from_url(valkey_url) as client:
            assert client.llen("apart") == 0

    with redis.Redis.from_url(valkey_url) as client:
        messages = [json.loads(message) for message in client.lrange("apart", 0, -1)]
    (message,) = messages
    assert message["headers"]["task"] == "imports.run"
    assert json.loads(b64decode(message["body"]))[0] == ["kept"]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_does_not_stop_the_site(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CELERY_APP = f"{__name__}.app_without_broker"
    with transaction.atomic():
        enqueue_on_commit("imports.run", "later")
    assert "queue.broker_down" in caplog.text
