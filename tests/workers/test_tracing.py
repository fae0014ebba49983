"""What a request causes in a worker can be followed, and processes that are gone are missed."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis
import structlog
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recommender.services import imports
from recsite.common import liveness
from recsite.common.queue import Queue, oldest
from recsite.local.process import wait_until
from tests.factories import ReaderFactory
from tests.pages import client_of
from tests.services import SiteProcess, celery_worker, start_process

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def beat(site_environment: dict[str, str]) -> Iterator[SiteProcess]:
    arguments = ["-A", "workers.app", "beat", "--pidfile="]
    process = start_process("beat", "celery", *arguments, environment=site_environment)
    yield process
    process.stop()


def test_all_that_a_request_causes_is_logged_with_its_name(
    valkey_url: str, site_environment: dict[str, str]
) -> None:
    name = f"from-a-proxy-{uuid4().hex}"
    browser = client_of(ReaderFactory.create(user=None))
    file = SimpleUploadedFile(
        "books.csv", b"Title,Author,My Rating,Book Id\nEmma,Jane Austen,5,6969\n"
    )
    answer = browser.post("/start", {"export": file}, headers={"X-Request-ID": name})
    assert answer["X-Request-ID"] == name
    job_id = answer["Location"].split("/")[2]
    with redis.Redis.from_url(valkey_url) as client:
        assert oldest(client)[Queue.PAGE] is not None
        assert liveness.missing(client) == ["page", "celery", "beat"]

        with celery_worker(site_environment, queue="page", processes=1) as worker:
            assert wait_until(lambda: name in worker.log.read_text(), seconds=60)
            assert wait_until(lambda: liveness.missing(client) == ["celery", "beat"], seconds=30)
        assert oldest(client)[Queue.PAGE] is None
    lines = [json.loads(line) for line in worker.log.read_text().splitlines() if line[:1] == "{"]
    named = [line for line in lines if line.get("request_id") == name]
    assert {(line["task"], line["row_id"]) for line in named} == {(imports.TASK, job_id)}


def test_beat_says_that_it_is_there(valkey_url: str, beat: SiteProcess, client: Client) -> None:
    with redis.Redis.from_url(valkey_url) as valkey:
        assert wait_until(lambda: "beat" not in liveness.missing(valkey), seconds=60)
        parts = client.get("/health/ready").json()["parts"]
        assert parts["workers"] == "not there: page, celery"


@pytest.mark.parametrize("given", ["", "short", "a b c d e f", "x" * 65, "log\ninjection"])
def test_a_name_that_is_none_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/status/", HTTP_X_REQUEST_ID=given)
    assert len(answer["X-Request-ID"]) == 32
    assert structlog.contextvars.get_contextvars() == {}
