"""Saved lists: one of them, all of them, and two compared."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.models import Book
from recommender.forms.saved_lists import ListNameForm
from recommender.models import Run
from recommender.selectors.book_states import book_states
from recommender.selectors.comparison import compare as compare_runs
from recommender.selectors.saved_lists import (
    import_behind,
    previous_list,
    saved_lists,
    unfinished_import,
)
from recommender.selectors.wording import describe_filters
from recommender.views.access import own, reader_of

RUNS = Run.objects.select_related("release", "reader")
RUNS_PER_PAGE = 12


@never_cache
@require_safe
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """A saved list, and how it was made."""
    return show(request, own(request, RUNS, run_id))


def show(request: HttpRequest, saved: Run, *, form: ListNameForm | None = None) -> HttpResponse:
    """The page of a saved list; with a form that was wrong, again."""
    picks = list(saved.recommendations.prefetch_related(Prefetch("book", Book.objects.for_cards())))
    context = {
        "run": saved,
        "release": saved.release,
        "picks": picks,
        "states": book_states(reader=saved.reader, books=[pick.book for pick in picks]),
        "previous": previous_list(run=saved),
        "import": import_behind(run=saved),
        "filters": describe_filters(saved.parameters),
        "back": request.path,
        "stars_are_known": any(pick.expected_stars is not None for pick in picks),
        "form": form or ListNameForm(initial={"name": saved.name, "note": saved.note}),
    }
    if saved.share_token:
        shared_at = reverse("shared-list", args=[saved.share_token])
        context["shared_at"] = request.build_absolute_uri(shared_at)
    return render(request, "recommender/run.html", context, status=422 if form else 200)


@never_cache
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """All saved lists in pages, and the import under way or failed, if there is one."""
    reader = reader_of(request)
    saved = saved_lists(reader=reader) if reader else Run.objects.none()
    context = {
        "page": Paginator(saved, RUNS_PER_PAGE).get_page(request.GET.get("page")),
        "job": unfinished_import(reader=reader) if reader else None,
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
