"""Rows of an import that were not matched: their reader chooses the book, or that there is none."""

from django.db import transaction

from catalog.models import Book
from recommender.models import ImportItem, ImportJob
from recommender.services import library, suggestions
from recommender.services.locks import lock_import


class CannotRepair(Exception):
    """The row needs no repair, or its import is not in a state that allows it."""


@transaction.atomic
def repair(*, item: ImportItem, book: Book) -> None:
    """Set the book of a row; if the import was applied, the library follows at once."""
    row = _row(item)
    row.book, row.state = book, ImportItem.State.REPAIRED
    row.save(update_fields=["book", "state"])
    if row.job.state == ImportJob.State.PREVIEW:
        library.plan_items(job=row.job)
    else:
        library.apply_item(item=row)


@transaction.atomic
def skip(*, item: ImportItem) -> None:
    """Say that the catalog has no such book: the entry waits until its book is added."""
    row = _row(item)
    if row.state == ImportItem.State.REPAIRED:
        raise CannotRepair
    row.state = ImportItem.State.SKIPPED
    row.save(update_fields=["state"])
    if row.job.is_applied:
        suggestions.decline_entry(
            reader=row.job.reader, source=row.job.source, source_key=row.source_key
        )


def _row(item: ImportItem) -> ImportItem:
    job = lock_import(item.job_id)
    # A worker that matches the rows has locked them and will lock the reader: do not wait for it.
    if not job.can_be_repaired:
        raise CannotRepair
    row = ImportItem.objects.select_for_update().get(pk=item.pk)
    if row.state not in ImportItem.REPAIRABLE:
        raise CannotRepair
    row.job = job
    return row
