"""What readers change in their own library; imports leave it as it was set here."""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from catalog.models import Book
from catalog.services import enrichment
from recommender.models import LibraryEntry, Reader, RemovedEntry, Source
from recommender.services.locks import lock_reader
from recommender.shelves import Shelf

#: Stars that can be given on the site.
STARS_TO_GIVE = tuple(Decimal(n) for n in range(1, 6))
ENTRY_FIELDS = (
    "title",
    "author",
    "stars",
    "shelf",
    "added_on",
    "read_on",
    "account",
    "is_left_out",
    "edited_fields",
    "book_id",
)


class InvalidStars(ValueError):
    """Stars that nobody can give here; the message tells the reader which there are."""


@transaction.atomic
def shelve(*, reader: Reader, book: Book, shelf: str, stars: Decimal | None = None) -> LibraryEntry:
    """Put a book on a shelf, with stars or without; a book has one place in a library.

    A book that the library has already is not put back to be read, and keeps its stars where no
    new ones are given. What is said here of a book that was read stays so in later imports; a wish
    does not, for an import may tell that the book has been read since.

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


def remove_if_added_here(*, entry: LibraryEntry) -> None:
    """Remove a line of a library that was written here; one from elsewhere stays."""
    if entry.source == Source.SITE:
        entry.delete()


@transaction.atomic
def edit(
    *, entry: LibraryEntry, stars: Decimal | None, shelf: str, read_on: date | None
) -> LibraryEntry:
    """Set what the reader may set; what differs from before is the reader's own from now on.

    Raises `LibraryEntry.DoesNotExist` where an import has just taken the line away.
    """
    lock_reader(entry.reader_id)
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
    reader = lock_reader(entry.reader_id)
    if reader.entries.filter(book=book).exclude(pk=entry.pk).exists():
        return False
    return bool(reader.entries.filter(pk=entry.pk, book=None).update(book=book))


def follow_source(*, entry: LibraryEntry) -> None:
    """Let the next import say again what the reader had set."""
    entry.edited_fields = []
    entry.save(update_fields=["edited_fields", "updated_at"])


def set_left_out(*, entry: LibraryEntry, is_left_out: bool) -> None:
    """Let the stars of an entry count for nothing, or count again; the book stays known."""
    entry.is_left_out = is_left_out
    entry.save(update_fields=["is_left_out", "updated_at"])


@transaction.atomic
def remove(*, entry: LibraryEntry) -> RemovedEntry:
    """Take a line out of the library, and remember it so that no import brings it back."""
    lock_reader(entry.reader_id)
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
    """Put a removed line back as it was, unless its book has come back by another way."""
    reader = lock_reader(removed.reader_id)
    key = {"source": removed.source, "source_key": removed.source_key}
    has_book = removed.book_id is not None and reader.entries.filter(book=removed.book_id).exists()
    if not has_book and not reader.entries.filter(**key).exists():
        line = {name: getattr(removed, name) for name in ENTRY_FIELDS}
        LibraryEntry.objects.create(reader=reader, **key, **line)
    removed.delete()


def set_read_since(*, reader: Reader, since: date | None) -> None:
    """Let only what was read since that day move the reader's lists; everything for None."""
    reader.read_since = since
    reader.save(update_fields=["read_since"])
