"""Lines of libraries that wait for the day their book is added."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import CharField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value

from catalog.matching import Wanted, match
from catalog.models import Book, BookIdentifier
from catalog.normalize import APOSTROPHES, surname_key
from recommender.models import ImportItem, LibraryEntry, Reader, Source
from recommender.services.library import edition_id_of
from recsite.common.queue import enqueue_on_commit

TASK = "library.give_to_waiting"


def queue(*, book: Book) -> None:
    """Have the lines that wait for a book get it, once the book is committed."""
    enqueue_on_commit(TASK, str(book.pk))


def give_to_waiting(*, book_id: int) -> int:
    """Give a book to the lines without one that surely mean it; say how many.

    What is sure is for `catalog.matching` to say: the number of an edition, an ISBN, or exactly the
    title and the author. A line whose library has the book already goes on waiting. Whom this does
    not find, for an author who is spelled in another way, is found when the next list is made.
    """
    book = Book.objects.for_cards().filter(pk=book_id).first()
    if book is None:
        return 0
    return _give(book, _sure(book, list(_that_may_mean(book))))


def _that_may_mean(book: Book) -> QuerySet[Any]:
    """Lines without a book that have one of its numbers, or an author of its authors' surnames."""
    numbers: dict[str, list[str]] = {scheme: [] for scheme in BookIdentifier.Scheme.values}
    for identifier in book.identifiers.all():
        numbers[identifier.scheme].append(identifier.value)
    rows = ImportItem.objects.of_line(
        reader=OuterRef("reader"), source=OuterRef("source"), source_key=OuterRef("source_key")
    )
    isbn13 = rows.exclude(isbn13="").order_by("-job__created_at").values("isbn13")[:1]
    with_isbn = rows.filter(isbn13__in=numbers[BookIdentifier.Scheme.ISBN13])
    may_mean = Q(Exists(with_isbn)) | Q(
        source=Source.GOODREADS, source_key__in=numbers[BookIdentifier.Scheme.GOODREADS]
    )
    for surname in filter(None, map(surname_key, book.author_names)):
        may_mean |= Q(author_key__contains=surname)
    folded = Func(F("author"), function="catalog_fold", output_field=CharField())
    bare = Func(folded, Value(APOSTROPHES), Value(""), function="translate")  # as surnames are
    lost = LibraryEntry.objects.filter(book=None)
    lines: QuerySet[Any] = lost.annotate(author_key=bare, isbn13=Subquery(isbn13))
    return lines.filter(may_mean)


def _sure(book: Book, lines: Sequence[Any]) -> list[Any]:
    """Those of the lines that the catalog's matching leads to this very book."""
    found = match(
        [
            Wanted(line.pk, edition_id_of(line), None, line.isbn13 or "", line.title, line.author)
            for line in lines
        ]
    )
    return [line for line in lines if found[line.pk].book_id == book.pk]


@transaction.atomic
def _give(book: Book, lines: Iterable[LibraryEntry]) -> int:
    """Of each library that lacks the book, the line that has stars, else the first, gets it."""
    best: dict[int, LibraryEntry] = {}
    for line in sorted(lines, key=lambda line: (line.stars is None, line.pk)):
        best.setdefault(line.reader_id, line)
    # Whoever changes one of these libraries waits, or this does.
    readers = Reader.objects.select_for_update().filter(pk__in=list(best)).order_by("pk")
    list(readers.values("pk"))
    having = LibraryEntry.objects.filter(book=book).values("reader")
    chosen = LibraryEntry.objects.filter(pk__in=[line.pk for line in best.values()], book=None)
    return chosen.exclude(reader__in=having).update(book=book)
