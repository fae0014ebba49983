"""A reader's library: rows of an import are matched to books and become entries."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.matching import Wanted, match
from catalog.probable import propose
from catalog.services import enrichment
from recommender.models import ImportItem, ImportJob, LibraryEntry, Reader, Source
from recommender.services import staging
from recommender.services.linked_shelves import note_unchanged_shelves, remember_shelves
from recommender.services.locks import lock_reader
from recommender.sources.preference import preference
from recsite.common.bulk import insert_rows, update_rows

KEPT_FIELDS = ("title", "author", "stars", "shelf", "read_count", "added_on", "read_on")
#: What an entry has of the book that it is, or probably is.
SUGGESTION_FIELDS = ("book", "suggested_book", "is_suggestion_declined")
#: Sources without half stars: a whole star there may be a rounded half.
WHOLE_STARS_ONLY = (Source.GOODREADS,)


@dataclass(slots=True)
class Changes:
    """What an import changes in a library."""

    created: list[LibraryEntry] = field(default_factory=list)
    updated: list[LibraryEntry] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    removed: int = 0


def match_items(*, job: ImportJob) -> None:
    """Match each staged row to a book; rows without a match keep a state that says so.

    A book that the reader once chose for an entry of this source is used again, and one that they
    declined is not proposed again.
    """
    items = list(job.items.filter(state=ImportItem.State.STAGED))
    wanted = [
        Wanted(item.pk, item.edition_id, item.work_id, item.isbn13, item.title, item.author)
        for item in items
    ]
    found = match(wanted)
    probable = propose(wanted, found)
    entries = job.reader.entries.filter(source=job.source)
    decided = dict(entries.exclude(book=None).values_list("source_key", "book"))
    declined = set(
        entries.filter(is_suggestion_declined=True).values_list("source_key", "suggested_book")
    )
    for item in items:
        item.book_id = found[item.pk].book_id
        item.state = found[item.pk].state
        item.candidates = list(found[item.pk].candidates) if item.book_id is None else []
        if item.book_id is None and item.source_key in decided:
            item.book_id, item.state = decided[item.source_key], ImportItem.State.REPAIRED
        elif suggested := probable.get(item.pk):
            is_declined = (item.source_key, suggested.book_id) in declined
            item.suggested_book_id = suggested.book_id
            item.state = ImportItem.State.SKIPPED if is_declined else ImportItem.State.PROPOSED
    update_rows(items, staging.MATCHED_FIELDS)


@transaction.atomic
def plan_items(*, job: ImportJob) -> None:
    """Store what each row would change, without changing the library."""
    rows = _applicable(job)
    _compare(job, _one_row_per_book(rows), list(job.reader.entries.all()))
    _note_changes(rows)


@transaction.atomic
def apply_items(*, job: ImportJob) -> Changes:
    """Bring the reader's library in line with the rows of an import.

    1. Of several rows for one book (two editions), a rated one is used, then the one added last.
    2. A row updates the entry of its book or with its key, or makes a new one.
    3. Entries pulled from another profile are removed: a library belongs to one person.
    4. An entry from another source is taken over: the last import counts. But a row without stars
       does not remove stars that came from elsewhere.
    5. What the reader has edited here is not changed, and what they have removed stays removed.
    6. Entries that a complete pull of the shelf no longer has are removed, if that is plausible.
    """
    lock_reader(job.reader_id)
    own = ["", job.account]
    if job.account:
        removed_of_others = job.reader.removed_entries.filter(source=Source.GOODREADS)
        removed_of_others.exclude(account__in=own).delete()
    rows = _applicable(job)
    changes = _compare(job, _one_row_per_book(rows), list(job.reader.entries.all()))
    _save(changes)
    _note_changes(rows)
    if job.account and rows:
        others = job.reader.entries.filter(source=Source.GOODREADS).exclude(account__in=own)
        changes.removed += others.delete()[0]
        job.reader.shelves.filter(source=Source.GOODREADS).exclude(account__in=own).delete()
    if job.account:
        changes.removed += remember_shelves(job=job, rows=rows)
    return changes


@transaction.atomic
def apply_item(*, item: ImportItem) -> None:
    """Bring the library in line with one row, for which the reader chose the book.

    The choice is explicit, so the book is added even if the reader had removed it before.
    """
    job = item.job
    lock_reader(job.reader_id)
    same_line = Q(source=job.source, source_key=item.source_key)
    job.reader.removed_entries.filter(same_line | Q(book=item.book_id, book__isnull=False)).delete()
    _save(_compare(job, [item], list(job.reader.entries.all())))
    item.save(update_fields=["change"])


def _applicable(job: ImportJob) -> list[ImportItem]:
    """The rows that count, with what they change reset."""
    ignored = [ImportItem.State.FAILED, ImportItem.State.REPEATED]
    rows = list(job.items.exclude(state__in=ignored))
    for row in rows:
        row.change = ""
    return rows


def _save(changes: Changes) -> None:
    LibraryEntry.objects.filter(pk__in=changes.replaced).delete()
    copied = [*SUGGESTION_FIELDS, "source", "source_key", "account", *KEPT_FIELDS, "updated_at"]
    update_rows(changes.updated, copied)
    insert_rows(changes.created)
    changed = [*changes.created, *changes.updated]
    enrichment.mark_wanted(book_ids=[entry.book_id for entry in changed if entry.book_id])


def _note_changes(rows: list[ImportItem]) -> None:
    """Store what each row changes; one that was not compared lost to another of its book."""
    for row in rows:
        row.change = row.change or ImportItem.Change.MERGED
    update_rows(rows, ["change"])


@transaction.atomic
def match_unmatched_entries(*, reader: Reader) -> int:
    """Match entries without a book again; return how many have one now.

    The catalog grows, and an entry may wait until its book is added. Entries that have none even
    now get the book suggested that they probably mean.
    """
    if not reader.entries.filter(book=None).exists():
        return 0
    lock_reader(reader.pk)
    lost = list(reader.entries.filter(book=None))
    numbers = numbers_of(reader=reader, entries=lost)
    wanted = [
        Wanted(entry.pk, edition_id_of(entry), *numbers[entry.pk], entry.title, entry.author)
        for entry in lost
    ]
    found = match(wanted)
    probable = propose(wanted, found)
    taken = set(reader.entries.exclude(book=None).values_list("book", flat=True))
    matched, suggested = [], []
    for entry in lost:
        book_id = found[entry.pk].book_id
        if book_id is not None and book_id not in taken:
            entry.book_id = book_id
            taken.add(book_id)
            matched.append(entry)
        elif entry.suggested_book_id is None and entry.pk in probable:
            entry.suggested_book_id = probable[entry.pk].book_id
            suggested.append(entry)
    update_rows(matched + suggested, SUGGESTION_FIELDS)
    enrichment.mark_wanted(book_ids=[entry.book_id for entry in matched if entry.book_id])
    return len(matched)


def numbers_of(
    *, reader: Reader, entries: Iterable[LibraryEntry]
) -> dict[int, tuple[int | None, str]]:
    """Work and ISBN of each entry, which the rows that brought it tell; the last one counts."""
    lines = {(entry.source, entry.source_key): entry.pk for entry in entries}
    numbers: dict[int, tuple[int | None, str]] = dict.fromkeys(lines.values(), (None, ""))
    keys = {key for _, key in lines}
    rows = ImportItem.objects.filter(job__reader=reader, source_key__in=keys)
    with_numbers = rows.exclude(isbn13="", work_id=None).order_by("job__created_at")
    for row in with_numbers.select_related("job").only(
        "source_key", "isbn13", "work_id", "job__kind"
    ):
        if (line := (row.job.source, row.source_key)) in lines:
            numbers[lines[line]] = (row.work_id, row.isbn13)
    return numbers


def edition_id_of(entry: LibraryEntry) -> int | None:
    """Goodreads' number of the edition that an entry came with."""
    is_number = entry.source == Source.GOODREADS and entry.source_key.isdecimal()
    return int(entry.source_key) if is_number else None


def _one_row_per_book(rows: Iterable[ImportItem]) -> list[ImportItem]:
    best: dict[tuple[str, object], ImportItem] = {}
    for row in rows:
        key = ("book", row.book_id) if row.book_id else ("row", row.source_key)
        rival = best.get(key)
        if rival is None or _preference(row) > _preference(rival):
            best[key] = row
    return list(best.values())


def _preference(row: ImportItem) -> tuple[object, ...]:
    return (*preference(row), -row.position)


def _compare(job: ImportJob, rows: list[ImportItem], entries: list[LibraryEntry]) -> Changes:
    """Find each row's entry: first by book, then by key among those not taken by another row."""
    changes = Changes()
    rows = _without_removed(job, rows)
    by_key = {entry.source_key: entry for entry in entries if entry.source == job.source}
    by_book = {entry.book_id: entry for entry in entries if entry.book_id}
    taken = {by_book[row.book_id].pk for row in rows if row.book_id in by_book}
    for row in rows:
        entry = by_book.get(row.book_id) if row.book_id else None
        same_key = by_key.get(row.source_key)
        if same_key and same_key.pk not in taken:
            taken.add(same_key.pk)
            if entry is None:
                entry = same_key
            else:  # the entry of the book takes over the key
                changes.replaced.append(same_key.pk)
        if entry is None:
            entry = LibraryEntry(reader=job.reader, source=job.source)
        if not _copy(row, entry, job):
            row.change = ImportItem.Change.UNCHANGED
        elif entry.pk:
            row.change = ImportItem.Change.CHANGED
            changes.updated.append(entry)
        else:
            row.change = ImportItem.Change.NEW
            changes.created.append(entry)
    return changes


def _without_removed(job: ImportJob, rows: list[ImportItem]) -> list[ImportItem]:
    """The rows, without those whose entry or imported book the reader has removed."""
    keys, books = set(), set()
    for removed in job.reader.removed_entries.all():
        if removed.source == job.source:
            keys.add(removed.source_key)
        if removed.source != Source.SITE:
            books.add(removed.book_id)
    kept = []
    for row in rows:
        if row.source_key in keys or (row.book_id and row.book_id in books):
            row.change = ImportItem.Change.REMOVED
        else:
            kept.append(row)
    return kept


def _copy(row: ImportItem, entry: LibraryEntry, job: ImportJob) -> bool:
    """Copy what the row says into the entry; return whether that changed anything."""
    is_own = entry.source == job.source
    if not is_own and row.stars is None and entry.stars is not None:
        return False
    copied = (*KEPT_FIELDS, "source_key")
    new = {name: getattr(row, name) for name in copied if name not in entry.edited_fields}
    if _rounds(row, entry):
        new["stars"] = entry.stars
    new |= {
        "book_id": row.book_id or entry.book_id,
        "suggested_book_id": row.suggested_book_id,
        "is_suggestion_declined": row.is_declined,
        "source": job.source,
        "account": job.account or (entry.account if is_own else ""),
    }
    changed = any(getattr(entry, name) != value for name, value in new.items())
    for name, value in new.items():
        setattr(entry, name, value)
    entry.updated_at = timezone.now()
    return changed


def _rounds(row: ImportItem, entry: LibraryEntry) -> bool:
    """Whether whole stars may be what a source made of the finer ones for the same reading."""
    if row.stars is None or entry.stars is None or row.job.source not in WHOLE_STARS_ONLY:
        return False
    is_later = bool(row.read_on and entry.read_on and row.read_on > entry.read_on)
    is_fine = entry.stars % 1 != 0
    return is_fine and row.stars % 1 == 0 and abs(row.stars - entry.stars) < 1 and not is_later


def note_unchanged(*, job: ImportJob) -> None:
    """Store that shelves were checked and have not changed; the catalog may have."""
    match_unmatched_entries(reader=job.reader)
    note_unchanged_shelves(job=job)
