"""What a reader has done about the books on a page."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from catalog.models import Book
from recommender.models import Dismissal, LibraryEntry, Reader

#: Where the session keeps the book that was acted on last, for a page on which it is no more.
JUST_DONE = "just_done"


@dataclass(frozen=True, slots=True)
class Mark:
    """A book's place in the library, or the dismissal that keeps it away; neither as a rule."""

    entry: LibraryEntry | None = None
    dismissal: Dismissal | None = None


def marks_of(reader: Reader | None, books: Iterable[Book]) -> dict[int, Mark]:
    """The marks of books by their keys, in two queries; prefetch authors and genres first."""
    shown = list(books)
    if reader is None or not shown:
        return {book.pk: Mark() for book in shown}
    entries = {e.book_id: e for e in LibraryEntry.objects.filter(reader=reader, book__in=shown)}
    about: dict[tuple[str, int | None], Dismissal] = {}
    authors = {credit.author_id for book in shown for credit in book.credits.all()}
    genres = {shelving.genre_id for book in shown for shelving in book.shelvings.all()}
    touching = Q(book__in=shown) | Q(author__in=authors) | Q(genre__in=genres)
    standing = Dismissal.objects.standing().filter(touching, reader=reader)
    for dismissal in standing.select_related("book", "author", "genre"):
        for kind in ("book", "author", "genre"):
            about[kind, getattr(dismissal, f"{kind}_id")] = dismissal
    return {book.pk: Mark(entries.get(book.pk), _dismissal(book, about)) for book in shown}


def _dismissal(book: Book, about: dict[tuple[str, int | None], Dismissal]) -> Dismissal | None:
    targets: list[tuple[str, int]] = [("book", book.pk)]
    targets += [("author", credit.author_id) for credit in book.credits.all()]
    targets += [("genre", shelving.genre_id) for shelving in book.shelvings.all()]
    return next((about[target] for target in targets if target in about), None)
