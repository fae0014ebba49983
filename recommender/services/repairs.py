"""Rows of an import that found no book: their reader says which it is, or that it is none."""

from django.db import transaction

from catalog.models import Book
from recommender.models import ImportItem, ImportJob
from recommender.services import library
from recommender.services.locks import lock_import


class CannotRepair(Exception):
    """The row needs nobody's help, or its import is not at the point where it can be given."""


@transaction.atomic
def repair(*, item: ImportItem, book: Book) -> None:
    """Say which book a row means; what is in the library already follows at once."""
    row = _row(item)
    row.book, row.state = book, ImportItem.State.REPAIRED
    row.save(update_fields=["book", "state"])
    if row.job.state == ImportJob.State.PREVIEW:
        library.plan_items(job=row.job)
    else:
        library.apply_item(item=row)


@transaction.atomic
def skip(*, item: ImportItem) -> None:
    """Say that no book of the catalog is meant: the row waits for the day its book is added."""
    row = _row(item)
    if row.state == ImportItem.State.REPAIRED:
        raise CannotRepair
    row.state = ImportItem.State.SKIPPED
    row.save(update_fields=["state"])


def can_be_repaired(job: ImportJob) -> bool:
    """Whether rows of this import can be given a book now."""
    return job.state == ImportJob.State.PREVIEW or job.is_applied


def _row(item: ImportItem) -> ImportItem:
    job = lock_import(item.job_id)
    # While a worker matches the rows it holds them, and waits for the reader in its turn.
    if not can_be_repaired(job):
        raise CannotRepair
    row = ImportItem.objects.select_for_update().get(pk=item.pk)
    if row.state not in ImportItem.REPAIRABLE:
        raise CannotRepair
    row.job = job
    return row
