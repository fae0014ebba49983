"""Books that a reader shelves and rates on the site itself."""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from catalog.models import Book
from catalog.services import enrichment
from recommender.models import LibraryEntry, Reader, Source

TO_READ = "to-read"
STARS = tuple(Decimal(n) for n in range(1, 6))


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
    if stars is not None and stars not in STARS:
        raise InvalidStars("Give 1 to 5 stars.")
    Reader.objects.select_for_update().get(pk=reader.pk)
    reader.removed_entries.filter(book=book).delete()
    own = [] if shelf == TO_READ else ["shelf", "stars"] if stars else ["shelf"]
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
    if not made and shelf != TO_READ:
        entry.shelf, entry.stars = shelf, stars or entry.stars
        entry.edited_fields = sorted({*entry.edited_fields, *own})
        entry.save(update_fields=["shelf", "stars", "edited_fields", "updated_at"])
    if made:
        enrichment.note_wanted(book_ids=[book.pk])
    return entry


def take_off(*, entry: LibraryEntry) -> None:
    """Remove a line of a library that was written here; one from elsewhere stays."""
    if entry.source == Source.SITE:
        entry.delete()
