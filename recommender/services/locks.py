"""Row locks, always taken in one order, so that no two transactions wait for each other.

1. Books, which only curators lock.
2. The reader; several readers in the order of their numbers. Whoever changes the library, an import
   or a proposal of a reader locks the reader first.
3. One of the reader's imports.
4. Rows of that import, and proposals; a reading group.

Rows that only refer to a locked one, as an entry does to its book and its reader, may be written
meanwhile: the locks let their foreign keys be checked.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from catalog.models import Book
from recommender.models import (
    Dismissal,
    ImportItem,
    ImportJob,
    LibraryEntry,
    Proposal,
    Reader,
    Recommendation,
    RemovedEntry,
)


def lock_reader(reader_id: int) -> Reader:
    """Lock a reader until the transaction ends; return the row as it is now."""
    return Reader.objects.select_for_update(of=("self",), no_key=True).get(pk=reader_id)


def lock_readers(reader_ids: Iterable[int]) -> dict[int, Reader]:
    """Lock several readers; return those that are still there, by their numbers."""
    rows = Reader.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    return {reader.pk: reader for reader in rows.filter(pk__in=set(reader_ids))}


def lock_books(*books: Book) -> list[Book]:
    """Lock books, and the readers who have anything of them; return the books as they are now."""
    keys = [book.pk for book in books]
    rows = Book.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    fresh = {row.pk: row for row in rows}
    lock_readers(_readers_of(keys))
    return [fresh[key] for key in keys]


def _readers_of(keys: list[int]) -> set[int]:
    """Those who have a row that refers to one of these books."""
    either = Q(book__in=keys) | Q(suggested_book__in=keys)
    readers: set[int | None] = set()
    for rows, reader in (
        (LibraryEntry.objects.filter(either), "reader"),
        (ImportItem.objects.filter(either), "job__reader"),
        (RemovedEntry.objects.filter(book__in=keys), "reader"),
        (Dismissal.objects.filter(book__in=keys), "reader"),
        (Proposal.objects.filter(book__in=keys), "reader"),
        (Recommendation.objects.filter(book__in=keys), "run__reader"),
    ):
        readers.update(rows.order_by().values_list(reader, flat=True).distinct())
    return {reader for reader in readers if reader is not None}


def lock_reader_of(job_id: UUID) -> Reader:
    """Lock the reader of an import, who may have become another while this waits: a guest logs in.

    Raises `ImportJob.DoesNotExist` if the import is gone, as when its reader has left.
    """
    owners = ImportJob.objects.values_list("reader", flat=True)
    while True:
        reader_id = owners.get(pk=job_id)
        locked = lock_readers([reader_id])
        if locked and owners.filter(pk=job_id, reader=reader_id).exists():
            return locked[reader_id]


def lock_import(job_id: UUID) -> ImportJob:
    """Lock the reader of an import, then the import; return the import as it is now."""
    reader = lock_reader_of(job_id)
    job = ImportJob.objects.select_for_update(of=("self",), no_key=True).get(pk=job_id)
    job.reader = reader
    return job
