"""What readers change in their own library; imports leave it as it was set here."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from catalog.models import Book
from recommender.models import LibraryEntry, Reader, RemovedEntry

LINE_FIELDS = (
    *("title", "author", "stars", "shelf", "added_on", "read_on"),
    *("account", "is_left_out", "edited_fields", "book_id"),
)


@transaction.atomic
def edit(
    *, entry: LibraryEntry, stars: Decimal | None, shelf: str, read_on: date | None
) -> LibraryEntry:
    """Set what the reader may set; what differs from before is the reader's own from now on.

    Raises `LibraryEntry.DoesNotExist` where an import has just taken the line away.
    """
    Reader.objects.select_for_update().get(pk=entry.reader_id)
    entry = LibraryEntry.objects.get(pk=entry.pk)
    new = {"stars": stars, "shelf": shelf, "read_on": read_on}
    changed = [name for name, value in new.items() if getattr(entry, name) != value]
    for name in changed:
        setattr(entry, name, new[name])
    if changed:
        entry.edited_fields = sorted({*entry.edited_fields, *changed})
        entry.save(update_fields=[*changed, "edited_fields", "updated_at"])
    return entry


@transaction.atomic
def give_book(*, entry: LibraryEntry, book: Book) -> bool:
    """Say which book a line without one means; not where another line of the library has it.

    Says whether the line has the book now.
    """
    reader = Reader.objects.select_for_update().get(pk=entry.reader_id)
    if reader.entries.filter(book=book).exclude(pk=entry.pk).exists():
        return False
    return bool(reader.entries.filter(pk=entry.pk, book=None).update(book=book))


def follow_source(*, entry: LibraryEntry) -> None:
    """Let the next import say again what the reader had set."""
    entry.edited_fields = []
    entry.save(update_fields=["edited_fields", "updated_at"])


def leave_out(*, entry: LibraryEntry, is_left_out: bool) -> None:
    """Let the stars of an entry count for nothing, or count again; the book stays known."""
    entry.is_left_out = is_left_out
    entry.save(update_fields=["is_left_out", "updated_at"])


@transaction.atomic
def remove(*, entry: LibraryEntry) -> RemovedEntry:
    """Take a line out of the library, and remember it so that no import brings it back."""
    Reader.objects.select_for_update().get(pk=entry.reader_id)
    removed, _ = RemovedEntry.objects.update_or_create(
        reader_id=entry.reader_id,
        source=entry.source,
        source_key=entry.source_key,
        defaults={name: getattr(entry, name) for name in LINE_FIELDS},
    )
    entry.delete()
    return removed


@transaction.atomic
def restore(*, removed: RemovedEntry) -> None:
    """Put a removed line back as it was, unless its book has come back by another way."""
    reader = Reader.objects.select_for_update().get(pk=removed.reader_id)
    key = {"source": removed.source, "source_key": removed.source_key}
    has_book = removed.book_id is not None and reader.entries.filter(book=removed.book_id).exists()
    if not has_book and not reader.entries.filter(**key).exists():
        line = {name: getattr(removed, name) for name in LINE_FIELDS}
        LibraryEntry.objects.create(reader=reader, **key, **line)
    removed.delete()


def count_since(*, reader: Reader, since: date | None) -> None:
    """Let only what was read since that day move the reader's lists; everything for None."""
    reader.read_since = since
    reader.save(update_fields=["read_since"])
