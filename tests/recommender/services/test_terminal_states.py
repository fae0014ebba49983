"""However a source fails, its import ends, with a sentence; and the library is as it was."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError
from django.utils import timezone

from recommender.models import ImportJob, LibraryEntry
from recommender.services import import_worker, imports, staging
from recommender.services.hold import MAX_ATTEMPTS
from recommender.sources.base import NotModified, ShelfPage, ShelfRow, SourceError
from tests.factories import LibraryEntryFactory

pytestmark = pytest.mark.django_db
State = ImportJob.State


def kinds_of(kind: type[SourceError]) -> Iterator[type[SourceError]]:
    yield kind
    for other in kind.__subclasses__():
        yield from kinds_of(other)


FORESEEN = sorted(set(kinds_of(SourceError)) - {NotModified}, key=lambda kind: kind.__name__)
UNFORESEEN = [
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    OverflowError,
    MemoryError,
    OSError,
    EOFError,
    DataError,
    AssertionError,
]


class Broken:
    """A source of one good page, after which it fails."""

    name = "broken"

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def pages(self) -> Iterator[ShelfPage]:
        row = ShelfRow(source_key="1", title="Ulysses", author="James Joyce", stars=5, shelf="read")
        yield ShelfPage(number=1, rows=(row,))
        raise self._error


def work_until_it_ends(job: ImportJob) -> int:
    """What workers and beat do, with the time between passed; return how often it was tried."""
    for attempt in range(1, MAX_ATTEMPTS + 2):
        with suppress(import_worker.TryLater, *UNFORESEEN):
            import_worker.run_import(job_id=job.pk, task_id=f"task {attempt}")
        long_ago = timezone.now() - timedelta(minutes=10)
        ImportJob.objects.exclude(held_until=None).update(held_until=long_ago)
        ImportJob.objects.update(queued_at=long_ago)
        import_worker.requeue_stalled()
        job.refresh_from_db()
        if not job.is_open:
            return attempt
    pytest.fail(f"still {job.state}")


@pytest.mark.parametrize("kind", [*FORESEEN, *UNFORESEEN], ids=lambda kind: kind.__name__)
def test_every_import_ends(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def source(**_: Any) -> Any:
        return Broken(kind("of no use to anybody") if kind in UNFORESEEN else kind())

    monkeypatch.setattr(staging, "source_of", source)
    monkeypatch.setattr(import_worker, "rows_waiting", lambda _: frozenset[str]())
    entry = LibraryEntryFactory.create(account="1")
    job = ImportJob.objects.create(reader=entry.reader, kind="goodreads_feed", account="1")

    attempts = work_until_it_ends(job)

    assert attempts <= MAX_ATTEMPTS
    assert job.state == State.FAILED
    assert job.error_code
    assert re.fullmatch(r"[A-Z].+[.!?]", job.error_message, re.DOTALL)
    assert "of no use" not in job.error_message
    assert (job.held_by, job.held_until) == ("", None)
    assert LibraryEntry.objects.get() == entry
    assert imports.retry(job=job).state == State.QUEUED
