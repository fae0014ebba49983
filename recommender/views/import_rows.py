"""The rows of an import: what became of each, and a hand for those that found no book."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from catalog.models import Book
from catalog.search import has_word, search
from recommender.models import ImportItem, ImportJob
from recommender.services import repairs
from recommender.sources.table_file import TEMPLATE
from recommender.views.access import own
from recommender.views.htmx import wants_fragment
from recsite.common.spreadsheets import BOM, escape_formula

ROWS_PER_PAGE = 50
FOUND_SHOWN = 8
LONGEST_SEARCH = 200

Group = ImportItem.Group


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows of an import that met the same fate."""

    name: str
    label: str
    size: int
    rows: list[ImportItem]


@dataclass(frozen=True, slots=True)
class RowLine:
    """A row with what its reader can do about it."""

    item: ImportItem
    is_repairable: bool
    choices: list[Book]


@never_cache
@require_safe
def rows(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """All rows, or those of one group (``?state=``), by pages."""
    job = own(request, ImportJob.objects, job_id)
    chosen = request.GET.get("state", "")
    items = job.items.select_related("book")
    if chosen in Group.values:
        items = items.of_group(Group(chosen))
    groups = groups_of(job)
    page = Paginator(items, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "job": job,
        "page": page,
        "chosen": chosen if chosen in Group.values else "",
        "groups": groups,
        "has_failed": any(group.name == Group.FAILED for group in groups),
        "lines": _lines(job, page.object_list),
    }
    return render(request, "recommender/import_rows.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def row(request: HttpRequest, job_id: UUID, item_id: int) -> HttpResponse:
    """One row: books that may be meant, a search (``?q=``), and the reader's answer."""
    job = own(request, ImportJob.objects, job_id)
    item = get_object_or_404(job.items.select_related("book"), pk=item_id)
    if request.method == "POST":
        return _answer(request, job, item)
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
    """A file to fill in, for readers whose books are nowhere else."""
    return _csv(TEMPLATE, "bookfold-template.csv")


def groups_of(job: ImportJob, *, shown: int = 0) -> list[RowGroup]:
    """The groups that have rows, each with its first ones where they are to be shown."""
    sizes = job.items.group_sizes()
    items = job.items.select_related("book")
    return [
        RowGroup(
            group.value,
            group.label,
            sizes[group.value],
            list(items.of_group(group)[:shown]) if shown else [],
        )
        for group in Group
        if sizes.get(group.value)
    ]


def _answer(request: HttpRequest, job: ImportJob, item: ImportItem) -> HttpResponse:
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
        problem = "This row cannot be changed now. Load the page again to see how it stands."
        return _row_page(request, job, item, problem=problem)
    if wants_fragment(request):
        [line] = _lines(job, job.items.select_related("book").filter(pk=item.pk))
        context = {"job": job, "line": line, "chosen": request.POST.get("state", "")}
        return render(request, "recommender/_import_row.html", context)
    state = request.POST.get("state", "")
    query = "?" + urlencode({"state": state}) if state in Group.values else ""
    return redirect(f"{reverse('import-rows', args=[job.pk])}{query}")


def _row_page(
    request: HttpRequest, job: ImportJob, item: ImportItem, problem: str = ""
) -> HttpResponse:
    if item.state not in ImportItem.REPAIRABLE or not repairs.can_be_repaired(job):
        raise Http404
    wanted = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    numbers = _found(wanted) if wanted else item.candidates
    context = {
        "job": job,
        "item": item,
        "wanted": wanted,
        "books": _books(numbers),
        "problem": problem,
        "chosen": request.GET.get("state", request.POST.get("state", "")),
        "can_skip": item.state != ImportItem.State.REPAIRED,
    }
    is_part = wants_fragment(request)
    name = "recommender/_import_choice.html" if is_part else "recommender/import_row.html"
    # htmx shows nothing of an answer that is no success.
    status = 422 if problem and not is_part else 200
    return render(request, name, context, status=status)


def _lines(job: ImportJob, items: Iterable[ImportItem]) -> list[RowLine]:
    """The rows of a page, the ambiguous ones with their books."""
    rows = list(items)
    is_open = repairs.can_be_repaired(job)
    undecided = [row for row in rows if is_open and row.state == ImportItem.State.AMBIGUOUS]
    books = {book.pk: book for book in _books([pk for row in undecided for pk in row.candidates])}
    return [
        RowLine(
            row,
            is_open and row.state in ImportItem.REPAIRABLE,
            [books[pk] for pk in row.candidates if pk in books] if row in undecided else [],
        )
        for row in rows
    ]


def _found(text: str) -> list[int]:
    """Books with all of these words, the best known first, or else those most like them."""
    books = Book.objects.active()
    for word in text.split()[:8]:
        books = books.filter(has_word(word))
    found = books.order_by("-ratings_count", "pk").values_list("pk", flat=True)[:FOUND_SHOWN]
    return list(found) or [book.pk for book in search(text, limit=FOUND_SHOWN)]


def _books(numbers: list[int]) -> list[Book]:
    """These books in this order."""
    found = Book.objects.active().for_cards().in_bulk(numbers)
    return [found[pk] for pk in numbers if pk in found]


def _csv(lines: Iterable[Iterable[str]], filename: str) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    answer.write(BOM)
    csv.writer(answer).writerows([escape_formula(cell) for cell in line] for line in lines)
    return answer
