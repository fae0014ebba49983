"""Row locks, always taken in one order, so that no two transactions wait for each other.

1. Books, which only a curator's merge locks.
2. The reader; several readers in the order of their numbers. Whoever changes the library, an import
   or a proposal of a reader locks the reader first.
3. One of the reader's imports.
4. Rows of that import, and proposals; a reading group.

Rows that only refer to a locked one, as an entry does to its book and its reader, may be written
meanwhile: the locks let their foreign keys be checked.
"""

from collections.abc import Iterable
from uuid import UUID

from recommender.models import ImportJob, Reader


def lock_reader(reader_id: int) -> Reader:
    """Lock a reader until the transaction ends; return the row as it is now."""
    return Reader.objects.select_for_update(of=("self",), no_key=True).get(pk=reader_id)


def lock_readers(reader_ids: Iterable[int]) -> dict[int, Reader]:
    """Lock several readers; return those that are still there, by their numbers."""
    rows = Reader.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    return {reader.pk: reader for reader in rows.filter(pk__in=set(reader_ids))}


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
