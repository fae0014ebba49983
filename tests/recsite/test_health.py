"""Whether the site says that it is up."""

from pathlib import Path

import pytest
import redis
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from recsite import healthcheck
from recsite.common import liveness
from recsite.health import NotReady

AWAY = "redis://127.0.0.1:9/0"


def good() -> None:
    """A part that answers."""


def bad() -> None:
    raise NotReady("The moon does not answer")


def test_live_needs_nothing(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_when_all_parts_answer(client: Client, settings: Settings, valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as valkey:
        valkey.rpush("page", "one", "two")
    settings.HEALTH_CHECKS = settings.HEALTH_CHECKS | {"model": f"{__name__}.good"}
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "version": settings.VERSION,
        "parts": {
            "database": "ok",
            "broker": "ok",
            "queues": "2 for people, 0 in the background",
            "workers": "not there: page, celery, beat",
            "model": "ok",
            "books": "all there",
        },
    }


@pytest.mark.django_db
def test_not_ready_names_the_part(client: Client, settings: Settings) -> None:
    settings.HEALTH_CHECKS = {"moon": f"{__name__}.bad", "broker": "recsite.health.broker"}
    settings.REDIS_URL = AWAY
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["parts"] == {
        "moon": "The moon does not answer",
        "broker": "Valkey does not answer",
    }


@pytest.mark.django_db(transaction=True)
def test_a_container_knows_whether_its_web_process_answers(
    live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = True, [".books.example"]
    port = int(live_server.url.rpartition(":")[2])
    monkeypatch.setenv("ALLOWED_HOSTS", ".books.example, other.example")
    assert healthcheck.main(str(port)) == 0
    settings.ROOT_URLCONF = "no.such.module"  # every answer is an error of the server
    assert healthcheck.main(str(port)) == 1
    assert healthcheck.main("9") == 1


def test_a_container_knows_whether_its_worker_or_beat_is_there(
    valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "address").write_text(f"{valkey_url}\n")
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "address"))
    with redis.Redis.from_url(valkey_url) as client:
        liveness.sign(client, "page", liveness.BEAT)
    wrong = {name: healthcheck.main(name) for name in ("page", "celery", "beat", "pages")}
    assert wrong == {"page": 0, "celery": 1, "beat": 0, "pages": 1}
    (tmp_path / "address").write_text(AWAY)
    assert healthcheck.main("page") == 1
