"""Looks for readers' own books at Open Library, in the background, and gives them to their lines.

What libraries lack is registered as `WantedBook`s, one for all libraries, by those readers who
want it. Certain finds become books of the catalog, doubtful ones proposals for the readers to
choose from. Only numbers, titles and authors go out, from one queue for all readers.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, time, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from catalog.models import Book, FoundWork, WantedBook, WantedBookQuerySet
from catalog.openlibrary.certain import Verdict
from catalog.openlibrary.client import Busy, SwitchedOff, Unanswered
from catalog.openlibrary.parse import work_from_json
from catalog.services import enrichment, found_works, wanted
from catalog.services.enrichment import open_library
from catalog.services.wanted import OverBudget, Want
from recommender.models import LibraryEntry, Proposal, Reader
from recommender.services import proposals, waiting
from recommender.services.library import edition_id_of, numbers_of
from recommender.services.locks import lock_reader
from recsite.accounts.models import User
from recsite.common.bulk import update_rows
from recsite.common.queue import Queue, enqueue_on_commit

log = structlog.get_logger(__name__)

COLLECT = "library.collect_wanted"
TASK = "library.look_up_batch"
#: How many readers whose message was lost are caught up on at a time.
MISSED_AT_ONCE = 5
#: What no library wants is forgotten, unless it is so new that its lines may not point to it yet.
FORGOTTEN_AFTER = timedelta(hours=1)
LONGEST_NUMBER = 12

State = WantedBook.State


def is_on() -> bool:
    """Whether this site looks for readers' books; it may have no contact for Open Library."""
    return settings.ADD_BOOKS != "off" and enrichment.is_on()


@transaction.atomic
def choose(*, reader: Reader, looks_up: bool) -> None:
    """Store whether books of this reader's are looked for, and begin or end it."""
    Reader.objects.filter(pk=reader.pk).update(looks_up_books=looks_up)
    reader.looks_up_books = looks_up
    if looks_up:
        enqueue_on_commit(COLLECT, str(reader.pk), queue=Queue.BACKGROUND)
    else:
        reader.entries.exclude(wanted=None).update(wanted=None)


def begin(*, reader: Reader) -> None:
    """Look for the books of a reader who was told so before a pull, and has not objected."""
    if is_on():
        Reader.objects.filter(pk=reader.pk, looks_up_books=None).update(looks_up_books=True)


def queue(*, reader: Reader) -> None:
    """Have the reader's lines without a book looked for, if that is what the reader wants."""
    if reader.looks_up_books:
        enqueue_on_commit(COLLECT, str(reader.pk), queue=Queue.BACKGROUND)


def collect(*, reader_id: int) -> int:
    """Register what a library lacks, and queue the first batches; return how many lines there are.

    What was found for another library is given at once. The books are registered before the reader
    is locked, as whoever saves an answer locks them in this order.
    """
    reader = Reader.objects.filter(pk=reader_id, looks_up_books=True).first()
    if reader is None or not is_on():
        return 0
    lines = list(reader.entries.to_look_up())
    wants = _wants(reader, lines)
    rows = wanted.register(wants.values())
    with transaction.atomic():
        lock_reader(reader.pk)
        stale = [line for line in lines if line.wanted_id != rows[wants[line.pk].key]]
        for line in stale:
            line.wanted_id = rows[wants[line.pk].key]
        update_rows(stale, ["wanted"])
    keys = {line.wanted_id for line in stale if line.wanted_id}
    _count(keys)
    for row in WantedBook.objects.filter(pk__in=keys, state__in=[State.ADDED, State.DOUBTFUL]):
        _pass_on(row)
    queue_batches()
    return len(lines)


def _wants(reader: Reader, lines: list[LibraryEntry]) -> Mapping[int, Want]:
    """What each line looks for."""
    numbers = numbers_of(reader=reader, entries=lines)
    return {
        line.pk: Want(
            line.title,
            line.author,
            numbers[line.pk][1],
            str(edition_id_of(line) or "")[:LONGEST_NUMBER],
        )
        for line in lines
    }


@transaction.atomic
def _count(keys: set[int]) -> None:
    """Count the libraries that want these books, which says what is asked for first."""
    lines = LibraryEntry.objects.filter(wanted__in=keys, book=None).order_by()
    readers = Count("reader", distinct=True)
    raters = Count("reader", distinct=True, filter=Q(stars__isnull=False))
    counts = {
        pk: (by, rated)
        for pk, by, rated in lines.values_list("wanted").annotate(by=readers, rated=raters)
    }
    rows = list(
        WantedBook.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("key")
    )
    for row in rows:
        row.wanted_by, row.rated_by = counts.get(row.pk, (0, 0))
    update_rows(rows, ["wanted_by", "rated_by"])


def queue_batches() -> int:
    """Claim and queue as many batches as may run at once; return how many were queued."""
    if not is_on() or not wanted.has_budget():
        return 0
    under_way = WantedBook.objects.claimed(timezone.now()).values("batch").distinct().count()
    queued = 0
    while under_way + queued < settings.ADD_BOOKS_BATCHES:
        with transaction.atomic():
            batch = wanted.claim(among=_lacking())
            if batch is None:
                break
            enqueue_on_commit(TASK, str(batch), queue=Queue.BACKGROUND)
        queued += 1
    return queued


def catch_up() -> None:
    """Collect from libraries whose message was lost, and queue batches."""
    if not is_on():
        return
    missed = LibraryEntry.objects.to_look_up().filter(wanted=None, reader__looks_up_books=True)
    readers = missed.order_by().values_list("reader", flat=True).distinct()
    for reader_id in readers[:MISSED_AT_ONCE]:
        collect(reader_id=reader_id)
    queue_batches()


def _lacking() -> WantedBookQuerySet:
    """What some library still has without its book."""
    lines = LibraryEntry.objects.filter(wanted=OuterRef("pk"), book=None)
    return WantedBook.objects.filter(Exists(lines))


def run_batch(*, batch_id: str) -> Counter[str]:
    """Look up what is left of a batch; return how many came out in which state.

    Then queue the next one, until nothing is due, behind everything that was queued before.
    """
    batch, outcome = UUID(batch_id), Counter[str]()
    try:
        with closing(open_library()) as client:
            for row, verdict in wanted.look_up(client, wanted.rows_of(batch)):
                outcome[_save(row, verdict)] += 1
    except (Busy, SwitchedOff, OverBudget) as error:
        outcome["put off"] = wanted.put_off(batch=batch, seconds=_pause(error))
    log.info("look_ups.batch", batch=batch_id, **outcome)
    if not outcome["put off"]:
        queue_batches()
    return outcome


def release_batch(*, batch_id: str) -> None:
    """Release the rest of a batch that took too long, to be looked up later."""
    wanted.put_off(batch=UUID(batch_id), seconds=wanted.CLAIM.total_seconds())


def _pause(error: Exception) -> float:
    """The seconds until it is worth asking again."""
    if isinstance(error, Busy):
        return error.seconds
    if isinstance(error, OverBudget):
        now = timezone.now()
        tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        return (tomorrow - now).total_seconds()
    return wanted.CLAIM.total_seconds()


@transaction.atomic
def _save(row: WantedBook, verdict: Verdict | Unanswered) -> str:
    settled = wanted.settle(row=row, verdict=verdict)
    if settled is None:
        return "taken over"
    _pass_on(settled)
    return settled.state


@transaction.atomic
def _pass_on(row: WantedBook) -> None:
    """Give a book that was found to the lines that want it, or let their readers choose."""
    lines = list(LibraryEntry.objects.filter(wanted=row, book=None).order_by("pk"))
    if row.book_id is not None:
        give(book_id=row.book_id, lines=lines)
    elif row.state == State.DOUBTFUL:
        proposals.offer(entries=lines, works=[work_from_json(work) for work in row.works])


def give(*, book_id: int, lines: list[LibraryEntry]) -> int:
    """Give a book to lines that mean it, and to others that certainly do; return how many of these.

    The book is locked before the readers, as by a curator who merges it or takes it back.
    """
    book = Book.objects.select_for_update(no_key=True).filter(pk=book_id).first()
    if book and book.merged_into_id:
        return give(book_id=book.merged_into_id, lines=lines)
    if book is None or book.status not in Book.STANDING:
        return 0
    given = waiting.give(book=book, entries=lines)
    offered = Proposal.objects.open().filter(searches=0, entry__in=lines)
    offered.filter(entry__book__isnull=False).delete()
    enrichment.mark_wanted(book_ids=[book.pk])
    waiting.queue(book=book)
    return given


@transaction.atomic
def add_found(*, found: FoundWork, user: User) -> bool:
    """Add a work that a curator has decided on, and give it to the lines that want it.

    Returns whether it was waiting. Raises `catalog.services.additions.CannotAdd`.
    """
    addition = found_works.add(found=found, user=user)
    if addition is None:
        return False
    lines = WantedBook.objects.select_for_update(no_key=True).filter(
        state=State.FOUND, works__0__key=found.key
    )
    for row in lines.order_by("key"):
        row.state, row.book, row.works = State.ADDED, addition.book, []
        row.save(update_fields=["state", "book", "works"])
        _pass_on(row)
    waiting.queue(book=addition.book)
    return True


def forget() -> int:
    """Forget what no library wants any more, and old budgets; return how many books."""
    wanted.remove_old_days()
    before = timezone.now() - FORGOTTEN_AFTER
    unwanted = WantedBook.objects.filter(created_at__lt=before).exclude(
        Exists(LibraryEntry.objects.filter(wanted=OuterRef("pk")))
    )
    return unwanted.delete()[0]
