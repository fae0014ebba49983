"""What curators and operators read, in words of theirs."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from catalog.models import CurationAct
from tests.admin_pages import change_page, changelist, curator
from tests.factories import BookFactory, RunFactory, UserFactory
from tests.pages import read

pytestmark = pytest.mark.django_db


def test_the_first_page_has_one_heading_for_what_belongs_to_accounts() -> None:
    page = read(curator().get("/admin/"))
    headings = [heading.words for heading in page.all("caption")]
    assert headings.count("Accounts") == 1
    assert not {"MFA", "Authentication and Authorization", "Periodic Tasks"} & set(headings)
    linked = {link.words for link in page.all("a")}
    assert {"Users", "Groups", "Email addresses", "Authenticators", "Periodic tasks"} <= linked
    assert not {"Intervals", "Crontabs"} & linked
    group = Group.objects.create(name="readers of proofs")
    assert (
        "Home › Accounts › Groups" in read(curator().get(change_page("auth_group", group.pk))).words
    )


def test_how_often_a_task_is_sent_is_told_in_words() -> None:
    day, _ = IntervalSchedule.objects.get_or_create(every=86_400, period="seconds")
    task = PeriodicTask.objects.create(name="tidy", task="a.task", interval=day)
    client = curator()
    tasks = "django_celery_beat_periodictask"
    for address in (changelist(tasks), change_page(tasks, task.pk)):
        words = read(client.get(address)).words
        assert "every day" in words
        assert "86400" not in words
    history = reverse("admin:django_celery_beat_periodictask_history", args=[task.pk])
    assert history in client.get(address).text


def test_lists_are_called_by_what_they_hold() -> None:
    page = read(curator().get(changelist("catalog_curationact")))
    assert page.one("h1").words == "Changes by curators"


def test_what_a_merge_moved_is_counted() -> None:
    act = CurationAct.objects.create(
        kind="merged",
        user=UserFactory.create(),
        book=BookFactory.create(),
        before={"status": "active", "authors": ["Ann", "Ben"], "year": None},
        after={"moved": {"entries": [1, 2, 3], "import_rows": [], "books": {"7": 2, "8": 1}}},
    )
    rows = read(curator().get(change_page("catalog_curationact", act.pk))).words
    assert "Ann, Ben" in rows
    assert "2 books, 3 entries" in rows
    assert "import rows" not in rows


def test_figures_of_a_release_and_a_list_are_for_people() -> None:
    run = RunFactory.create(
        books=[BookFactory.create()], release__ratings=1_234_567, release__readers=89_012
    )
    run.recommendations.update(score=0.7708075046539307, expected_stars=4.4444)
    client = curator()
    for address in (
        changelist("recommender_modelrelease"),
        change_page("recommender_modelrelease", run.release_id),
    ):
        assert "1,234,567 ratings by 89,012 readers" in read(client.get(address)).words
    places = read(client.get(change_page("recommender_run", run.pk))).words
    assert "0.771 4.4" in places
