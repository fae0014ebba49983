"""Imports as readers meet them: a pull or an upload is started, confirmed, canceled, tried again.

The web process creates a job and queues it; what a worker then does is `import_worker`.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from recommender.models import ImportJob, Reader
from recommender.services import look_ups, staging
from recommender.services.locks import lock_import, lock_reader
from recommender.sources import profile
from recommender.sources.base import ShelfPage, SourceError
from recommender.sources.exports import open_export
from recsite.common.queue import Queue, enqueue_on_commit

#: The task that does a job's work.
TASK = "imports.run"
PREVIEW_KEPT = timedelta(days=7)
REPLACED = "Your newer request has replaced this one."
CANCELED = "You chose not to import this file. Nothing from it was kept."
EXPIRED = (
    "This file waited a week for you to confirm it, so we discarded it. Nothing from it was kept, "
    "and your library has not changed. Upload it again whenever you like."
)

State = ImportJob.State


class TooSoon(SourceError):
    """The same shelf was pulled a moment ago."""

    code = "too_soon"
    default = "We checked this shelf a moment ago. Please wait a minute before you try again."


class ImportUnderWay(SourceError):
    """The reader has an unfinished import, perhaps a file that waits for confirmation."""

    code = "under_way"
    default = "Another import of this reader is not finished yet."


class TooManyGuests(SourceError):
    """Guests have started as many pulls as all of them together may."""

    code = "too_many_guests"
    default = (
        "Many visitors are trying this at the moment, and Goodreads lets us read slowly. Upload "
        "your export file instead, which works at once, or log in, or come back in an hour."
    )


def start_pull(*, reader: Reader, text: str) -> ImportJob:
    """Start pulling the shelf that the pasted text names.

    If this shelf is being pulled already, that import is returned; any other unfinished import of
    the reader is ended. Raises `SourceError` with a sentence for the reader if the text names no
    profile, or the shelf was pulled a moment ago.
    """
    account = str(profile.parse_profile(text))
    kind = staging.kind_of_pull()
    _check_cooldown(kind, account)
    if reader.user_id is None:
        _check_guests()
    look_ups.begin(reader=reader)
    return _create(ImportJob(reader=reader, kind=kind, account=account), pages=())


@transaction.atomic
def start_refresh(*, reader: Reader, account: str) -> ImportJob:
    """Pull a linked shelf again in the background; a list is made only if enough has changed.

    Raises `SourceError`: `ImportUnderWay` if the reader has an unfinished import, which a refresh
    never replaces; `TooSoon` if the shelf was pulled a moment ago; `SwitchedOff` if this site does
    not ask Goodreads.
    """
    kind = staging.kind_of_pull()
    lock_reader(reader.pk)
    if reader.imports.open().exists():
        raise ImportUnderWay
    _check_cooldown(kind, account)
    job = ImportJob(reader=reader, kind=kind, account=account, is_background=True)
    job.save(force_insert=True)
    enqueue(job)
    return job


def start_upload(*, reader: Reader, filename: str, file: BinaryIO) -> ImportJob:
    """Read an export file, stage its rows and start the import.

    Raises `SourceError` with a sentence for the reader if the file cannot be read; nothing of it
    is kept then.
    """
    export = open_export(file, limit=settings.IMPORT_MAX_BYTES)
    job = ImportJob(reader=reader, kind=export.name, filename=filename[:200], shelf="all")
    job.encoding = export.encoding if export.is_guessed else ""
    return _create(job, pages=export.pages())


@transaction.atomic
def read_again(*, job: ImportJob, encoding: str) -> bool:
    """Decode a file again whose encoding was a guess; say whether that was possible.

    The staged rows are decoded, so that the reader need not upload the file again. What was
    decided for single rows is forgotten.
    """
    lock_import(job.pk)
    waiting = ImportJob.objects.filter(pk=job.pk, state=State.PREVIEW).exclude(encoding="")
    if not waiting.update(
        state=State.MATCHING, encoding=encoding, queued_at=timezone.now(), attempts=0
    ):
        return False
    staging.decode_again(job=job, encoding=encoding)
    enqueue(job)
    return True


def _check_cooldown(kind: ImportJob.Kind, account: str) -> None:
    recent = timezone.now() - timedelta(seconds=settings.IMPORT_COOLDOWN_SECONDS)
    just_done = ImportJob.objects.filter(kind=kind, account=account, state=State.DONE)
    if just_done.filter(finished_at__gt=recent).exists():
        raise TooSoon


def _check_guests() -> None:
    """Guests can have new cookies for nothing, so that they have one budget all together."""
    last_hour = ImportJob.objects.filter(created_at__gt=timezone.now() - timedelta(hours=1))
    pulls = last_hour.exclude(account="").filter(reader__user=None)
    if pulls.count() >= settings.GUEST_PULLS_AN_HOUR:
        raise TooManyGuests


@transaction.atomic
def _create(job: ImportJob, *, pages: Iterable[ShelfPage]) -> ImportJob:
    lock_reader(job.reader_id)
    under_way = job.reader.imports.open()
    if same := under_way.filter(kind=job.kind, account=job.account).exclude(account="").first():
        return same
    under_way.update(
        state=State.FAILED,
        error_code="replaced",
        error_message=REPLACED,
        finished_at=timezone.now(),
        held_by="",
        held_until=None,
    )
    job.save(force_insert=True)
    for page in pages:
        staging.stage_page(job=job, page=page)
    enqueue(job)
    return job


@transaction.atomic
def confirm(*, job: ImportJob, looks_up: bool | None = None) -> bool:
    """Go on with a file whose preview the reader has confirmed; False if it was not waiting.

    `looks_up` is what the reader said of books that we do not know; None if that was not asked.
    """
    now = timezone.now()
    job = lock_import(job.pk)
    waiting = ImportJob.objects.filter(pk=job.pk, state=State.PREVIEW)
    if not waiting.update(state=State.MATCHING, confirmed_at=now, queued_at=now):
        return False
    if looks_up is not None:
        look_ups.choose(reader=job.reader, looks_up=looks_up)
    enqueue(job)
    return True


@transaction.atomic
def cancel(*, job: ImportJob) -> bool:
    """End an import whose preview the reader has declined; False if it was not waiting."""
    return _cancel(lock_import(job.pk), CANCELED)


def expire_previews() -> int:
    """End the imports whose previews nobody answered; return how many."""
    forgotten = Q(state=State.PREVIEW, queued_at__lt=timezone.now() - PREVIEW_KEPT)
    ended = 0
    for job_id in ImportJob.objects.filter(forgotten).values_list("pk", flat=True):
        with suppress(ImportJob.DoesNotExist), transaction.atomic():
            job = lock_import(job_id)
            if ImportJob.objects.filter(forgotten, pk=job_id).exists():
                ended += _cancel(job, EXPIRED)
    return ended


def _cancel(job: ImportJob, sentence: str) -> bool:
    """End a locked import that waits for its reader; False if it does not."""
    if job.state != State.PREVIEW:
        return False
    job.items.all().delete()
    ended = {"state": State.CANCELED, "error_message": sentence, "finished_at": timezone.now()}
    ImportJob.objects.filter(pk=job.pk).update(**ended)
    return True


@transaction.atomic
def retry(*, job: ImportJob) -> ImportJob:
    """Restart a failed job with the rows it has staged.

    Nothing happens to a job in another state, or while the reader has another import under way.
    """
    job = lock_import(job.pk)
    if job.state == State.FAILED and not job.reader.imports.open().exists():
        ImportJob.objects.filter(pk=job.pk).update(
            state=State.QUEUED,
            error_code="",
            error_message="",
            attempts=0,
            held_by="",
            held_until=None,
            queued_at=timezone.now(),
            finished_at=None,
            is_background=False,
        )
        job.refresh_from_db()
        enqueue(job)
    return job


def enqueue(job: ImportJob) -> None:
    """Queue a job for a worker once the transaction is committed."""
    queue = Queue.BACKGROUND if job.is_background else Queue.PAGE
    enqueue_on_commit(TASK, str(job.pk), queue=queue)
