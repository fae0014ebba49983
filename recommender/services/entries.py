"""What readers change in their own library; imports leave these changes alone."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Protocol

from django.db import transaction
from django.utils import timezone

from catalog.models import Book
from catalog.services import enrichment
from recommender.models import LibraryEntry, Reader, RemovedEntry, Source
from recommender.services.columns import store_columns
from recommender.services.locks import lock_reader
from recommender.shelves import Shelf

#: Stars that can be given on the site.
STARS_TO_GIVE = tuple(Decimal(n) for n in range(1, 6))
ENTRY_FIELDS = (
    "title",
    "author",
    "stars",
    "shelf",
    "read_count",
    "added_on",
    "read_on",
    "account",
    "is_left_out",
    "edited_fields",
    "book_id",
)


class Change(Protocol):
    """What is done to each of several entries."""

    def __call__(self, *, entry: LibraryEntry) -> object: ...


class InvalidStars(ValueError):
    """Stars that cannot be given here; the message tells the reader which can."""


@transaction.atomic
def shelve(*, reader: Reader, book: Book, shelf: str, stars: Decimal | None = None) -> LibraryEntry:
    """Put a book on a shelf, with stars or without; a library has a book only once.

    A book that is in the library already is never moved back to "to read", and keeps its stars if
    no new ones are given. A book set as read here stays so in later imports. One set as "to read"
    does not: an import may tell that the book has been read since.

    Raises `InvalidStars` for anything but 1 to 5.
    """
    if stars is not None and stars not in STARS_TO_GIVE:
        raise InvalidStars("Give 1 to 5 stars.")
    lock_reader(reader.pk)
    reader.removed_entries.filter(book=book).delete()
    own = [] if shelf == Shelf.TO_READ else ["shelf", "stars"] if stars else ["shelf"]
    entry, made = LibraryEntry.objects.get_or_create(
        reader=reader,
        book=book,
        defaults={
            "source": Source.SITE,
            "source_key": f"book:{book.pk}",
            "title": book.title,
            "author": ", ".join(book.author_names)[:300],
            "shelf": shelf,
            "stars": stars,
            "added_on": timezone.localdate(),
            "edited_fields": own,
        },
    )
    if not made and shelf != Shelf.TO_READ:
        entry.shelf, entry.stars = shelf, stars or entry.stars
        entry.edited_fields = sorted({*entry.edited_fields, *own})
        entry.save(update_fields=["shelf", "stars", "edited_fields", "updated_at"])
    if made:
        enrichment.mark_wanted(book_ids=[book.pk])
    return entry


@transaction.atomic
def remove_if_added_here(*, entry: LibraryEntry) -> None:
    """Delete an entry that was added on this site; one that was imported stays."""
    reader = lock_reader(entry.reader_id)
    reader.entries.filter(pk=entry.pk, source=Source.SITE).delete()


@transaction.atomic
def edit(
    *,
    entry: LibraryEntry,
    stars: Decimal | None,
    shelf: str,
    read_on: date | None,
    read_count: int | None = None,
) -> LibraryEntry:
    """Set what the reader may edit; imports no longer change the fields that differ from before.

    Without `read_count`, how often the book was read stays as it is.

    Raises `LibraryEntry.DoesNotExist` if an import has just removed the entry.
    """
    entry = _locked(entry)
    new: dict[str, object] = {"stars": stars, "shelf": shelf, "read_on": read_on}
    if read_count is not None:
        new["read_count"] = read_count
    changed = [name for name, value in new.items() if getattr(entry, name) != value]
    for name in changed:
        setattr(entry, name, new[name])
    if changed:
        entry.edited_fields = sorted({*entry.edited_fields, *changed})
        entry.save(update_fields=[*changed, "edited_fields", "updated_at"])
    return entry


@transaction.atomic
def change_many(*, reader: Reader, entry_ids: Collection[int], change: Change) -> int:
    """Change several entries of a reader in the same way, or none; return how many there were.

    Entries that an import has just removed are passed over.
    """
    lock_reader(reader.pk)
    chosen = list(reader.entries.filter(pk__in=entry_ids))
    for entry in chosen:
        change(entry=entry)
    return len(chosen)


def give_stars(*, entry: LibraryEntry, stars: Decimal | None) -> None:
    """Give an entry stars, or take them back; one that was still to be read is read now."""
    shelf = Shelf.READ if stars is not None and entry.shelf == Shelf.TO_READ else entry.shelf
    edit(entry=entry, stars=stars, shelf=shelf, read_on=entry.read_on)


def move(*, entry: LibraryEntry, shelf: str) -> None:
    """Put an entry on another shelf."""
    edit(entry=entry, stars=entry.stars, shelf=shelf, read_on=entry.read_on)


@transaction.atomic
def give_book(*, entry: LibraryEntry, book: Book) -> bool:
    """Set the book of an entry that has none, unless another entry of the library has that book.

    Returns whether the entry has the book now.
    """
    reader = lock_reader(entry.reader_id)
    if reader.entries.filter(book=book).exclude(pk=entry.pk).exists():
        return False
    return bool(reader.entries.filter(pk=entry.pk, book=None).update(book=book))


@transaction.atomic
def follow_source(*, entry: LibraryEntry) -> None:
    """Discard what the reader edited: the next import sets the fields again.

    Raises `LibraryEntry.DoesNotExist` as `edit` does.
    """
    entry = _locked(entry)
    entry.edited_fields = []
    entry.save(update_fields=["edited_fields", "updated_at"])


@transaction.atomic
def set_left_out(*, entry: LibraryEntry, is_left_out: bool) -> None:
    """Leave an entry out of recommendations, or count it again; the book stays known.

    Raises `LibraryEntry.DoesNotExist` as `edit` does.
    """
    entry = _locked(entry)
    entry.is_left_out = is_left_out
    entry.save(update_fields=["is_left_out", "updated_at"])


@transaction.atomic
def remove(*, entry: LibraryEntry) -> RemovedEntry:
    """Remove an entry, and remember it so that no import brings it back.

    Raises `LibraryEntry.DoesNotExist` as `edit` does.
    """
    entry = _locked(entry)
    removed, _ = RemovedEntry.objects.update_or_create(
        reader_id=entry.reader_id,
        source=entry.source,
        source_key=entry.source_key,
        defaults={name: getattr(entry, name) for name in ENTRY_FIELDS},
    )
    entry.delete()
    return removed


@transaction.atomic
def restore(*, removed: RemovedEntry) -> None:
    """Put a removed entry back as it was, unless its book is in the library again."""
    reader = lock_reader(removed.reader_id)
    key = {"source": removed.source, "source_key": removed.source_key}
    has_book = removed.book_id is not None and reader.entries.filter(book=removed.book_id).exists()
    if not has_book and not reader.entries.filter(**key).exists():
        fields = {name: getattr(removed, name) for name in ENTRY_FIELDS}
        LibraryEntry.objects.create(reader=reader, **key, **fields)
    RemovedEntry.objects.filter(pk=removed.pk).delete()


def _locked(entry: LibraryEntry) -> LibraryEntry:
    """The entry as it is now; its reader is locked."""
    return lock_reader(entry.reader_id).entries.get(pk=entry.pk)


def set_read_since(*, reader: Reader, since: date | None) -> None:
    """Recommend only from what was read since that day; from everything if None."""
    store_columns(reader, read_since=since)
