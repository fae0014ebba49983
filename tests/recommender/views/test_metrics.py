"""What Prometheus reads, from a gunicorn of several processes, and what is made of it."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import requests
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from prometheus_client.parser import text_string_to_metric_families

from recommender.services import imports
from recsite.common import liveness
from recsite.common.pace import OneAtATime
from recsite.common.queue import Queue
from recsite.local.process import free_port, wait_until
from recsite.mail.models import QueuedMail
from tests.factories import ImportJobFactory, ModelReleaseFactory, ReaderFactory
from tests.recommender.views.test_how import METRICS
from tests.services import ROOT, collected_static, start_process

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

NAME = re.compile(r"\b((?:bookfold|django)_\w+)")


@pytest.fixture
def site(site_environment: dict[str, str], valkey_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of a site of three processes that counts."""
    port = free_port()
    environment = site_environment | {
        "METRICS": "true",
        "TMPDIR": str(tmp_path),
        "STATIC_ROOT": str(collected_static()),
        "RELEASE_STORE": (tmp_path / "store").as_uri(),  # in which there is no release
        "RELEASE_CACHE": str(tmp_path / "cache"),
    }
    web = start_process(
        "web",
        "gunicorn",
        f"--bind=127.0.0.1:{port}",
        "--workers=3",
        "--threads=1",
        environment=environment,
    )
    address = f"http://127.0.0.1:{port}"
    assert wait_until(lambda: web.ended() or _answers(address), seconds=90), web.log.read_text()
    assert not web.ended(), web.log.read_text()
    yield address
    web.stop()
    assert not list(tmp_path.glob("bookfold-metrics-*")), "the counters were left behind"


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/health/live", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def scraped(site: str) -> dict[str, float]:
    """Each series of one look, as `name{label=value}`."""
    answer = requests.get(f"{site}/metrics", timeout=60)
    assert answer.ok, answer.text
    return {
        sample.name
        + "".join(f"{{{k}={v}}}" for k, v in sample.labels.items() if k != "le"): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_figures_are_those_of_all_processes_and_of_the_site(site: str, valkey_url: str) -> None:
    now = timezone.now()
    ImportJobFactory.create(
        state="failed", error_code="bot_filter", error_message="No.", finished_at=now
    )
    ModelReleaseFactory.create(
        is_active=True, metrics=METRICS, version="r1", built_at=now - timedelta(days=2)
    )
    every = IntervalSchedule.objects.create(every=1, period="minutes")
    PeriodicTask.objects.create(
        name="late", task="mail.queue_due", interval=every, last_run_at=now - timedelta(hours=1)
    )
    an_hour_ago = now - timedelta(hours=1)
    QueuedMail.objects.create(message={}, queued_at=an_hour_ago, tries=3)
    imports.start_pull(reader=ReaderFactory.create(), text="1")
    goodreads = OneAtATime.from_url(valkey_url, name="goodreads", pause_seconds=0)
    for _ in range(6):
        goodreads.refused()
    with redis.Redis.from_url(valkey_url) as client:
        liveness.sign(client, Queue.PAGE)

    tries = 40  # at a code of the second step, of which an address has 30
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: guess(site), range(tries)))
    assert {status: statuses.count(status) for status in statuses} == {302: 30, 429: 10}
    looks = [scraped(site) for _ in range(6)]

    posts = "django_http_requests_total_by_method_total{method=POST}"
    assert {look[posts] for look in looks} == {tries}
    figures = looks[0]
    assert {
        name: figures[f"bookfold_{name}"]
        for name in (
            "up{part=database}",
            "up{part=broker}",
            "up{part=model}",
            "refused_requests_total{what=mfa_authenticate}",
            "worker_up{queue=page}",
            "worker_up{queue=celery}",
            "beat_up",
            "queue_messages{queue=page}",
            "import_jobs{state=queued}",
            "imports_failed{reason=bot_filter}",
            "periodic_task_late{task=mail.queue_due}",
            "mail_waiting",
            "mail_failing",
            "release{version=r1}",
            "release_quality{figure=accuracy}",
            "site_refusals_total{site=goodreads}",
        )
    } == {
        "up{part=database}": 1,
        "up{part=broker}": 1,
        "up{part=model}": 0,
        "refused_requests_total{what=mfa_authenticate}": 10,
        "worker_up{queue=page}": 1,
        "worker_up{queue=celery}": 0,
        "beat_up": 0,
        "queue_messages{queue=page}": 1,
        "import_jobs{state=queued}": 1,
        "imports_failed{reason=bot_filter}": 1,
        "periodic_task_late{task=mail.queue_due}": 1,
        "mail_waiting": 1,
        "mail_failing": 1,
        "release{version=r1}": 1,
        "release_quality{figure=accuracy}": 0.509,
        "site_refusals_total{site=goodreads}": 6,
    }
    assert 800 < figures["bookfold_circuit_open_seconds{site=goodreads}"] <= 900
    assert 3600 <= figures["bookfold_mail_oldest_seconds"] < 3700
    assert 0 < figures["bookfold_queue_oldest_seconds{queue=page}"] < 120
    assert 0 < figures["bookfold_import_oldest_seconds"] < 120
    assert 2 * 86_400 <= figures["bookfold_release_age_seconds"] < 2 * 86_400 + 120
    assert all_named() - {name.partition("{")[0] for name in figures} == set()


def guess(site: str) -> int:
    """The status of a try at the second step, with a token as a browser has one."""
    token = "a" * 32
    return requests.post(
        f"{site}/accounts/2fa/authenticate/",
        {"code": "123456", "csrfmiddlewaretoken": token},
        cookies={"csrftoken": token},
        allow_redirects=False,
        timeout=60,
    ).status_code


def all_named() -> set[str]:
    """The metrics that the alert rules and the dashboard name."""
    board = json.loads((ROOT / "deploy/grafana/bookfold.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = (ROOT / "deploy/prometheus/alerts.yaml").read_text()
    found = set(NAME.findall("\n".join([rules, *asked])))
    assert len(found) > 20
    return found
