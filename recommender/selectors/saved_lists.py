"""A reader's saved lists, and what the import behind one of them found."""

from dataclasses import dataclass

from django.db.models import F, Func, IntegerField, Prefetch, Q, QuerySet

from catalog.models import Book
from recommender.models import ImportItem, ImportJob, Reader, Recommendation, Run

COVERS_PER_RUN = 5
UNMATCHED_SHOWN = 200
SETTLED = [ImportJob.State.DONE, ImportJob.State.CANCELED]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many rows of an import found their book, and some of those that did not."""

    job: ImportJob
    rows: int
    missing: int
    unmatched: QuerySet[ImportItem]

    @property
    def matched(self) -> int:
        """How many rows found their book."""
        return self.rows - self.missing

    @property
    def not_shown(self) -> int:
        """How many rows without a book are not in `unmatched`."""
        return max(0, self.missing - UNMATCHED_SHOWN)


def saved_lists(*, reader: Reader) -> QuerySet[Run]:
    """The reader's lists with what the overview shows: how many books they use, the first picks."""
    picks = Recommendation.objects.order_by("rank").prefetch_related(
        Prefetch("book", Book.objects.for_cards())
    )
    used = Func(F("ratings_used"), function="jsonb_array_length", output_field=IntegerField())
    return (
        Run.objects.filter(reader=reader)
        .select_related("release")
        .annotate(used=used)
        .defer("ratings_used")
        .prefetch_related(Prefetch("recommendations", picks[:COVERS_PER_RUN], to_attr="first"))
    )


def unfinished_import(*, reader: Reader) -> ImportJob | None:
    """The reader's last import, if it is under way, waits for an answer, or has failed."""
    latest = ImportJob.objects.filter(reader=reader).first()
    return latest if latest and latest.state not in SETTLED else None


def previous_list(*, run: Run) -> Run | None:
    """The reader's list before this one."""
    older = Run.objects.filter(reader=run.reader_id, created_at__lt=run.created_at)
    return older.only("pk").first()


def import_behind(*, run: Run) -> ImportResult | None:
    """The result of the import that made the list, or else of the last one before it."""
    job = (
        ImportJob.objects.filter(reader=run.reader_id)
        .filter(Q(run=run) | Q(state=ImportJob.State.DONE, finished_at__lte=run.created_at))
        .first()
    )
    if job is None:
        return None
    unmatched = job.items.filter(state__in=ImportItem.WITHOUT_BOOK)
    return ImportResult(job, job.items.count(), unmatched.count(), unmatched[:UNMATCHED_SHOWN])
