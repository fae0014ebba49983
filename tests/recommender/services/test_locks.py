"""Two transactions about one reader: the second waits for the first, and neither for each other."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import TypeVar

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from catalog.models import Book
from recommender.models import ImportItem, ImportJob, LibraryEntry, Proposal
from recommender.services import import_worker, imports, proposals, readers, repairs
from recommender.services.locks import lock_reader
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ReaderFactory,
)
from tests.pages import client_of

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")
EXPORT = b"Title,Author,My Rating,Exclusive Shelf\nUlysses,James Joyce,4,read\n"
State = ImportJob.State


def elsewhere(act: Callable[[], T]) -> T:
    """Do it on a connection of the thread's own."""
    try:
        return act()
    finally:
        connection.close()


def wait_until_somebody_waits() -> None:
    """Until another connection waits for a lock that this one holds."""
    waiting = "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    until = monotonic() + 10
    with connection.cursor() as cursor:
        while monotonic() < until:
            cursor.execute(waiting)
            if cursor.fetchone():
                return
            sleep(0.02)
    pytest.fail("Nobody waited.")


def repair(item: ImportItem, book: Book) -> None:
    repairs.repair(item=item, book=book)


def propose(item: ImportItem, book: Book) -> Proposal:
    return proposals.propose_for_row(item=item)


def search_again(item: ImportItem, book: Book) -> Proposal:
    proposal = Proposal.objects.create(
        reader=item.job.reader, item=item, title="Ulysses", state="nothing"
    )
    return proposals.search_again(proposal=proposal)


@pytest.mark.parametrize("help_with", [repair, propose, search_again])
def test_a_new_import_and_help_with_a_row_of_the_last_one_wait_in_one_order(
    help_with: Callable[[ImportItem, Book], object],
) -> None:
    job = ImportJobFactory.create(state=State.RECOMMENDING)
    item, book = ImportItemFactory.create(job=job, state="unmatched"), BookFactory.create()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock_reader(job.reader_id)
        other = pool.submit(elsewhere, lambda: help_with(item, book))
        wait_until_somebody_waits()
        imports.start_upload(reader=job.reader, filename="mine.csv", file=io.BytesIO(EXPORT))

    other.result(timeout=10)
    job.refresh_from_db()
    assert job.error_code == "replaced"
    assert job.reader.imports.open().count() == 1


def test_two_failed_imports_of_a_reader_that_begin_again_at_once_are_one() -> None:
    reader = ReaderFactory.create()
    first, second = (
        ImportJobFactory.create(reader=reader, state=State.FAILED, error_message="It broke.")
        for _ in range(2)
    )

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert imports.retry(job=first).state == State.QUEUED
        other = pool.submit(elsewhere, lambda: imports.retry(job=second))
        wait_until_somebody_waits()

    assert other.result(timeout=10).state == State.FAILED


def test_an_entry_that_has_gone_meanwhile_is_not_found() -> None:
    entry = LibraryEntryFactory.create()
    address = reverse("entry-leave-out", args=[entry.pk])
    browser = client_of(entry.reader)

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock_reader(entry.reader_id)
        other = pool.submit(elsewhere, lambda: browser.post(address))
        wait_until_somebody_waits()
        LibraryEntry.objects.all().delete()

    answer = other.result(timeout=30)
    assert answer.status_code == 404
    assert "<h1>" in answer.content.decode()


@pytest.mark.usefixtures("own_store")
def test_a_guest_who_logs_in_during_a_pull_has_its_books_in_the_account() -> None:
    """The worker waits for the guest's row, which is gone once it may have it."""
    guest = ReaderFactory.create(user=None)
    owner = ReaderFactory.create()
    job = ImportJobFactory.create(reader=guest, kind="goodreads_export", state=State.MATCHING)
    ImportJob.objects.update(confirmed_at=timezone.now())
    ImportItemFactory.create(job=job, state="staged", title="Ulysses")
    owner_user = owner.user
    assert owner_user

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        lock_reader(guest.pk)
        other = pool.submit(
            elsewhere, lambda: import_worker.run_import(job_id=job.pk, task_id="the worker")
        )
        wait_until_somebody_waits()
        readers.claim_guest(user=owner_user, guest_id=guest.pk)

    other.result(timeout=30)
    assert [entry.title for entry in owner.entries.all()] == ["Ulysses"]
    job.refresh_from_db()
    assert job.error_code == "no_release"  # all else is done
