"""A worker's hold on an import: renewed while the worker lives, run out soon after it died."""

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
    """Somebody else holds the job, or it has ended; whoever gets this leaves it alone."""


class Hold:
    """The right to work on one import, kept alive by a thread for as long as it is entered.

    A page at Goodreads may take a minute and a queue before it longer, so the hold cannot wait for
    the work to come by; it lives exactly as long as the process.
    """

    def __init__(self, job: ImportJob) -> None:
        self.job = job
        self._owner = job.held_by
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"hold {job.pk}", daemon=True)

    @classmethod
    def take(cls, job_id: UUID | str, *, task_id: str) -> Self | None:
        """Take a job nobody holds by one conditional update; a redelivered task is the same one."""
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
        """Write fields of the job; raises `LostHold` where it is not ours any more."""
        if not self._ours().update(held_until=_from_now(), **fields):
            raise LostHold
        for name, value in fields.items():
            setattr(self.job, name, value)

    def release(self, **fields: object) -> None:
        """Write fields of the job and let it go, if it is still ours."""
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
