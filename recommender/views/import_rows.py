"""The rows of an import: what became of each, and how to find the book of those without one."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from catalog.models import Book
from catalog.search import search
from catalog.suggest import suggest
from recommender.models import ImportItem, ImportJob
from recommender.services import pruning, repairs
from recommender.sources.table_file import TEMPLATE
from recommender.views.access import own
from recommender.views.htmx import wants_fragment
from recsite.common.spreadsheets import BOM, escape_formula

ROWS_PER_PAGE = 50
FOUND_SHOWN = 8
LONGEST_QUERY = 200

Group = ImportItem.Group


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The rows of an import with the same result."""

    name: str
    label: str
    size: int
    rows: list[ImportItem]


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and what its reader can do about it."""

    item: ImportItem
    is_repairable: bool
    is_proposed: bool
    choices: list[Book]


@never_cache
@require_safe
def rows(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """All rows, or those of one group (``?state=``), in pages."""
    job = own(request, ImportJob.objects, job_id)
    chosen = request.GET.get("state", "")
    items = job.items.all()
    if chosen in Group.values:
        items = items.of_group(Group(chosen))
    groups = row_groups(job)
    page = Paginator(items, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "job": job,
        "page": page,
        "chosen": chosen if chosen in Group.values else "",
        "groups": groups,
        "has_failed": any(group.name == Group.FAILED for group in groups),
        "rows": _rows(job, page.object_list),
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


def row_groups(job: ImportJob, *, examples: int = 0) -> list[RowGroup]:
    """The groups that have rows, each with the first few of them."""
    sizes = job.items.group_sizes()
    groups = [
        RowGroup(
            group.value,
            group.label,
            sizes[group.value],
            list(job.items.of_group(group)[:examples]) if examples else [],
        )
        for group in Group
        if sizes.get(group.value)
    ]
    fetch_books([item for group in groups for item in group.rows])
    return groups


def fetch_books(items: Sequence[ImportItem]) -> None:
    """Fetch what is shown of the books of some rows, in a few queries for all of them."""
    books = Book.objects.with_authors()
    prefetch_related_objects(items, Prefetch("book", books), Prefetch("suggested_book", books))


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
        [row] = _rows(job, job.items.select_related("book").filter(pk=item.pk))
        context = {"job": job, "row": row, "chosen": request.POST.get("state", "")}
        return render(request, "recommender/_import_row.html", context)
    state = request.POST.get("state", "")
    query = "?" + urlencode({"state": state}) if state in Group.values else ""
    return redirect(f"{reverse('import-rows', args=[job.pk])}{query}")


def _row_page(
    request: HttpRequest, job: ImportJob, item: ImportItem, problem: str = ""
) -> HttpResponse:
    if item.state not in ImportItem.REPAIRABLE or not repairs.can_be_repaired(job):
        raise Http404
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    books = search(query, limit=FOUND_SHOWN) if query else _likely(item)
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


def _rows(job: ImportJob, page: Iterable[ImportItem]) -> list[Row]:
    """The rows of a page, the ambiguous ones with their possible books."""
    items = list(page)
    fetch_books(items)
    is_open = repairs.can_be_repaired(job)
    undecided = [item for item in items if is_open and item.state == ImportItem.State.AMBIGUOUS]
    books = {book.pk: book for book in _books([pk for one in undecided for pk in one.candidates])}
    return [
        Row(
            item,
            is_open and item.state in ImportItem.REPAIRABLE,
            item.state == ImportItem.State.PROPOSED,
            [books[pk] for pk in item.candidates if pk in books] if item in undecided else [],
        )
        for item in items
    ]


def _likely(item: ImportItem) -> list[Book]:
    """The books among which a person decides, or else those with a similar title."""
    suggested = [item.suggested_book_id] if item.suggested_book_id else []
    if book_ids := item.candidates or suggested:
        return _books(book_ids)
    return [one.book for one in suggest(item.title, item.author, limit=FOUND_SHOWN)]


def _books(book_ids: list[int]) -> list[Book]:
    """These books, in this order."""
    found = Book.objects.active().for_cards().in_bulk(book_ids)
    return [found[pk] for pk in book_ids if pk in found]


def _csv(lines: Iterable[Iterable[str]], filename: str) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.write(BOM)
    csv.writer(response).writerows([escape_formula(cell) for cell in line] for line in lines)
    return response
