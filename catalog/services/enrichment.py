"""Enrichment: gets details of books from Open Library, decides when, and records the outcome.

A batch of books is claimed for some minutes; if its worker dies, the rest of the batch is free
again afterwards. Each book is saved by itself, so that no request is made twice.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from catalog.goodbooks.derived import derive_genres
from catalog.models import Book, BookIdentifier, Enrichment
from catalog.openlibrary import fill
from catalog.openlibrary.client import BATCH, Busy, OpenLibrary, SwitchedOff, Unanswered
from catalog.openlibrary.parse import Work
from recsite.common.http import may_ask
from recsite.common.pace import Limiter
from recsite.common.queue import Queue, enqueue_on_commit
from recsite.common.text import clean_line

log = structlog.get_logger(__name__)

TASK = "catalog.enrich_batch"
CLAIM = timedelta(minutes=15)
FOUND_AGAIN = timedelta(days=180)
NOT_FOUND_AGAIN = timedelta(days=60)
FAILED_AGAIN = timedelta(hours=1)  # doubled with each failure in a row
MAX_FAILED_AGAIN = timedelta(days=30)
WANTED_AGAIN = timedelta(days=1)

#: What an answer that nobody foresaw makes of a book; the others of its batch go on.
UNUSABLE = (DataError, IntegrityError, ValueError, TypeError, LookupError, ArithmeticError)

State = Enrichment.State
Scheme = BookIdentifier.Scheme


@dataclass(slots=True)
class Outcome:
    """The outcome of a batch."""

    found: int = 0
    not_found: int = 0
    failed: int = 0
    put_off: int = 0
    described: int = 0
    new_identifiers: int = 0
    conflicting_identifiers: int = 0
    reason: str = field(default="", compare=False)  # why books were put off


def is_on() -> bool:
    """Whether this site may ask Open Library at all."""
    return may_ask(settings.OPENLIBRARY_BASE_URL, contact=settings.CONTACT_EMAIL)


def open_library() -> OpenLibrary:
    """A client for Open Library, by the settings; raises `SwitchedOff`."""
    return OpenLibrary(
        base_url=settings.OPENLIBRARY_BASE_URL,
        contact=settings.CONTACT_EMAIL,
        user_agent=settings.USER_AGENT,
        pace=Limiter.from_url(
            settings.REDIS_URL,
            name="openlibrary",
            per_second=settings.OPENLIBRARY_REQUESTS_PER_SECOND,
        ),
    )


def state_counts() -> dict[str, int]:
    """How many books are in each state."""
    counts = Counter(dict(Enrichment.objects.order_by().values_list("state").annotate(Count("pk"))))
    counts[State.NEVER] += Book.objects.filter(enrichment=None).count()
    return {state.value: counts[state.value] for state in State}


@transaction.atomic(savepoint=False)
def mark_wanted(*, book_ids: Collection[int]) -> None:
    """Readers see these books: give those that are due priority."""
    now = timezone.now()
    stale = Q(wanted_at=None) | Q(wanted_at__lt=now - WANTED_AGAIN)
    rows = Enrichment.objects.filter(stale, book_id__in=list(book_ids), due_at__lte=now)
    # Rows that another process has locked are being looked up or marked by it.
    free = rows.select_for_update(skip_locked=True).values("pk")
    Enrichment.objects.filter(pk__in=free).update(wanted_at=now)


def mark_opened(*, book: Book) -> None:
    """A reader has opened the book's page: if it has no description, give it priority.

    Makes no query if that changes nothing, provided `enrichment` was selected with the book.
    """
    row: Enrichment | None = getattr(book, "enrichment", None)
    if book.description or row is None:
        return
    now = timezone.now()
    if row.due_at <= now and (row.wanted_at is None or row.wanted_at < now - WANTED_AGAIN):
        mark_wanted(book_ids=[book.pk])


def ask_again(*, book_ids: Collection[int]) -> int:
    """Look these books up at the next opportunity, before all others; return how many."""
    now = timezone.now()
    sync_rows()
    return Enrichment.objects.filter(book_id__in=list(book_ids)).update(
        due_at=now, wanted_at=now, attempts=0, etag=""
    )


def queue_batches() -> int:
    """Claim and queue as many batches as may run at once; return how many were queued.

    Does nothing if the operator has named no contact.
    """
    if not is_on():
        return 0
    sync_rows()
    under_way = Enrichment.objects.claimed(timezone.now()).values("batch").distinct().count()
    queued = 0
    while under_way + queued < settings.ENRICHMENT_BATCHES:
        with transaction.atomic():
            batch = claim()
            if batch is None:
                break
            enqueue_on_commit(TASK, str(batch), queue=Queue.BACKGROUND)
        queued += 1
    return queued


@transaction.atomic
def claim(*, size: int = BATCH) -> UUID | None:
    """Claim the next books that are due; None if there are none."""
    now = timezone.now()
    ids = list(
        Enrichment.objects.due(now)
        .select_for_update(skip_locked=True, of=("self",))
        .values_list("pk", flat=True)[:size]
    )
    if not ids:
        return None
    batch = uuid4()
    Enrichment.objects.filter(pk__in=ids).update(batch=batch, claimed_until=now + CLAIM)
    return batch


def run_batch(*, batch_id: str) -> Outcome:
    """Look up the books of a batch, except those that were saved already.

    Then queue the next batch, until no book is due. It waits behind everything queued before, so
    that other background work goes on between two batches.
    """
    outcome = enrich_batch(batch=UUID(batch_id))
    if not outcome.reason:
        queue_batches()
    return outcome


def release_batch(*, batch_id: str) -> None:
    """Release the rest of a batch that took too long, to be looked up later."""
    _put_off(UUID(batch_id), CLAIM.total_seconds())


def enrich_batch(*, batch: UUID) -> Outcome:
    """Look up the books of a batch, and save each."""
    rows = list(_rows(batch))
    outcome = Outcome()
    try:
        with closing(open_library()) as client:
            for row, work in _look_up(client, rows, outcome):
                try:
                    _save_one(client, row, work, outcome)
                except UNUSABLE as error:
                    log.exception("enrichment.unusable", book=row.pk)
                    _save_failures([row], f"{type(error).__name__}: {error}", outcome)
    except (Busy, SwitchedOff) as error:
        outcome.reason = str(error) or "switched off"
        seconds = error.seconds if isinstance(error, Busy) else 0.0
        outcome.put_off = _put_off(batch, seconds)
    log.info("enrichment.batch", batch=str(batch), **_figures(outcome))
    return outcome


def _figures(outcome: Outcome) -> dict[str, object]:
    return {name: getattr(outcome, name) for name in outcome.__slots__}


def _rows(batch: UUID) -> Iterable[Enrichment]:
    return (
        Enrichment.objects.filter(batch=batch, claimed_until__gt=timezone.now())
        .select_related("book")
        .prefetch_related("book__credits__author", "book__identifiers")
        .order_by("pk")
    )


def _look_up(
    client: OpenLibrary, rows: Sequence[Enrichment], outcome: Outcome
) -> Iterator[tuple[Enrichment, Work | None]]:
    """Each book with its work, if there is one: found by its numbers, or by title and author."""
    numbered = [row for row in rows if _numbers(row.book)]
    if numbered:
        isbns, goodreads_ids = _asked_numbers(numbered)
        try:
            works = client.by_numbers(isbns=isbns, goodreads_ids=goodreads_ids)
        except Unanswered as error:
            _save_failures(numbered, str(error), outcome)
        else:
            for row in numbered:
                yield row, fill.best_of(row.book, works, _numbers(row.book))
    for row in rows:
        if not _numbers(row.book):
            try:
                works = client.by_title(
                    title=row.book.title, author=next(iter(row.book.author_names), "")
                )
            except Unanswered as error:
                _save_failures([row], str(error), outcome)
            else:
                yield row, fill.best_by_title(row.book, works)


def _numbers(book: Book) -> set[str]:
    return {identifier.value for identifier in _of_editions(book)}


def _of_editions(book: Book) -> list[BookIdentifier]:
    """The numbers by which editions can be asked for."""
    return [known for known in book.identifiers.all() if known.scheme != Scheme.OPEN_LIBRARY]


def _asked_numbers(rows: Iterable[Enrichment]) -> tuple[list[str], list[str]]:
    """One number of each book: an ISBN if it has one, otherwise a Goodreads edition."""
    isbns: list[str] = []
    goodreads_ids: list[str] = []
    for row in rows:
        # The lowest key: the loader added its number before enrichment added those of siblings.
        first = min(
            _of_editions(row.book), key=lambda known: (known.scheme != Scheme.ISBN13, known.pk)
        )
        (isbns if first.scheme == Scheme.ISBN13 else goodreads_ids).append(first.value)
    return isbns, goodreads_ids


def _save_one(client: OpenLibrary, row: Enrichment, work: Work | None, outcome: Outcome) -> None:
    if work is None:
        outcome.not_found += _finish(row, state=State.NOT_FOUND, again=NOT_FOUND_AGAIN, etag="")
        return
    description, etag = None, row.etag
    if fill.wants_description(row.book):
        try:
            description, etag = _description(client, row, work)
        except Unanswered as error:
            _save_failures([row], str(error), outcome)
            return
    _save_found(row, work, description, etag, outcome)


def _description(client: OpenLibrary, row: Enrichment, work: Work) -> tuple[str | None, str]:
    """The description of the work, or of the one it was merged into; None if unchanged."""
    known = row.etag if row.book.open_library_key == work.key and row.book.description else ""
    details, etag = client.details(work.key, etag=known)
    if details and details.moved_to:
        details, etag = client.details(details.moved_to)
    return (details.description if details else None), etag


@transaction.atomic
def _save_found(
    row: Enrichment, work: Work, description: str | None, etag: str, outcome: Outcome
) -> None:
    """Fill the book as it is now; nothing is written if another worker has claimed it."""
    access = work.ebook_access
    if not _finish(row, state=State.FOUND, again=FOUND_AGAIN, etag=etag, ebook_access=access):
        return
    book = Book.objects.select_for_update().for_cards().get(pk=row.pk)
    changed = fill.fill(book, work, description)
    if changed:
        book.save(update_fields=[*changed, "updated_at"])
    outcome.described += "description" in changed
    fill.set_roles(book, work)
    if "subjects" in changed:
        derive_genres(book_ids=[book.pk])
    if fill.is_certain(book, work):
        new, conflicting = fill.add_identifiers(book, work)
        outcome.new_identifiers += new
        outcome.conflicting_identifiers += conflicting
    outcome.found += 1


def _save_failures(rows: Iterable[Enrichment], reason: str, outcome: Outcome) -> None:
    for row in rows:
        again = min(FAILED_AGAIN * 2 ** min(row.attempts, 12), MAX_FAILED_AGAIN)
        outcome.failed += _finish(
            row,
            state=State.FAILED,
            again=again,
            attempts=row.attempts + 1,
            note=clean_line(reason, 200),
        )


def _finish(row: Enrichment, *, state: str, again: timedelta, **values: object) -> int:
    """Take the book out of the batch, with a new state; 0 if it is no longer in the batch."""
    now = timezone.now()
    kept = {"attempts": 0, "note": "", **values}
    return Enrichment.objects.filter(pk=row.pk, batch=row.batch).update(
        state=state,
        tried_at=now,
        due_at=now + again,
        origin=settings.OPENLIBRARY_BASE_URL,
        batch=None,
        claimed_until=None,
        **kept,
    )


def _put_off(batch: UUID, seconds: float) -> int:
    """Release the rest of a batch, to be looked up once the site may be asked again."""
    due_at = timezone.now() + timedelta(seconds=seconds)
    return Enrichment.objects.filter(batch=batch).update(
        due_at=due_at, batch=None, claimed_until=None
    )


def sync_rows() -> None:
    """Create missing rows, and update those affected by curators or operators.

    1. New books get a row in the state “never asked”.
    2. Books become locked once all fields that enrichment fills are locked, and due once they
       no longer are.
    3. Books that were looked up at another site (usually a stand-in) become due.
    """
    now = timezone.now()
    missing = Book.objects.filter(enrichment=None).order_by().values_list("pk", flat=True)
    Enrichment.objects.bulk_create(
        (Enrichment(book_id=pk, due_at=now) for pk in missing), ignore_conflicts=True
    )
    all_locked = Q(book__locked_fields__contains=list(fill.FILLED))
    rows = Enrichment.objects.filter(batch=None)
    locked = rows.filter(all_locked).exclude(state=State.LOCKED).values("pk")
    Enrichment.objects.filter(pk__in=locked).update(state=State.LOCKED)
    open_again = rows.filter(~all_locked, state=State.LOCKED).values("pk")
    Enrichment.objects.filter(pk__in=open_again).update(state=State.NEVER, due_at=now)
    elsewhere = rows.exclude(origin__in=["", settings.OPENLIBRARY_BASE_URL])
    elsewhere.exclude(state=State.LOCKED).update(
        state=State.NEVER, due_at=now, origin="", etag="", attempts=0
    )
