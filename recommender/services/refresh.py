"""Refreshes of linked shelves, at the pace each reader chose, spread over the day."""

import logging
from datetime import datetime, timedelta

from django.db.models import Max, Q
from django.utils import timezone

from recommender.models import ImportJob, Reader, Source, SourceShelf
from recommender.services import imports
from recommender.shelves import Shelf
from recommender.sources.base import SourceError
from recsite.accounts.models import User
from recsite.common.queue import Queue, enqueue_on_commit

logger = logging.getLogger(__name__)

#: The task that pulls every linked shelf.
REFRESH_ALL = "imports.refresh_all"
PACES = {
    Reader.RefreshPace.DAILY: timedelta(days=1),
    Reader.RefreshPace.WEEKLY: timedelta(days=7),
}
#: How often the task runs that starts what is due.
CHECKED_EVERY = timedelta(minutes=15)
SLOTS = int(timedelta(days=1) / CHECKED_EVERY)
#: How much earlier than its pace a shelf may be pulled. A pull that waited for its turn for some
#: hours does not cost the reader the next day's.
EARLIER = timedelta(hours=12)
#: How long a shelf is left alone after a pull that failed.
AFTER_FAILURE = timedelta(days=1)


def next_refresh(reader: Reader, shelf: SourceShelf) -> datetime | None:
    """When a shelf is refreshed next; None for never.

    Each reader has a quarter of an hour of the day, by number, so that the pulls are spread out:
    the one nearest to a pace after the last pull, at most half a day before or after.
    """
    pace = PACES.get(Reader.RefreshPace(reader.refresh_pace))
    if pace is None or reader.user_id is None or shelf.pulled_at is None:
        return None
    earliest = shelf.pulled_at + pace - EARLIER
    midnight = earliest.replace(hour=0, minute=0, second=0, microsecond=0)
    slot = midnight + reader.pk % SLOTS * CHECKED_EVERY
    return slot if slot >= earliest else slot + timedelta(days=1)


def start_due(*, now: datetime | None = None, most: int = 20) -> int:
    """Start the refreshes that are due, the longest overdue first; return how many.

    Only accounts are refreshed: a guest who comes back presses the button. A shelf that has not
    changed answers 304 and costs one request, and every pull waits for its turn like all others.
    """
    now = now or timezone.now()
    started = 0
    for shelf in _refreshable_shelves(now):
        due = next_refresh(shelf.reader, shelf)
        if due is None or due > now:
            continue
        try:
            imports.start_refresh(reader=shelf.reader, account=shelf.account)
        except SourceError as error:
            logger.info("reader %d is not refreshed: %s", shelf.reader_id, error.code)
            continue
        started += 1
        if started == most:
            break
    return started


def _refreshable_shelves(now: datetime) -> list[SourceShelf]:
    """The last pulled shelf of each reader who may be refreshed now."""
    resting = ImportJob.objects.filter(
        state=ImportJob.State.FAILED, created_at__gt=now - AFTER_FAILURE
    )
    of_books_read = Q(shelves__source=Source.GOODREADS, shelves__shelf=Shelf.READ)
    latest = (
        Reader.objects.filter(user__is_active=True, shelves__source=Source.GOODREADS)
        .exclude(refresh_pace=Reader.RefreshPace.OFF)
        .exclude(pk__in=ImportJob.objects.open().values("reader"))
        .exclude(pk__in=resting.values("reader"))
        .annotate(pulled=Max("shelves__pulled_at", filter=of_books_read))
        .values_list("pk", "pulled")
    )
    pulled = dict(latest)
    shelves = SourceShelf.objects.filter(
        source=Source.GOODREADS, shelf=Shelf.READ, reader__in=pulled
    )
    own = shelves.select_related("reader").order_by("pulled_at")
    return [shelf for shelf in own if shelf.pulled_at == pulled[shelf.reader_id]]


def start_one(*, reader: Reader) -> bool:
    """Refresh a reader's linked shelf now, due or not; False if no shelf is linked.

    Raises `SourceError` if the shelf was pulled a moment ago, or the reader has an unfinished
    import.
    """
    shelves = reader.shelves.filter(source=Source.GOODREADS, shelf=Shelf.READ)
    shelf = shelves.order_by("-pulled_at").first()
    if shelf is None:
        return False
    imports.start_refresh(reader=reader, account=shelf.account)
    return True


def queue_all(*, asked_by: User) -> int:
    """Queue a task that refreshes all linked shelves; return how many may be refreshed."""
    count = len(_refreshable_shelves(timezone.now()))
    logger.info("user %d has all %d linked shelves pulled", asked_by.pk, count)
    enqueue_on_commit(REFRESH_ALL, str(asked_by.pk), queue=Queue.BACKGROUND)
    return count


def start_all() -> int:
    """Start the refresh of every linked shelf that may be refreshed now; return how many."""
    started = 0
    for shelf in _refreshable_shelves(timezone.now()):
        try:
            imports.start_refresh(reader=shelf.reader, account=shelf.account)
        except SourceError as error:
            logger.info("reader %d is not refreshed: %s", shelf.reader_id, error.code)
            continue
        started += 1
    return started
