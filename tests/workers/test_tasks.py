"""What the site queues is done by a real worker: imports, enrichment, proposals."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Book, Enrichment
from catalog.services import enrichment
from recommender.models import ImportJob, LibraryEntry, Proposal
from recommender.services import import_worker, imports, proposals, waiting
from recommender.services.hold import MAX_ATTEMPTS
from recommender.services.proposals import SearchTerms
from recsite.common.queue import Queue
from recsite.local.process import wait_until
from recsite.local.standins.readers import sample_readers
from recsite.local.standins.works import WorkFault, isbn_of
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory
from tests.pages import client_of
from tests.releases import publish_release
from tests.services import SiteProcess
from workers.app import app

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("worker"),
]


def test_a_sample_reader_comes_from_click_to_list(
    worker: SiteProcess, starter_folder: Path, goodreads_standin: str, settings: Settings
) -> None:
    settings.GOODREADS_BASE_URL = goodreads_standin
    call_command("load_goodbooks", str(starter_folder), verbosity=0)
    numbers = range(1_000_001, 1_000_465)
    publish_release(settings.RELEASE_STORE, [numbers[::2], numbers[1::2]])
    number = sample_readers(starter_folder, count=1)[0].user_id

    job = imports.start_pull(reader=ReaderFactory.create(), text=str(number))

    assert wait_until(lambda: not ImportJob.objects.open().exists(), seconds=60)
    job.refresh_from_db()
    assert job.state == ImportJob.State.DONE, job.error_message
    assert job.run is not None
    assert job.run.recommendations.count() == 10


def test_one_batch_after_the_other_until_no_book_is_due(
    worker: SiteProcess, openlibrary_standin: str, settings: Settings
) -> None:
    settings.OPENLIBRARY_BASE_URL = openlibrary_standin
    for number in range(30):
        BookFactory.create(title=f"Unheard of {number}")
    book = BookFactory.create(authors=["Ada Author"], description="", description_source="")
    book.identifiers.create(scheme="isbn13", value=isbn_of(WorkFault.MARKUP))

    assert enrichment.queue_batches() == 1

    left = Enrichment.objects.filter(due_at__lte=datetime.now(UTC))
    assert wait_until(lambda: not left.exists(), seconds=30)
    assert enrichment.state_counts()["not_found"] == 30
    assert Book.objects.get(pk=book.pk).description.startswith("A quiet book")


def state_after_search(proposal: Proposal) -> str:
    searching = Proposal.objects.filter(pk=proposal.pk, state="searching")
    assert wait_until(lambda: not searching.exists(), seconds=30)
    proposal.refresh_from_db()
    return proposal.state


def test_what_is_chosen_is_added_and_given_to_another_reader_who_waits_for_it(
    worker: SiteProcess,
) -> None:
    waits = LibraryEntryFactory.create(book=None, title="Hamnet", author="Maggie O’Farrell")
    proposal = proposals.propose(reader=ReaderFactory.create(), terms=SearchTerms("Hamnet"))
    assert state_after_search(proposal) == "choosing"
    [work] = proposals.works_of(proposal)

    proposals.choose(proposal=proposal, key=work.key)

    given = LibraryEntry.objects.filter(pk=waits.pk, book=Book.objects.get())
    assert wait_until(given.exists, seconds=30)


@pytest.mark.parametrize(
    ("terms", "state"),
    [
        (SearchTerms("Qqqq Zzzz"), "nothing"),
        (SearchTerms(isbn13=isbn_of(WorkFault.SEARCH_BUSY_FOR_LONG)), "failed"),
    ],
)
def test_what_comes_to_nothing_is_told(terms: SearchTerms, state: str, worker: SiteProcess) -> None:
    proposal = proposals.propose(reader=ReaderFactory.create(), terms=terms)
    assert state_after_search(proposal) == state


def test_messages_of_another_version_are_put_aside(worker: SiteProcess, valkey_url: str) -> None:
    """As after a deploy: tasks and arguments that this version does not know."""
    waits = LibraryEntryFactory.create(book=None, title="Hamnet", author="Maggie O’Farrell")
    book = BookFactory.create(title="Hamnet", authors=["Maggie O’Farrell"])
    for name, arguments, named in (
        ("imports.run_of_old", ["1"], {}),
        (imports.TASK, [], {}),
        (imports.TASK, ["no number"], {}),
        (imports.TASK, ["1", "2", "3"], {"priority": 7}),
        (waiting.TASK, ["999999999"], {}),
    ):
        app.send_task(name, args=arguments, kwargs=named, queue=Queue.PAGE.value)
    app.send_task(waiting.TASK, args=[str(book.pk)], queue=Queue.PAGE.value)

    given = LibraryEntry.objects.filter(pk=waits.pk, book=book)
    assert wait_until(given.exists, seconds=30), worker.log.read_text()[-2000:]


@pytest.mark.parametrize("column", ["state", "kind"])
def test_a_job_of_another_version_holds_nobody_up(
    column: str, valkey_url: str, settings: Settings, goodreads_standin: str
) -> None:
    settings.GOODREADS_BASE_URL = goodreads_standin
    reader = ReaderFactory.create()
    job = imports.start_pull(reader=reader, text="7")
    ImportJob.objects.filter(pk=job.pk).update(**{column: "of_old"})
    browser = client_of(reader)
    for page in ("/account/", "/history/", "/library/", f"/imports/{job.pk}/"):
        assert browser.get(page).status_code == 200, page
    assert browser.get(f"/imports/{job.pk}/rows/").status_code == 200

    for attempt in range(MAX_ATTEMPTS + 1):
        with suppress(ValueError):
            import_worker.run_import(job_id=job.pk, task_id=str(attempt))
        long_ago = timezone.now() - timedelta(minutes=5)
        ImportJob.objects.update(queued_at=long_ago, held_until=long_ago)
        import_worker.requeue_stalled()

    assert not reader.imports.open().exists()
    assert imports.start_pull(reader=reader, text="8") != job
