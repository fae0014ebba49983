"""Saved lists: one of them, all of them, and two compared."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import F, Func, IntegerField, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.models import Book
from recommender.models import ImportItem, ImportJob, Recommendation, Run
from recommender.selectors.book_states import book_states
from recommender.selectors.comparison import compare as compare_runs
from recommender.selectors.wording import describe_filters
from recommender.views.access import own, reader_of

RUNS = Run.objects.select_related("release", "reader")
RUNS_PER_PAGE = 12
COVERS_PER_RUN = 5
UNMATCHED_SHOWN = 200
SETTLED = [ImportJob.State.DONE, ImportJob.State.CANCELED]
NOT_FOUND = [ImportItem.State.UNMATCHED, ImportItem.State.AMBIGUOUS, ImportItem.State.FAILED]


@never_cache
@require_safe
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    saved = own(request, RUNS, run_id)
    picks = list(saved.recommendations.prefetch_related(Prefetch("book", Book.objects.for_cards())))
    context = {
        "run": saved,
        "release": saved.release,
        "picks": picks,
        "states": book_states(reader=saved.reader, books=[pick.book for pick in picks]),
        "previous": _previous(saved),
        "filters": describe_filters(saved.parameters),
        "back": request.path,
        "stars_are_known": any(pick.expected_stars is not None for pick in picks),
        **_import_behind(saved),
    }
    return render(request, "recommender/run.html", context)


@never_cache
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    picks = Recommendation.objects.order_by("rank").prefetch_related(
        Prefetch("book", Book.objects.for_cards())
    )
    saved = (
        Run.objects.filter(reader=reader)
        .select_related("release")
        .annotate(
            rated=Func(
                F("ratings_used"), function="jsonb_array_length", output_field=IntegerField()
            )
        )
        .defer("ratings_used")
        .prefetch_related(Prefetch("recommendations", picks[:COVERS_PER_RUN], to_attr="first"))
        if reader
        else Run.objects.none()
    )
    page = Paginator(saved, RUNS_PER_PAGE).get_page(request.GET.get("page"))
    latest = ImportJob.objects.filter(reader=reader).first() if reader else None
    context = {
        "page": page,
        "job": latest if latest and latest.state not in SETTLED else None,
        "comparable": [("a", "Compare the list of"), ("b", "with that of")],
    }
    return render(request, "recommender/history.html", context)


@never_cache
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two of the reader's lists, the older first, in whichever order they are named."""
    try:
        named = [own(request, RUNS, UUID(request.GET.get(name, ""))) for name in ("a", "b")]
    except ValueError as error:
        raise Http404 from error
    older, newer = sorted(named, key=lambda saved: saved.created_at)
    context = {"comparison": compare_runs(older=older, newer=newer)}
    return render(request, "recommender/compare.html", context)


def _previous(saved: Run) -> Run | None:
    """The reader's list before this one."""
    older = Run.objects.filter(reader=saved.reader_id, created_at__lt=saved.created_at)
    return older.only("pk").first()


def _import_behind(saved: Run) -> dict[str, object]:
    """How many rows of the import behind a list found their book, and which did not."""
    job = (
        ImportJob.objects.filter(reader=saved.reader_id)
        .filter(Q(run=saved) | Q(state=ImportJob.State.DONE, finished_at__lte=saved.created_at))
        .first()
    )
    if job is None:
        return {}
    unmatched = job.items.filter(state__in=NOT_FOUND)
    rows, missing = job.items.count(), unmatched.count()
    return {
        "job": job,
        "rows": rows,
        "matched": rows - missing,
        "missing": missing,
        "unmatched": unmatched[:UNMATCHED_SHOWN],
        "unlisted": max(0, missing - UNMATCHED_SHOWN),
    }
