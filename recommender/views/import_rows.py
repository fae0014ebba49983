"""The rows of an import: what became of each, and how to find the book of those without one."""

import csv
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from catalog.models import Book
from catalog.search import search
from recommender.models import ImportItem, ImportJob
from recommender.selectors.import_rows import likely_books, row_groups, rows_of
from recommender.services import pruning, repairs
from recommender.sources.table_file import TEMPLATE
from recommender.views.access import own
from recommender.views.htmx import wants_fragment
from recsite.common.spreadsheets import BOM, escape_formula

ROWS_PER_PAGE = 50
FOUND_SHOWN = 8
LONGEST_QUERY = 200

Group = ImportItem.Group


@never_cache
@require_safe
def rows(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """All rows, or those of one group (``?state=``), in pages."""
    job = own(request, ImportJob.objects, job_id)
    chosen = request.GET.get("state", "")
    items = job.items.all()
    if chosen in Group.values:
        items = items.of_group(Group(chosen))
    groups = row_groups(job=job)
    page = Paginator(items, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "job": job,
        "page": page,
        "chosen": chosen if chosen in Group.values else "",
        "groups": groups,
        "has_failed": any(group.name == Group.FAILED for group in groups),
        "rows": rows_of(job=job, page=page.object_list),
        "kept_days": settings.IMPORT_ROWS_KEPT_DAYS if pruning.has_old_rows(job=job) else None,
    }
    return render(request, "recommender/import_rows.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def row(request: HttpRequest, job_id: UUID, item_id: int) -> HttpResponse:
    """One row: its possible books, a search (``?q=``), and the reader's choice (POST)."""
    job = own(request, ImportJob.objects, job_id)
    item = get_object_or_404(job.items.select_related("book"), pk=item_id)
    if request.method == "POST":
        return _choose(request, job, item)
    return _row_page(request, job, item)


@never_cache
@require_safe
def failed(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The rows that could not be read, as a file."""
    job = own(request, ImportJob.objects, job_id)
    items = job.items.filter(state=ImportItem.State.FAILED)
    lines = [("Line", "Title", "Author", "Problem")]
    lines += [(str(item.line or ""), item.title, item.author, item.problem) for item in items]
    return _csv(lines, "bookfold-failed-rows.csv")


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """A CSV file to fill in, for readers whose books are on no other service."""
    return _csv(TEMPLATE, "bookfold-template.csv")


def _choose(request: HttpRequest, job: ImportJob, item: ImportItem) -> HttpResponse:
    choice = request.POST.get("book", "")
    book = Book.objects.active().filter(pk=choice).first() if choice.isdecimal() else None
    if book is None and choice != "none":
        problem = "Choose one of the books, or “None of these”."
        return _row_page(request, job, item, problem=problem)
    try:
        if book:
            repairs.repair(item=item, book=book)
        else:
            repairs.skip(item=item)
    except repairs.CannotRepair:
        problem = "This row can no longer be changed. Reload the page to see its state."
        return _row_page(request, job, item, problem=problem)
    if wants_fragment(request):
        [row] = rows_of(job=job, page=job.items.select_related("book").filter(pk=item.pk))
        context = {"job": job, "row": row, "chosen": request.POST.get("state", "")}
        return render(request, "recommender/_import_row.html", context)
    state = request.POST.get("state", "")
    query = "?" + urlencode({"state": state}) if state in Group.values else ""
    return redirect(f"{reverse('import-rows', args=[job.pk])}{query}")


def _row_page(
    request: HttpRequest, job: ImportJob, item: ImportItem, problem: str = ""
) -> HttpResponse:
    if item.state not in ImportItem.REPAIRABLE or not job.can_be_repaired:
        raise Http404
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    books = (
        search(query, limit=FOUND_SHOWN) if query else likely_books(item=item, limit=FOUND_SHOWN)
    )
    context = {
        "job": job,
        "item": item,
        "query": query,
        "books": books,
        "problem": problem,
        "chosen": request.GET.get("state", request.POST.get("state", "")),
        "can_skip": item.state != ImportItem.State.REPAIRED,
    }
    is_part = wants_fragment(request)
    name = "recommender/_import_choice.html" if is_part else "recommender/import_row.html"
    # htmx does not show an answer with an error status.
    status = 422 if problem and not is_part else 200
    return render(request, name, context, status=status)


def _csv(lines: Iterable[Iterable[str]], filename: str) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.write(BOM)
    csv.writer(response).writerows([escape_formula(cell) for cell in line] for line in lines)
    return response
