"""The progress of an import."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from recommender.models import ImportJob
from tests.factories import ImportItemFactory, ImportJobFactory, ReaderFactory, RunFactory
from tests.pages import Page, client_of, read

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _noon() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def address(job: ImportJob) -> str:
    return reverse("import", args=[job.pk])


def steps(page: Page) -> list[str]:
    return [step.attributes["class"].rpartition("--")[2] for step in page.all("li") if step.words]


def current(page: Page) -> str:
    return page.one("li", aria_current="step").words


@pytest.mark.parametrize("by_guest", [False, True])
def test_its_owner_sees_it(by_guest: bool) -> None:
    reader = ReaderFactory.create(**({"user": None} if by_guest else {}))
    job = ImportJobFactory.create(reader=reader)

    page = read(client_of(reader).get(address(job)))

    assert current(page) == "Waiting for its turn"
    assert "Goodreads reader 12345" in page.words


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ["import", "import-retry"])
def test_it_does_not_exist_for_a_stranger_or_for_nobody(name: str, method: str) -> None:
    job = ImportJobFactory.create(state="failed", error_message="No.")
    allowed = method == ("post" if name == "import-retry" else "get")

    for client in (client_of(ReaderFactory.create()), client_of(None)):
        answer = getattr(client, method)(reverse(name, args=[job.pk]))
        assert answer.status_code == (404 if allowed else 405)

    job.refresh_from_db()
    assert job.state == ImportJob.State.FAILED


def test_it_tells_the_page_it_fetches_and_the_books_so_far() -> None:
    job = ImportJobFactory.create(state="fetching", pages_fetched=2, held_until=NOW)
    ImportItemFactory.create_batch(3, job=job, state="staged")

    page = read(client_of(job.reader).get(address(job)))

    assert current(page) == "Fetching your shelf page 3, 3 books so far"


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("matching", "Finding your books in our catalog 1 book"),
        ("recommending", "Choosing your next books"),
    ],
)
def test_it_tells_what_is_done_with_the_books(state: str, label: str) -> None:
    job = ImportJobFactory.create(state=state, held_until=NOW)
    ImportItemFactory.create(job=job)

    assert current(read(client_of(job.reader).get(address(job)))) == label


def test_a_file_has_nothing_to_fetch() -> None:
    job = ImportJobFactory.create(kind="goodreads_export", account="", filename="mine.csv")

    page = read(client_of(job.reader).get(address(job)))

    assert "Fetching" not in page.words
    assert "mine.csv" in page.words


def test_it_moves_with_javascript_and_without() -> None:
    job = ImportJobFactory.create()

    page = read(client_of(job.reader).get(address(job)))

    assert page.one(hx_get="*").attributes["hx-trigger"] == "every 1s"
    assert page.one("meta", http_equiv="refresh").attributes["content"] == "3"
    scripts = [script.attributes["src"] for script in page.all("script")]
    assert any(src.startswith("/static/vendor/htmx") for src in scripts)
    assert page.one("div", aria_live="polite")


def test_htmx_gets_the_part_that_changes() -> None:
    job = ImportJobFactory.create()

    part = read(client_of(job.reader).get(address(job), headers=HTMX))

    assert part.elements[0].tag == "section"
    assert not part.all("html")


def test_htmx_gets_nothing_where_nothing_has_changed() -> None:
    job = ImportJobFactory.create()
    client = client_of(job.reader)
    again = read(client.get(address(job))).one(hx_get="*").attributes["hx-get"]

    assert client.get(again, headers=HTMX).status_code == 204
    assert client.get(again).status_code == 200

    ImportJob.objects.filter(pk=job.pk).update(state="fetching", held_until=NOW)
    assert client.get(again, headers=HTMX).status_code == 200


def test_it_leads_to_the_list_when_it_is_done() -> None:
    run = RunFactory.create()
    job = ImportJobFactory.create(reader=run.reader, state="done", run=run)
    client = client_of(job.reader)
    there = reverse("recommendations")

    plain = client.get(address(job))

    assert (plain.status_code, plain["Location"]) == (302, there)


def test_htmx_ends_asking_before_it_leads_there_and_tells_so_once() -> None:
    run = RunFactory.create()
    job = ImportJobFactory.create(reader=run.reader, state="done", run=run)
    client = client_of(job.reader)

    parts = [read(client.get(address(job), headers=HTMX)).one(hx_get="*") for _ in range(3)]
    assert {part.attributes["hx-trigger"] for part in parts} == {"load"}
    left = client.get(parts[0].attributes["hx-get"], headers=HTMX)

    assert left["HX-Redirect"] == reverse("recommendations")
    page = client.get(left["HX-Redirect"])
    assert page.content.decode().count("saved this list") == 1


def test_it_leads_there_too_where_no_list_was_saved_or_it_is_gone() -> None:
    job = ImportJobFactory.create(state="done")
    RunFactory.create(reader=job.reader)
    client = client_of(job.reader)

    page = read(client.get(address(job), follow=True))

    assert "Your library: nothing new" in page.words
    assert "saved this list" not in page.words
    assert page.one("h1").words == "What to read next"


def test_a_failure_is_told_in_words_with_two_ways_on() -> None:
    job = ImportJobFactory.create(state="failed", error_message="This profile is private.")

    page = read(client_of(job.reader).get(address(job)))

    assert "This profile is private." in page.words
    assert page.one("form", action=reverse("import-retry", args=[job.pk])).words == "Try again"
    assert page.one("a", href="/#export")
    assert not page.all(hx_get="*")
    assert not page.all("meta", http_equiv="refresh")


def test_trying_again_queues_it() -> None:
    job = ImportJobFactory.create(state="failed", error_message="Busy.")

    answer = client_of(job.reader).post(reverse("import-retry", args=[job.pk]))

    job.refresh_from_db()
    assert answer["Location"] == address(job)
    assert job.state == ImportJob.State.QUEUED


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"queued_at": NOW - timedelta(minutes=1)}, "Imports are not running at the moment"),
        ({"queued_at": NOW - timedelta(seconds=5)}, "This takes a few seconds"),
        ({"queued_at": NOW + timedelta(seconds=30)}, "Goodreads is busy"),
        ({"held_until": NOW - timedelta(seconds=1)}, "Imports are not running at the moment"),
        (
            {"held_until": NOW + timedelta(seconds=1), "queued_at": NOW - timedelta(hours=1)},
            "This takes a few seconds",
        ),
    ],
)
def test_it_says_why_nothing_moves(fields: dict[str, datetime], sentence: str) -> None:
    job = ImportJobFactory.create()
    ImportJob.objects.filter(pk=job.pk).update(**fields)

    assert sentence in read(client_of(job.reader).get(address(job))).words


def test_a_pasted_name_is_shown_as_text_only() -> None:
    job = ImportJobFactory.create(
        kind="goodreads_export", account="", filename="<script>alert(1)</script>.csv"
    )

    assert "<script>alert" in read(client_of(job.reader).get(address(job))).words


def test_more_rows_cost_no_more_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    job = ImportJobFactory.create()
    ImportItemFactory.create_batch(20, job=job)
    client: Client = client_of(job.reader)

    with django_assert_max_num_queries(5):
        client.get(address(job))
