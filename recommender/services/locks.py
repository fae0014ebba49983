"""Row locks, always taken in one order, so that no two transactions wait for each other.

1. Books, which only a curator's merge locks.
2. The reader; several readers in the order of their numbers. Whoever changes the library, an import
   or a proposal of a reader locks the reader first.
3. One of the reader's imports.
4. Rows of that import, and proposals.
"""

from uuid import UUID

from recommender.models import ImportJob, Reader


def lock_reader(reader_id: int) -> Reader:
    """Lock a reader until the transaction ends; return the row as it is now."""
    return Reader.objects.select_for_update(of=("self",)).get(pk=reader_id)


def lock_import(job_id: UUID) -> ImportJob:
    """Lock the reader of an import, then the import; return the import as it is now."""
    Reader.objects.select_for_update(of=("self",)).get(imports=job_id)
    jobs = ImportJob.objects.select_for_update(of=("self",)).select_related("reader")
    return jobs.get(pk=job_id)
