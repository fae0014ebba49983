"""What readers wait for, as Prometheus gauges: read from the database and Valkey when asked for.

So the figures are the same whichever process answers. What cannot be read is left out, and
`bookfold_up` says why.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.module_loading import import_string
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from catalog.models import Book
from recommender.models import ImportJob, ModelRelease
from recommender.selectors.dashboard import SITES, periodic_tasks, recent_failures
from recommender.selectors.quality import default_figures
from recsite.common import liveness, pace, valkey
from recsite.common.queue import Queue, lengths, oldest
from recsite.health import NotReady
from recsite.mail.models import QueuedMail

#: After this many tries an email counts as refused by the mail server.
FAILING_TRIES = 3


class SiteCollector(Collector):
    """Collects the gauges of the site anew each time they are asked for."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from _parts()
        try:
            yield from _of_the_database(now)
        except DatabaseError:
            connection.close()
        try:
            with valkey.connect(settings.REDIS_URL) as client:
                yield from _of_valkey(client, now)
        except redis.RedisError:
            return

    def describe(self) -> list[Metric]:
        """Nothing beforehand, so that registering asks no service."""
        return []


def _parts() -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "bookfold_up", "Whether a part that pages need is there.", labels=["part"]
    )
    for name in ("database", "broker", "model"):
        try:
            import_string(settings.HEALTH_CHECKS[name])()
        except NotReady:
            up.add_metric([name], 0)
        else:
            up.add_metric([name], 1)
    yield up


def _of_the_database(now: datetime) -> Iterator[Metric]:
    counts = dict(ImportJob.objects.order_by().values_list("state").annotate(Count("pk")))
    jobs = [(state.value, float(counts.get(state.value, 0))) for state in ImportJob.State]
    yield _gauge("import_jobs", "Imports in each state.", "state", jobs)
    waiting = ImportJob.objects.filter(state=ImportJob.State.QUEUED).aggregate(at=Min("queued_at"))
    yield _single(
        "import_oldest_seconds", "How long the oldest import waits.", _age(waiting["at"], now)
    )
    failures = [(reason, float(count)) for reason, count in recent_failures(now=now)]
    yield _gauge("imports_failed", "Imports that failed in the last 24 hours.", "reason", failures)
    yield from _mail(now)
    late = [(task.task, float(task.is_late)) for task in periodic_tasks(now=now)]
    yield _gauge(
        "periodic_task_late", "Whether a periodic task was not sent in time.", "task", late
    )
    books = Book.objects.standing().count()
    yield _single("books", "Books that can be found.", books)
    yield from _release(now)


def _mail(now: datetime) -> Iterator[Metric]:
    mail = QueuedMail.objects.aggregate(
        waiting=Count("pk"),
        failing=Count("pk", filter=Q(tries__gte=FAILING_TRIES)),
        at=Min("queued_at"),
    )
    yield _single("mail_waiting", "Email that the mail server has not taken.", mail["waiting"])
    yield _single("mail_failing", "Email that it has refused three times.", mail["failing"])
    yield _single("mail_oldest_seconds", "How long the oldest waits.", _age(mail["at"], now))


def _release(now: datetime) -> Iterator[Metric]:
    release = ModelRelease.objects.filter(is_active=True).first()
    if release is None:
        return
    version = [(release.version, 1.0)]
    yield _gauge("release", "The release of the model in use.", "version", version)
    age = _age(release.built_at, now)
    yield _single("release_age_seconds", "Since when the release is built.", age)
    if figures := default_figures(release=release):
        measured = [
            ("accuracy", figures.accuracy),
            ("popularity", figures.popularity),
            ("coverage", figures.coverage),
            ("disliked", figures.disliked),
        ]
        yield _gauge(
            "release_quality", "What was measured on held-out readers.", "figure", measured
        )


def _of_valkey(client: redis.Redis, now: datetime) -> Iterator[Metric]:
    waiting = [(str(queue), float(n)) for queue, n in lengths(client).items()]
    yield _gauge("queue_messages", "Messages that wait for a worker.", "queue", waiting)
    ages = [
        (str(queue), max(now.timestamp() - at, 0.0) if at else 0.0)
        for queue, at in oldest(client).items()
    ]
    yield _gauge("queue_oldest_seconds", "How long the next message has waited.", "queue", ages)
    missing = liveness.missing(client)
    there = [(str(queue), float(queue not in missing)) for queue in Queue]
    yield _gauge("worker_up", "Whether a worker serves the queue.", "queue", there)
    yield _single("beat_up", "Whether beat runs.", float(liveness.BEAT not in missing))
    states = [(name, pace.state_of(client, name=name)) for _, name in SITES]
    circuits = [(name, state.circuit_seconds) for name, state in states]
    yield _gauge("circuit_open_seconds", "For how long a site is not asked.", "site", circuits)
    requests = [(name, float(state.requests)) for name, state in states]
    yield _gauge("site_requests_hour", "Requests of the last hour.", "site", requests)
    refusals = CounterMetricFamily(
        "bookfold_site_refusals",
        "Requests that a site or its firewall has refused.",
        labels=["site"],
    )
    for name, state in states:
        refusals.add_metric([name], state.refusals_ever)
    yield refusals


def _gauge(name: str, words: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"bookfold_{name}", words, labels=[label])
    for value_of, value in values:
        family.add_metric([value_of], value)
    return family


def _single(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"bookfold_{name}", words, value=value)


def _age(at: datetime | None, now: datetime) -> float:
    return max((now - at) / timedelta(seconds=1), 0.0) if at else 0.0
