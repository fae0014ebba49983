"""The operator's page: whether its figures are right, and who sees it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from recommender.models import ImportJob, Source, SourceShelf
from recommender.selectors import dashboard
from recommender.services import refresh
from recsite.common import liveness, pace
from recsite.common.pace import Limiter
from recsite.common.queue import Queue
from recsite.mail.models import QueuedMail
from tests.admin_pages import curator, queries_of
from tests.factories import (
    BookFactory,
    ImportJobFactory,
    ModelReleaseFactory,
    ReaderFactory,
    RunFactory,
    UserFactory,
)
from tests.releases import publish_release

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db
PAGE = "/admin/dashboard/"


def staff(*groups: str) -> Client:
    user = UserFactory.create(is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    client = Client()
    client.force_login(user)
    return client


def test_operators_see_it_and_others_do_not(client: Client) -> None:
    assert staff("operator").get(PAGE).status_code == 200
    assert staff("curator").get(PAGE).status_code == 403
    assert client.get(PAGE).status_code == 302
    assert PAGE in staff("operator").get("/admin/").content.decode()
    assert PAGE not in staff("curator").get("/admin/").content.decode()


def test_htmx_gets_the_figures_alone() -> None:
    page = staff("operator").get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith('<div id="figures"')


def test_it_costs_the_same_however_much_there_is() -> None:
    client = curator()
    ModelReleaseFactory.create(is_active=True)
    queries_of(client, PAGE)
    few = queries_of(client, PAGE)
    for _ in range(5):
        RunFactory.create(books=[BookFactory.create()])
        ImportJobFactory.create()
    assert queries_of(client, PAGE) == few


def test_a_broker_that_is_down_is_told_and_all_else_is_there(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    page = staff("operator").get(PAGE).content.decode()
    assert "broker not reachable" in page
    assert "Valkey is not reachable" in page
    assert "Catalog: 0 books" in page


def marks(page: str) -> dict[str, str]:
    found = re.findall(r'<dt>([\w -]+) <span class="word">(\w+)</span>', page)
    return dict(found)


def test_how_the_parts_do_is_told_by_a_color_and_a_word(own_store: str, valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        liveness.sign(client, *Queue, liveness.BEAT)
        publish_release(own_store, [[1, 2], [3, 4]])
        page = staff("operator").get(PAGE).content.decode()
        assert set(marks(page).values()) == {"Well"}
        assert page.count('class="states__well"') == len(marks(page)) == 6

        client.delete("bookfold:there:page", "bookfold:there:beat")
        Limiter.from_url(valkey_url, name="openlibrary", per_second=9).pause(0.1)
        for _ in range(5):
            Limiter.from_url(valkey_url, name="openlibrary", per_second=9).refused()
    hour_ago = timezone.now() - timedelta(hours=1)
    QueuedMail.objects.create(message={}, queued_at=hour_ago)
    every = IntervalSchedule.objects.create(every=60, period="seconds")
    PeriodicTask.objects.create(name="late", task="x.y", interval=every, last_run_at=hour_ago)
    page = staff("operator").get(PAGE).content.decode()
    assert marks(page) == {
        "Workers": "Wrong",
        "Beat": "Wrong",
        "Other sites": "Slow",
        "Email": "Wrong",
        "Periodic tasks": "Slow",
        "Model": "Well",
    }
    assert "No worker serves page." in page
    assert "every minute" in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (15, "every 15 seconds"),
        (60, "every minute"),
        (900, "every 15 minutes"),
        (3600, "every hour"),
        (86_400, "every day"),
        (604_800, "every week"),
        (90, "every 90 seconds"),
    ],
)
def test_how_often_is_told_in_words(seconds: float, words: str) -> None:
    assert dashboard.in_words(seconds) == words


def test_jobs_are_counted_by_state_and_recent_failures_by_reason() -> None:
    ImportJobFactory.create()
    for hours, code in ((1, "rate_limited"), (2, "rate_limited"), (3, "timeout"), (30, "old")):
        ImportJobFactory.create(
            state=ImportJob.State.FAILED,
            error_code=code,
            error_message="It did not work.",
            finished_at=NOON - timedelta(hours=hours),
        )
    counts = dict(dashboard.jobs_by_state())
    assert (counts["Queued"], counts["Failed"], counts["Done"]) == (1, 4, 0)
    assert dashboard.recent_failures(now=NOON) == [("rate_limited", 2), ("timeout", 1)]


def test_the_queue_is_counted(valkey_url: str, settings: Any) -> None:
    settings.REDIS_URL = valkey_url
    waiting = ImportJobFactory.create()
    with redis.Redis.from_url(valkey_url) as client:
        client.rpush("page", "one", "two")
        client.rpush("celery", "three")
        found = dashboard.queues()
    assert (found.page, found.background, found.taken) == (2, 1, 0)
    assert found.oldest_job == waiting.queued_at


@pytest.mark.parametrize(
    ("minutes", "enabled", "late"), [(20, True, False), (40, True, True), (40, False, False)]
)
def test_a_task_is_late_after_two_of_its_intervals(minutes: int, enabled: bool, late: bool) -> None:
    every, _ = IntervalSchedule.objects.get_or_create(every=15, period="minutes")
    PeriodicTask.objects.create(
        name="x",
        task="x.y",
        interval=every,
        enabled=enabled,
        last_run_at=NOON - timedelta(minutes=minutes),
    )
    assert [task.is_late for task in dashboard.periodic_tasks(now=NOON)] == [late]


def test_requests_refusals_and_circuits_of_a_site_are_read(valkey_url: str) -> None:
    client = redis.Redis.from_url(valkey_url)
    limiter = Limiter(client, name="somewhere", per_second=1000, refusals=2, wait=lambda s: None)
    for _ in range(3):
        with limiter.turn():
            pass
    limiter.refused()
    state = pace.state_of(client, name="somewhere")
    assert (state.requests, state.refusals, state.circuit_seconds) == (3, 1, 0)
    limiter.refused()
    assert pace.state_of(client, name="somewhere").circuit_seconds > 800
    client.close()


def test_what_the_catalog_lacks_is_counted() -> None:
    BookFactory.create(description="", description_source="", year=None)
    BookFactory.create(cover_id=7).identifiers.create(scheme="isbn13", value="9780441478125")
    BookFactory.create(status="merged", merged_into=BookFactory.create())
    books, shares = dashboard.completeness()
    known = {share.name: share.known for share in shares}
    assert books == 3
    assert known == {
        "description": 2,
        "cover": 1,
        "language": 3,
        "first year": 2,
        "genres": 3,
        "ISBN": 1,
    }


def test_days_are_counted_and_drawn() -> None:
    RunFactory.create()
    lists = dashboard.days(now=timezone.now())[2]
    assert (lists.name, lists.total, len(lists.bars)) == ("Saved lists", 1, 30)
    assert lists.bars[-1].count == 1
    assert lists.bars[-1].height == dashboard.HEIGHT


def test_the_quality_of_two_releases_is_drawn() -> None:
    figures = {
        "readers": 1000,
        "profile_popularity": 0.1,
        "ndcg@100": 0.4,
        "popularity@10": 0.1,
        "coverage@10": 0.3,
        "disliked@20": 0.02,
    }
    assert dashboard.quality_plot() is None
    for n in range(2):
        ModelReleaseFactory.create(
            metrics={"rankers": {"neighbours": figures}}, built_at=NOON + timedelta(days=n)
        )
    plot = dashboard.quality_plot()
    assert plot is not None
    assert [series.name for series in plot.series] == ["NDCG@100", "popularity", "coverage"]
    assert all(len(series.marks) == 2 for series in plot.series)


def linked(pulled_at: datetime) -> SourceShelf:
    reader = ReaderFactory.create()
    return SourceShelf.objects.create(
        reader=reader, source=Source.GOODREADS, account="12", shelf="read", pulled_at=pulled_at
    )


def test_an_operator_has_all_linked_shelves_pulled(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("recsite.common.queue._send", lambda name, *_: sent.append(name))
    linked(NOON)
    address = reverse("admin-refresh-all")

    assert staff("curator").post(address).status_code == 403
    assert staff("operator").get(address).status_code == 405
    with django_capture_on_commit_callbacks(execute=True):
        page = staff("operator").post(address, follow=True)

    assert "1 linked shelves will be pulled" in page.content.decode()
    assert sent == [refresh.REFRESH_ALL]
    assert refresh.start_all() == 1
    assert refresh.start_all() == 0  # one is under way
    assert ImportJob.objects.count() == 1


def test_one_reader_is_pulled_by_an_action() -> None:
    shelf = linked(NOON)
    chosen = {"action": "refresh_now", "_selected_action": str(shelf.reader_id)}
    address = reverse("admin:recommender_reader_changelist")

    page = curator().post(address, chosen, follow=True)

    assert "1 linked shelves are being pulled" in page.content.decode()
    assert ImportJob.objects.get().reader == shelf.reader
    page = curator().post(address, chosen, follow=True)
    assert ImportJob.objects.count() == 1
    assert staff("operator").post(address, chosen).status_code in (302, 200)
