"""The progress of an import, from the upload or the pull to its list."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from recommender.forms.imports import ConfirmForm, EncodingForm
from recommender.models import ImportItem, ImportJob, Reader
from recommender.selectors.import_rows import RowGroup, fetch_books, row_groups
from recommender.services import imports, look_ups
from recommender.views.access import own, reader_or_404
from recommender.views.htmx import wants_fragment

ROWS_IN_PREVIEW = 5
PROPOSED_IN_PREVIEW = 10
#: A job queued for longer than this has no worker to take it up.
WORKER_LATE_AFTER = timedelta(seconds=20)

State = ImportJob.State


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an import; its state is `done`, `current` or `ahead`."""

    label: str
    detail: str
    state: str


@never_cache
@require_safe
def progress(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The page, or for htmx the part that changes, or 204 if nothing has changed."""
    job = own(request, ImportJob.objects, job_id)
    is_part = wants_fragment(request)
    if job.state == State.DONE:
        if is_part and "leave" not in request.GET:
            # Asking has to end first: each further answer would tell the reader once more, and
            # begin the way to the list anew, which a slow site would never finish.
            return render(request, "recommender/_progress.html", {"job": job})
        has_list = bool(job.run_id) or job.reader.runs.exists()
        messages.info(request, _summary(job) if has_list else _way_to_a_list(job.reader))
        target = redirect("recommendations" if has_list else "library")
        return HttpResponseClientRedirect(target.url) if is_part else target
    rows = job.items.count()
    waiting = _waiting_for(job)
    seen = f"{job.state}-{job.pages_fetched}-{rows}-{waiting}"
    if is_part and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {"job": job, "steps": _steps(job, rows), "waiting": waiting, "seen": seen}
    context["is_moving"] = job.is_open and job.state != State.PREVIEW
    if job.state == State.PREVIEW:
        groups = row_groups(job=job, examples=ROWS_IN_PREVIEW)
        context["groups"] = groups
        context |= _proposed(job, groups)
        if job.encoding:
            context["encoding"] = EncodingForm(initial={"encoding": job.encoding})
        if look_ups.is_on():
            ticked = reader_or_404(request).looks_up_books is not False
            context["confirm"] = ConfirmForm(initial={"look_up": ticked})
        context["can_import"] = any(group.name != ImportItem.State.FAILED for group in groups)
    template = "recommender/_progress.html" if is_part else "recommender/import.html"
    return render(request, template, context)


@require_POST
def confirm(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Import a file whose preview the reader has seen."""
    job = own(request, ImportJob.objects.select_related("reader"), job_id)
    form = ConfirmForm(request.POST)
    looks_up = form.is_valid() and form.cleaned_data["look_up"]
    imports.confirm(job=job, looks_up=looks_up if look_ups.is_on() else None)
    return redirect("import", job.pk)


@require_POST
def read_again(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Read the letters of a file in another encoding than the one that was guessed."""
    job = own(request, ImportJob.objects, job_id)
    form = EncodingForm(request.POST)
    if form.is_valid():
        imports.read_again(job=job, **form.cleaned_data)
    else:
        messages.error(request, "Choose one of the alphabets.")
    return redirect("import", job.pk)


@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Discard a file that waits in its preview."""
    job = own(request, ImportJob.objects, job_id)
    if not imports.cancel(job=job):
        return redirect("import", job.pk)
    messages.info(request, imports.CANCELED)
    return redirect("landing")


@require_POST
def retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Start a failed import again."""
    job = imports.retry(job=own(request, ImportJob.objects, job_id))
    return redirect("import", job.pk)


def _proposed(job: ImportJob, groups: list[RowGroup]) -> dict[str, Any]:
    """The rows that probably mean a book, and how many of them the reader has accepted."""
    sizes = {group.name: group.size for group in groups}
    size = sizes.get(ImportItem.Group.PROPOSED, 0)
    rows = list(job.items.of_group(ImportItem.Group.PROPOSED)[:PROPOSED_IN_PREVIEW]) if size else []
    fetch_books(rows)
    has_repaired = ImportItem.Group.REPAIRED in sizes
    accepted = job.items.accepted().count() if has_repaired else 0
    return {"lines": rows, "size": size, "accepted": accepted}


def _summary(job: ImportJob) -> SafeString:
    """What an import did to the library, with links to its rows and to the list it saved."""
    sizes = {**job.items.change_sizes(), "removed": job.removed}
    changes = ("new", "changed", "unchanged", "removed")
    counts = [f"{sizes[change]} {change}" for change in changes if sizes.get(change)]
    summary = format_html(
        'Your library: {}. <a href="{}">See the rows of this import</a>',
        ", ".join(counts) or "nothing new",
        reverse("import-rows", args=[job.pk]),
    )
    proposed = job.items.filter(state=ImportItem.State.PROPOSED).count()
    if proposed:
        summary = format_html(
            '{}. <a href="{}#proposed">{} more {} probably in our catalog: check {}</a>',
            summary,
            reverse("library"),
            proposed,
            "is" if proposed == 1 else "are",
            "it" if proposed == 1 else "them",
        )
    if not job.run_id:
        return summary
    return format_html(
        '{}. We have <a href="{}">saved this list</a> for you.',
        summary,
        reverse("run", args=[job.run_id]),
    )


def _way_to_a_list(reader: Reader) -> SafeString:
    """The message for a library from which no list can be made, with a link to a way on."""
    books = reader.entries.count()
    verb = "is" if books == 1 else "are"
    return format_html(
        "Your {} book{} {} in your library. A list needs a few books that many readers have rated: "
        '<a href="{}">rate some that you know</a>.',
        books,
        pluralize(books),
        verb,
        reverse("rate"),
    )


def _waiting_for(job: ImportJob) -> str:
    """What holds the job up: a missing `worker`, the pause that a `source` asked for, or ""."""
    now = timezone.now()
    if not job.is_open or job.state == State.PREVIEW:
        return ""
    if job.held_until:
        return "worker" if job.held_until < now else ""
    if job.queued_at > now:
        return "source"
    return "worker" if job.queued_at < now - WORKER_LATE_AFTER else ""


def _steps(job: ImportJob, rows: int) -> list[Step]:
    books = f"{rows} book{pluralize(rows)}"
    fetching = job.state == State.FETCHING
    so_far = f"page {job.pages_fetched + 1}, {books} so far" if fetching else books
    steps = [
        (State.QUEUED, "Waiting for its turn", ""),
        (State.FETCHING, "Fetching your shelf", so_far),
        (State.MATCHING, "Finding your books in our catalog", books),
        (State.RECOMMENDING, "Choosing your next books", ""),
    ]
    if job.is_file:
        del steps[1]
    states = [state for state, _, _ in steps]
    place = states.index(State(job.state)) if job.state in states else len(steps)
    return [
        Step(
            label,
            detail if index <= place else "",
            "current" if index == place else "done" if index < place else "ahead",
        )
        for index, (_, label, detail) in enumerate(steps)
    ]
