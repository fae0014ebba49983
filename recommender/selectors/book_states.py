"""What a reader has done about the books on a page."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from catalog.models import Book
from recommender.models import Dismissal, LibraryEntry, Reader


@dataclass(frozen=True, slots=True)
class BookState:
    """Where a book is in the reader's library, or why it is not offered; neither for most books."""

    entry: LibraryEntry | None = None
    dismissal: Dismissal | None = None


def book_states(*, reader: Reader | None, books: Iterable[Book]) -> dict[int, BookState]:
    """The states of books by primary key, in two queries; prefetch authors and genres first."""
    shown = list(books)
    if reader is None or not shown:
        return {book.pk: BookState() for book in shown}
    entries = {e.book_id: e for e in LibraryEntry.objects.filter(reader=reader, book__in=shown)}
    authors = {credit.author_id for book in shown for credit in book.author_credits}
    genres = {shelving.genre_id for book in shown for shelving in book.shelvings.all()}
    touching = Q(book__in=shown) | Q(author__in=authors) | Q(genre__in=genres)
    standing = Dismissal.objects.standing().filter(touching, reader=reader)
    dismissals: dict[tuple[str, int | None], Dismissal] = {}
    for dismissal in standing.select_related("book", "author", "genre"):
        for kind in ("book", "author", "genre"):
            dismissals[kind, getattr(dismissal, f"{kind}_id")] = dismissal
    return {
        book.pk: BookState(entries.get(book.pk), _dismissal_of(book, dismissals)) for book in shown
    }


def _dismissal_of(
    book: Book, dismissals: dict[tuple[str, int | None], Dismissal]
) -> Dismissal | None:
    """The dismissal of the book itself, else of an author, else of a genre."""
    targets: list[tuple[str, int]] = [("book", book.pk)]
    targets += [("author", credit.author_id) for credit in book.author_credits]
    targets += [("genre", shelving.genre_id) for shelving in book.shelvings.all()]
    return next((dismissals[target] for target in targets if target in dismissals), None)
