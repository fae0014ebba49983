"""The operator's dashboard: queue, jobs, periodic tasks, other sites, release, catalog, days.

If Valkey is down, the figures it holds are None.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import redis
from django.conf import settings
from django.db.models import Count, Exists, Min, Model, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from catalog.models import Book, BookGenre, BookIdentifier, Enrichment
from catalog.services import enrichment
from recommender.drawing import plots
from recommender.engine.release import NoRelease
from recommender.models import ImportJob, ModelRelease, Reader, Run
from recommender.selectors.current_model import why_not_latest
from recommender.selectors.quality import default_figures
from recsite.accounts.models import User
from recsite.common import liveness, pace, valkey
from recsite.common.queue import Queue, lengths
from recsite.mail.models import QueuedMail

DAYS = 30
RELEASES = 12
UNACKED = "unacked"
#: A task is late once this many of its intervals have passed without it.
LATE_AFTER = 2
#: Longer waits of an import or an email are worth a color.
LONG_WAIT = timedelta(minutes=5)
BAR, GAP, HEIGHT = 8, 2, 60
#: The sites that are asked, with the name under which their pace is kept.
SITES = (("Goodreads", "goodreads"), ("Open Library", "openlibrary"))


class Condition(StrEnum):
    """How well a part works, as a word; its name chooses the color."""

    WELL = "Well"
    SLOW = "Slow"
    WRONG = "Wrong"


@dataclass(frozen=True, slots=True)
class Queues:
    """Messages that wait, and those a worker has taken; None if the broker is not reachable."""

    page: int | None  # of tasks for whose outcome somebody waits
    background: int | None
    taken: int | None
    oldest_job: datetime | None  # since when the oldest import has waited for a worker


@dataclass(frozen=True, slots=True)
class PeriodicRun:
    """A periodic task, and when it was last sent."""

    name: str
    task: str
    every: str
    is_enabled: bool
    last_run_at: datetime | None
    runs: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A day in a small plot; lengths are in units of its view box."""

    x: int
    y: float
    height: float
    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Days:
    """How many of something there were on each of the last days, the oldest first."""

    name: str
    bars: Sequence[Bar]
    total: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """For how many books the catalog has some detail."""

    name: str
    known: int
    percent: float


@dataclass(frozen=True, slots=True)
class State:
    """How well a part of the site works, and why."""

    name: str
    condition: Condition
    words: str


def states(
    *, now: datetime, queue: Queues, tasks: Sequence[PeriodicRun], problem: Exception | None
) -> list[State]:
    """How well each part works; what is slow still works."""
    return [
        *_processes(queue, now),
        _sites_state(),
        _mail_state(now),
        _tasks_state(tasks),
        _model_state(problem),
    ]


def _processes(queue: Queues, now: datetime) -> list[State]:
    waits = now - queue.oldest_job if queue.oldest_job else timedelta(0)
    try:
        with valkey.connect(settings.REDIS_URL) as client:
            missing = liveness.missing(client)
    except redis.RedisError:
        return [State("Workers", Condition.WRONG, "Valkey is not reachable, so no task runs.")]
    if gone := [name for name in missing if name != liveness.BEAT]:
        workers = State("Workers", Condition.WRONG, f"No worker serves {' and '.join(gone)}.")
    elif waits > LONG_WAIT:
        workers = State(
            "Workers", Condition.SLOW, f"An import has waited since {queue.oldest_job:%H:%M}."
        )
    else:
        workers = State("Workers", Condition.WELL, "Both queues are served.")
    has_beat = liveness.BEAT not in missing
    words = "It is running." if has_beat else "It is not running, so no periodic task is sent."
    return [workers, State("Beat", Condition.WELL if has_beat else Condition.WRONG, words)]


def _sites_state() -> State:
    known = [(name, state) for name, state in sites() if state]
    paused = [name for name, state in known if state.circuit_seconds]
    if paused:
        return State("Other sites", Condition.SLOW, f"{' and '.join(paused)} turned us away.")
    return State("Other sites", Condition.WELL, "No site has turned us away.")


def _mail_state(now: datetime) -> State:
    waiting = QueuedMail.objects.aggregate(count=Count("pk"), at=Min("queued_at"))
    if not waiting["at"] or now - waiting["at"] < LONG_WAIT:
        return State("Email", Condition.WELL, "Everything has been delivered.")
    return State(
        "Email", Condition.WRONG, f"{waiting['count']} wait since {waiting['at']:%d %B, %H:%M}."
    )


def _tasks_state(tasks: Sequence[PeriodicRun]) -> State:
    late = sum(task.is_late for task in tasks)
    if late:
        return State("Periodic tasks", Condition.SLOW, f"Late: {late}.")
    return State("Periodic tasks", Condition.WELL, "All are sent on time.")


def _model_state(problem: Exception | None) -> State:
    if isinstance(problem, NoRelease):
        return State("Model", Condition.WRONG, "There is none, so no lists can be made.")
    if problem:
        return State(
            "Model",
            Condition.SLOW,
            "The latest release can't be used; the one before it is in use.",
        )
    return State("Model", Condition.WELL, "The latest release is in use.")


def in_words(seconds: float) -> str:
    """How often something is done: every minute, every 15 minutes, every week."""
    for size, name in (
        (604_800, "week"),
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ):
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"every {name}" if count == 1 else f"every {count} {name}s"
    return f"every {seconds:g} seconds"


def queues() -> Queues:
    """What waits for workers."""
    oldest = ImportJob.objects.filter(state=ImportJob.State.QUEUED).aggregate(at=Min("queued_at"))
    try:
        with valkey.connect(settings.REDIS_URL) as client:
            waiting, taken = lengths(client), int(client.hlen(UNACKED))
    except redis.RedisError:
        return Queues(None, None, None, oldest["at"])
    return Queues(waiting[Queue.PAGE], waiting[Queue.BACKGROUND], taken, oldest["at"])


def jobs_by_state() -> list[tuple[str, int]]:
    """How many imports are in each state, in the order they go through them."""
    counts = Counter(dict(ImportJob.objects.order_by().values_list("state").annotate(Count("pk"))))
    return [(str(state.label), counts[state.value]) for state in ImportJob.State]


def recent_failures(*, now: datetime) -> list[tuple[str, int]]:
    """Why imports failed in the last 24 hours, the most frequent reason first."""
    failed = ImportJob.objects.filter(
        state=ImportJob.State.FAILED, finished_at__gt=now - timedelta(days=1)
    )
    counted = failed.order_by().values_list("error_code").annotate(n=Count("pk"))
    return list(counted.order_by("-n", "error_code"))


def periodic_tasks(*, now: datetime) -> list[PeriodicRun]:
    """The periodic tasks; one that is on and was not sent for two intervals is late."""
    rows = PeriodicTask.objects.select_related("interval", "crontab").order_by("name")
    return [
        PeriodicRun(
            name=row.name,
            task=row.task,
            every=every(row),
            is_enabled=row.enabled,
            last_run_at=row.last_run_at,
            runs=row.total_run_count,
            is_late=_is_late(row, now),
        )
        for row in rows.exclude(task__startswith="celery.")
    ]


def every(row: Any) -> str:
    """How often a periodic task is sent."""
    return every_interval(row.interval) if row.interval else str(row.crontab or "-")


def every_interval(interval: Any) -> str:
    return in_words(interval.schedule.run_every.total_seconds())


def _is_late(row: Any, now: datetime) -> bool:
    if not row.enabled or row.last_run_at is None or row.interval is None:
        return False
    every: timedelta = row.interval.schedule.run_every
    return bool(now - row.last_run_at > LATE_AFTER * every + timedelta(minutes=1))


def sites() -> list[tuple[str, pace.SiteState | None]]:
    """The pace and circuit of each site we fetch from; None if Valkey is not reachable."""
    with valkey.connect(settings.REDIS_URL) as client:
        try:
            return [(title, pace.state_of(client, name=name)) for title, name in SITES]
        except redis.RedisError:
            return [(title, None) for title, _ in SITES]


def _release_problem() -> Exception | None:
    """Why the process that answers does not use the latest release; None if it does."""
    try:
        return why_not_latest()
    except NoRelease as error:
        return error


def quality_plot() -> plots.Plot | None:
    """The quality of the last releases, oldest first; None if fewer than two were measured."""
    accuracy: dict[int, float] = {}
    popularity: dict[int, float] = {}
    coverage: dict[int, float] = {}
    for release in reversed(ModelRelease.objects.all()[:RELEASES]):
        figures = default_figures(release=release)
        if figures is not None:
            place = len(accuracy) + 1
            accuracy[place], popularity[place] = figures.accuracy, figures.popularity
            coverage[place] = figures.coverage
    if len(accuracy) < 2:
        return None
    series = {"NDCG@100": accuracy, "popularity": popularity, "coverage": coverage}
    return plots.lines(series, x_label="releases, the oldest first", y_label="", width=560.0)


def completeness() -> tuple[int, list[Completeness]]:
    """The number of books, and how many of them have each detail, in one query."""
    isbn = BookIdentifier.objects.filter(book=OuterRef("pk"), scheme="isbn13")
    known: Mapping[str, Q | Exists] = {
        "description": ~Q(description=""),
        "cover": Q(cover_id__isnull=False),
        "language": ~Q(language=""),
        "first year": Q(year__isnull=False),
        "genres": Exists(BookGenre.objects.filter(book=OuterRef("pk"))),
        "ISBN": Exists(isbn),
    }
    counts = {f"n{n}": Count("pk", filter=what) for n, what in enumerate(known.values())}
    row = Book.objects.standing().order_by().aggregate(books=Count("pk"), **counts)
    shares = [
        Completeness(name, row[f"n{n}"], 100 * row[f"n{n}"] / max(row["books"], 1))
        for n, name in enumerate(known)
    ]
    return row["books"], shares


def days(*, now: datetime) -> list[Days]:
    """New readers, accounts and saved lists on each of the last days."""
    rows: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("New readers", Reader.objects.all(), "created_at"),
        ("New accounts", User.objects.all(), "date_joined"),
        ("Saved lists", Run.objects.all(), "created_at"),
    )
    return [_days(name, queryset, column, now) for name, queryset, column in rows]


def _days(name: str, rows: QuerySet[Model], column: str, now: datetime) -> Days:
    first = now.date() - timedelta(days=DAYS - 1)
    counted = (
        rows.filter(**{f"{column}__date__gte": first})
        .order_by()
        .annotate(day=TruncDate(column))
        .values_list("day")
        .annotate(Count("pk"))
    )
    counts = Counter(dict(counted))
    most = max(counts.values(), default=0) or 1
    bars = []
    for place in range(DAYS):
        day = first + timedelta(days=place)
        height = round(HEIGHT * counts[day] / most, 1)
        bars.append(Bar(place * (BAR + GAP), HEIGHT - height, height, day, counts[day]))
    return Days(name, bars, counts.total())


def dashboard_figures() -> dict[str, Any]:
    """All figures, for the page and for the part of it that htmx renews."""
    now = timezone.now()
    books, shares = completeness()
    queue, tasks, problem = queues(), periodic_tasks(now=now), _release_problem()
    return {
        "now": now,
        "states": states(now=now, queue=queue, tasks=tasks, problem=problem),
        "queue": queue,
        "jobs": jobs_by_state(),
        "failures": recent_failures(now=now),
        "tasks": tasks,
        "sites": sites(),
        "release": ModelRelease.objects.filter(is_active=True).first(),
        "release_problem": problem,
        "plot": quality_plot(),
        "books": books,
        "shares": shares,
        "enrichment": [
            (Enrichment.State(state).label, count)
            for state, count in enrichment.state_counts().items()
        ],
        "days": days(now=now),
    }
