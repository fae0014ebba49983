"""The books that rows and entries probably mean: a reader accepts them, one or all, or declines.

What is accepted in a preview is imported with the file. In a library it counts at once, and either
can be undone.
"""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import F, Q

from catalog.services import enrichment
from recommender.models import ImportItem, ImportJob, LibraryEntry, Reader
from recommender.models.imports import ImportItemQuerySet
from recommender.models.library import LibraryEntryQuerySet
from recommender.services import library
from recommender.services.locks import lock_import, lock_reader
from recsite.common.bulk import update_rows

State = ImportItem.State


@transaction.atomic
def accept_rows(*, job: ImportJob, rows: Collection[int] | None = None) -> int:
    """Accept the books suggested for all proposed rows of an import, or for some of them.

    Returns how many rows have their book now. A row of an import that is in the library already
    does not get a book that another entry has.
    """
    job = lock_import(job.pk)
    proposed = job.items.filter(state=State.PROPOSED)
    if rows is not None:
        proposed = proposed.filter(pk__in=rows)
    if job.state == ImportJob.State.PREVIEW:
        accepted = proposed.update(state=State.REPAIRED, book=F("suggested_book"))
        library.plan_items(job=job)
        return accepted
    if not job.is_applied:
        return 0
    keys = proposed.values("source_key")
    entries = job.reader.entries.filter(source=job.source, source_key__in=keys)
    return len(_accept(job.reader, entries))


@transaction.atomic
def undo_rows(*, job: ImportJob, rows: Collection[int] | None = None) -> int:
    """Take back all that was accepted for an import, or what was answered for some of its rows.

    Returns how many rows are undecided again.
    """
    job = lock_import(job.pk)
    answered = job.items.accepted() if rows is None else job.items.answered().filter(pk__in=rows)
    if job.state == ImportJob.State.PREVIEW:
        undone = answered.update(state=State.PROPOSED, book=None)
        library.plan_items(job=job)
        return undone
    if not job.is_applied:
        return 0
    keys = answered.values("source_key")
    entries = job.reader.entries.filter(source=job.source, source_key__in=keys)
    return _undo(job.reader, entries)


@transaction.atomic
def accept_entries(*, reader: Reader, entries: Collection[int] | None = None) -> list[int]:
    """Accept the books suggested for all entries of a library, or for some; return which."""
    lock_reader(reader.pk)
    chosen = reader.entries.all() if entries is None else reader.entries.filter(pk__in=entries)
    return _accept(reader, chosen)


@transaction.atomic
def undo_entries(*, reader: Reader, entries: Collection[int]) -> int:
    """Take back what was answered for some entries; return how many are undecided again."""
    lock_reader(reader.pk)
    return _undo(reader, reader.entries.filter(pk__in=entries))


@transaction.atomic
def decline_entry(*, reader: Reader, source: str, source_key: str) -> bool:
    """Say that an entry is not its suggested book, which no import suggests again.

    Returns whether there was something to decline.
    """
    lock_reader(reader.pk)
    entries = reader.entries.filter(source=source, source_key=source_key)
    declined = entries.proposed().update(is_suggestion_declined=True)
    rows = ImportItem.objects.of_line(reader=reader, source=source, source_key=source_key)
    rows.filter(state=State.PROPOSED).update(state=State.SKIPPED)
    return bool(declined)


def _accept(reader: Reader, entries: LibraryEntryQuerySet) -> list[int]:
    """Give entries their suggested books; of two with the same, a rated one gets it."""
    best: dict[int | None, LibraryEntry] = {}
    for entry in entries.proposed().order_by(F("stars").desc(nulls_last=True), "pk"):
        best.setdefault(entry.suggested_book_id, entry)
    for book_id, entry in best.items():
        entry.book_id = book_id
    update_rows(best.values(), ["book"])
    _rows_of(reader, best.values()).filter(state=State.PROPOSED).update(
        state=State.REPAIRED, book=F("suggested_book")
    )
    enrichment.mark_wanted(book_ids=[book_id for book_id in best if book_id])
    return [entry.pk for entry in best.values()]


def _undo(reader: Reader, entries: LibraryEntryQuerySet) -> int:
    answered = list(entries.filter(Q(book=F("suggested_book")) | Q(is_suggestion_declined=True)))
    for entry in answered:
        entry.is_suggestion_declined = False
        if entry.book_id == entry.suggested_book_id:
            entry.book_id = None
    update_rows(answered, ["book", "is_suggestion_declined"])
    _rows_of(reader, answered).answered().update(state=State.PROPOSED, book=None)
    return len(answered)


def _rows_of(reader: Reader, entries: Iterable[LibraryEntry]) -> ImportItemQuerySet:
    """The rows of imports that brought some entries."""
    brought = Q(pk__in=[])
    keys: dict[str, list[str]] = {}
    for entry in entries:
        keys.setdefault(entry.source, []).append(entry.source_key)
    for source, some in keys.items():
        brought |= Q(job__kind__startswith=source, source_key__in=some)
    return ImportItem.objects.filter(brought, job__reader=reader)
