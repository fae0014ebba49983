"""A worker's hold on an import: renewed while the worker lives, expired soon after it dies."""

import threading
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from recommender.models import ImportJob, ImportJobQuerySet

HOLD = timedelta(seconds=30)
RENEWED_EVERY = 8.0
MAX_ATTEMPTS = 5


class LostHold(Exception):
    """Another worker holds the job, or the job has ended; it must not be touched any more."""


class Hold:
    """The right to work on one import, renewed by a thread while the context is open.

    Fetching a page from Goodreads can take a minute, and waiting for its turn longer, so the hold
    can't be renewed between steps of the work. With a thread it lives exactly as long as the
    process.
    """

    def __init__(self, job: ImportJob) -> None:
        self.job = job
        self._owner = job.held_by
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"hold {job.pk}", daemon=True)

    @classmethod
    def take(cls, job_id: UUID | str, *, task_id: str) -> Self | None:
        """Take a job that nobody holds; a redelivered message of the same task gets it again."""
        now = timezone.now()
        free = Q(held_until=None) | Q(held_until__lt=now) | Q(held_by=task_id)
        taken = (
            ImportJob.objects.for_workers()
            .filter(free, pk=job_id, attempts__lt=MAX_ATTEMPTS)
            .update(held_by=task_id, held_until=now + HOLD, attempts=F("attempts") + 1)
        )
        return cls(ImportJob.objects.select_related("reader").get(pk=job_id)) if taken else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def update(self, **fields: object) -> None:
        """Write fields of the job; raises `LostHold` if the job is no longer held by this task."""
        if not self._ours().update(held_until=_from_now(), **fields):
            raise LostHold
        for name, value in fields.items():
            setattr(self.job, name, value)

    def release(self, **fields: object) -> None:
        """Write fields of the job and give up the hold, if it is still held by this task."""
        self._ours().update(held_by="", held_until=None, **fields)

    def _ours(self) -> ImportJobQuerySet:
        return ImportJob.objects.for_workers().filter(pk=self.job.pk, held_by=self._owner)

    def _renew(self) -> None:
        try:
            while not self._ended.wait(RENEWED_EVERY):
                self._ours().update(held_until=_from_now())
        finally:
            connection.close()


def _from_now() -> datetime:
    return timezone.now() + HOLD
