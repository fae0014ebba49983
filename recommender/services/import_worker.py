"""The work of an import: the shelf is fetched, its rows are matched, and a list is made.

A worker takes a job from state to state by conditional updates. The work of each state can be
repeated, so a job survives the death of a worker: the hold expires, and the next worker begins with
the state the job was in.
"""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from recommender.engine.release import NoRelease
from recommender.models import ImportItem, ImportJob, Reader, Run
from recommender.selectors.recommendations import NothingToRecommendFrom
from recommender.services import library, look_ups, runs, staging
from recommender.services.hold import MAX_ATTEMPTS, Hold, LostHold
from recommender.services.imports import TASK, enqueue
from recommender.services.locks import lock_reader_of
from recommender.shelves import FURTHER
from recommender.sources.base import NotModified, SourceError
from recsite.common.queue import BrokerAway, rows_waiting

log = structlog.get_logger(__name__)

STALLED_AFTER = timedelta(seconds=45)
#: Longer waits are left to `requeue_stalled`: the broker would deliver the message again.
LONGEST_COUNTDOWN = 600.0
#: After a refresh a new list is made if this many entries were added, changed or removed.
CHANGES_FOR_A_LIST = 3
GAVE_UP = "Something went wrong on our side several times. Your request is kept: please try again."
TOO_SLOW = "This took too long. Your request is kept: please try again."
NO_MODEL = "Our model is still being built. Your books are kept: please try again in a few minutes."

State = ImportJob.State


class TryLater(Exception):
    """The source cannot be reached now; the same job may succeed after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"try again in {seconds:.0f} s")
        self.seconds = seconds


def run_import(*, job_id: UUID | str, task_id: str) -> None:
    """Do what is left of a job; a second call at the same time returns at once.

    Raises `TryLater` if the source may answer later; any other expected failure is stored in the
    job for the reader to see.
    """
    hold = Hold.take(job_id, task_id=task_id)
    if hold is None:
        return
    try:
        with hold:
            _advance(hold)
    except LostHold:
        log.info("import.taken_over", job_id=str(job_id))
    except SourceError as error:
        if not error.retryable or hold.job.attempts >= MAX_ATTEMPTS:
            _fail(hold, error.code, str(error))
        elif (seconds := _postpone(hold, error)) <= LONGEST_COUNTDOWN:
            raise TryLater(seconds) from error
    except NothingToRecommendFrom as error:
        _fail(hold, "nothing_to_recommend_from", str(error))
    except NoRelease:
        _fail(hold, "no_release", NO_MODEL)


def give_up(*, job_id: UUID | str, task_id: str) -> None:
    """End a job that took longer than a task may."""
    job = ImportJob.objects.for_workers().filter(pk=job_id, held_by=task_id).first()
    if job:
        _fail(Hold(job), "too_slow", TOO_SLOW)


def requeue_stalled() -> int:
    """Queue jobs that have neither worker nor message, and end those that failed too often.

    Returns how many. A job whose message waits in a queue is not lost, however long it waits.
    """
    now = timezone.now()
    stalled = ImportJob.objects.for_workers().filter(
        Q(held_until=None) | Q(held_until__lt=now), queued_at__lt=now - STALLED_AFTER
    )
    worn_out = stalled.filter(attempts__gte=MAX_ATTEMPTS)
    moved = worn_out.update(
        state=State.FAILED,
        error_code="gave_up",
        error_message=GAVE_UP,
        finished_at=now,
        held_by="",
        held_until=None,
    )
    try:
        lost = stalled.exclude(pk__in=rows_waiting(TASK))
    except BrokerAway:
        return moved
    for job in lost:
        with transaction.atomic():
            if stalled.filter(pk=job.pk).update(queued_at=now):
                enqueue(job)
                moved += 1
    return moved


def _advance(hold: Hold) -> None:
    """Take the job through its remaining states."""
    if hold.job.state in (State.QUEUED, State.FETCHING):
        _fetch(hold)
    if hold.job.state == State.MATCHING:
        _match(hold)
    if hold.job.state == State.RECOMMENDING:
        _recommend(hold)


def _fetch(hold: Hold) -> None:
    """Stage the whole shelf; a pull that was interrupted starts again from its first page."""
    job = hold.job
    if job.is_file:
        hold.update(state=State.MATCHING)
        return
    hold.update(
        state=State.FETCHING,
        pages_fetched=0,
        saw_whole_shelf=False,
        etags=[],
        other_shelves={},
        error_code="",
        error_message="",
    )
    job.items.all().delete()
    hold.update(account=str(staging.account_number(job.account)))
    _fetch_shelf(hold, job.shelf)
    for shelf in FURTHER:
        _fetch_further_shelf(hold, shelf)
    if job.etags or any(job.other_shelves.values()):
        hold.update(state=State.MATCHING)
        return
    with transaction.atomic():
        library.note_unchanged(job=_locked_with_reader(hold))
        hold.update(state=State.RECOMMENDING)


def _fetch_shelf(hold: Hold, shelf: str) -> None:
    """Stage a shelf page by page, with what was seen of it; no rows of one that has not changed."""
    job, etags = hold.job, list[str]()
    try:
        for page in staging.pages(job=job, shelf=shelf):
            etags.append(page.etag)
            seen: dict[str, object] = {"saw_whole_shelf": page.complete, "etags": etags}
            if shelf != job.shelf:
                seen = {"other_shelves": {**job.other_shelves, shelf: seen}}
            with transaction.atomic():
                hold.update(pages_fetched=job.pages_fetched + 1, **seen)
                staging.stage_page(job=job, page=page, shelf=shelf)
    except NotModified:
        hold.update(other_shelves={**job.other_shelves, shelf: None})


def _fetch_further_shelf(hold: Hold, shelf: str) -> None:
    """Stage a shelf if it can be read; otherwise its books in the library stay as they are."""
    job = hold.job
    try:
        _fetch_shelf(hold, shelf)
    except SourceError as error:
        log.info("import.shelf_passed_over", job_id=str(job.pk), shelf=shelf, code=error.code)
        others = {name: seen for name, seen in job.other_shelves.items() if name != shelf}
        with transaction.atomic():
            hold.update(other_shelves=others)
            job.items.filter(shelf=shelf).delete()


@transaction.atomic
def _match(hold: Hold) -> None:
    """Match the staged rows and bring the library in line with them, in one transaction.

    A file that is not confirmed yet stops before that, so that its reader sees what would change.
    """
    job = _locked_with_reader(hold)
    library.match_items(job=job)
    if job.is_file and job.confirmed_at is None:
        library.plan_items(job=job)
        job.state = State.PREVIEW
        hold.release(state=State.PREVIEW, attempts=0, queued_at=timezone.now())
        return
    changes = library.apply_items(job=job)
    hold.update(state=State.RECOMMENDING, removed=changes.removed)


@transaction.atomic
def _recommend(hold: Hold) -> None:
    job = _locked_with_reader(hold)
    wanted = not job.is_background or _is_worth_a_list(job)
    run = _make_list(job.reader) if wanted else None
    look_ups.queue(reader=job.reader)
    hold.update(state=State.DONE, run=run, finished_at=timezone.now())


def _locked_with_reader(hold: Hold) -> ImportJob:
    """The job of a hold, its reader locked: a guest may have logged in in the meantime."""
    try:
        hold.job.reader = lock_reader_of(hold.job.pk)
    except ImportJob.DoesNotExist as error:  # its reader has left
        raise LostHold from error
    return hold.job


def _make_list(reader: Reader) -> Run | None:
    """A saved list; None where the library has books, but none that a list could start from.

    The books are there all the same, so the import has not failed. Raises
    `NothingToRecommendFrom` where the library is empty.
    """
    try:
        return runs.recommend(reader=reader)
    except NothingToRecommendFrom:
        if not reader.entries.exists():
            raise
        return None


def _is_worth_a_list(job: ImportJob) -> bool:
    """Whether another release is in use, or enough has changed since the last list."""
    last = job.reader.runs.select_related("release").first()
    if last is None or not last.release.is_active:
        return True
    changed = job.items.filter(change__in=[ImportItem.Change.NEW, ImportItem.Change.CHANGED])
    return changed.count() + job.removed >= CHANGES_FOR_A_LIST


def _postpone(hold: Hold, error: SourceError) -> float:
    """Queue the job for later; return the seconds to wait."""
    seconds = error.retry_after or 15.0 * hold.job.attempts
    hold.release(
        state=State.QUEUED,
        error_code=error.code,
        error_message=str(error),
        queued_at=timezone.now() + timedelta(seconds=seconds),
    )
    return seconds


def _fail(hold: Hold, code: str, sentence: str) -> None:
    log.warning("import.failed", job_id=str(hold.job.pk), code=code)
    hold.release(
        state=State.FAILED, error_code=code, error_message=sentence, finished_at=timezone.now()
    )
