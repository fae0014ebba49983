"""What pulls remember of linked shelves, and what goes with a book that is no longer on one."""

from django.utils import timezone

from recommender.models import ImportItem, ImportJob, Source, SourceShelf

#: If a shelf has lost more than this share of its books, the next pull has to confirm it.
SUSPICIOUS_SHRINKAGE = 0.1


def note_unchanged_shelves(*, job: ImportJob) -> None:
    """Store that shelves were checked which have not changed."""
    unchanged = [name for name, seen in job.other_shelves.items() if seen is None]
    known = job.reader.shelves.filter(source=Source.GOODREADS, account=job.account)
    known.filter(shelf__in=unchanged).update(pulled_at=timezone.now())


def remember_shelves(*, job: ImportJob, rows: list[ImportItem]) -> int:
    """Store what was seen of each shelf, and remove what complete ones no longer have.

    Returns how many entries were removed.
    """
    note_unchanged_shelves(job=job)
    seen = {name: one for name, one in job.other_shelves.items() if one is not None}
    if job.shelf not in job.other_shelves:
        seen[job.shelf] = {"saw_whole_shelf": job.saw_whole_shelf, "etags": job.etags}
    return sum(
        _remember_shelf(job, name, [row for row in rows if row.shelf == name], **one)
        for name, one in seen.items()
    )


def _remember_shelf(
    job: ImportJob,
    name: str,
    rows: list[ImportItem],
    *,
    saw_whole_shelf: bool,
    etags: list[str],
) -> int:
    """Store what was seen of a shelf, and remove what it no longer has; return how much.

    An empty shelf of books read is not believed; any other may be empty.
    """
    removed = 0
    shelf, _ = SourceShelf.objects.get_or_create(
        reader=job.reader, source=Source.GOODREADS, account=job.account, shelf=name
    )
    shelf.etags = etags if saw_whole_shelf and all(etags) else []
    shelf.pulled_at = timezone.now()
    # A row that could not be read may be of any entry.
    has_failed = job.items.filter(state=ImportItem.State.FAILED, shelf=name).exists()
    if saw_whole_shelf and not has_failed and (rows or name != job.shelf):
        keys = {row.source_key for row in rows}
        books = {row.book_id for row in rows if row.book_id}
        before = job.reader.entries.filter(source=Source.GOODREADS, account=job.account, shelf=name)
        untouched = before.filter(edited_fields=[], is_left_out=False)
        gone = untouched.exclude(source_key__in=keys).exclude(book__in=books)
        lost = gone.count()
        believable = lost <= SUSPICIOUS_SHRINKAGE * before.count()
        if believable or shelf.shrunk_to == len(rows):
            removed, _ = gone.delete()
            shelf.shrunk_to = None
        else:
            # Without the ETags the next pull sees the rows again, and so can confirm the loss.
            shelf.shrunk_to, shelf.etags = len(rows), []
    shelf.save()
    return removed
