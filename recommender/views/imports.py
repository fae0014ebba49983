"""The progress of an import, until its recommendations are there."""

from dataclasses import dataclass
from datetime import timedelta
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

from recommender.models import ImportItem, ImportJob
from recommender.services import imports
from recommender.views.access import own
from recommender.views.htmx import wants_fragment
from recommender.views.import_rows import groups_of

ROWS_IN_PREVIEW = 5
PATIENCE = timedelta(seconds=20)

State = ImportJob.State


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of the way: `done`, `current`, or `ahead`."""

    label: str
    detail: str
    state: str


@never_cache
@require_safe
def progress(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The page, or for htmx the part that changes; nothing at all where nothing has changed."""
    job = own(request, ImportJob.objects, job_id)
    is_part = wants_fragment(request)
    if job.state == State.DONE and job.run_id:
        messages.info(request, _what_changed(job))
        target = redirect("run", job.run_id)
        return HttpResponseClientRedirect(target.url) if is_part else target
    rows = job.items.count()
    waiting = _what_it_waits_for(job)
    seen = f"{job.state}-{job.pages_fetched}-{rows}-{waiting}"
    if is_part and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {"job": job, "steps": _steps(job, rows), "waiting": waiting, "seen": seen}
    context["is_moving"] = job.is_open and job.state != State.PREVIEW
    if job.state == State.PREVIEW:
        groups = groups_of(job, shown=ROWS_IN_PREVIEW)
        context["groups"] = groups
        context["can_import"] = any(group.name != ImportItem.State.FAILED for group in groups)
    template = "recommender/_progress.html" if is_part else "recommender/import.html"
    return render(request, template, context)


@require_POST
def confirm(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = own(request, ImportJob.objects, job_id)
    imports.confirm(job=job)
    return redirect("import", job.pk)


@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = own(request, ImportJob.objects, job_id)
    if not imports.cancel(job=job):
        return redirect("import", job.pk)
    messages.info(request, imports.CANCELED)
    return redirect("landing")


@require_POST
def retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = imports.retry(job=own(request, ImportJob.objects, job_id))
    return redirect("import", job.pk)


def _what_changed(job: ImportJob) -> SafeString:
    """One line on what an import did, with the way to its rows."""
    sizes = job.items.change_sizes()
    told = [
        f"{sizes.get(change, 0)} {word}"
        for change, word in (("new", "new"), ("changed", "changed"), ("unchanged", "unchanged"))
    ]
    told.append(f"{job.removed} removed")
    return format_html(
        'Your library: {}. <a href="{}">See the rows of this import</a>',
        ", ".join(told),
        reverse("import-rows", args=[job.pk]),
    )


def _what_it_waits_for(job: ImportJob) -> str:
    """Why nothing moves: `worker` is away, `source` asked for patience, or "" while all is well."""
    now = timezone.now()
    if not job.is_open or job.state == State.PREVIEW:
        return ""
    if job.held_until:
        return "worker" if job.held_until < now else ""
    if job.queued_at > now:
        return "source"
    return "worker" if job.queued_at < now - PATIENCE else ""


def _steps(job: ImportJob, rows: int) -> list[Step]:
    books = f"{rows} book{pluralize(rows)}"
    fetching = job.state == State.FETCHING
    so_far = f"page {job.pages_fetched + 1}, {books} so far" if fetching else books
    way = [
        (State.QUEUED, "Waiting for its turn", ""),
        (State.FETCHING, "Fetching your shelf", so_far),
        (State.MATCHING, "Finding your books in our catalog", books),
        (State.RECOMMENDING, "Choosing what you could read next", ""),
    ]
    if job.is_file:
        del way[1]
    states = [state for state, _, _ in way]
    place = states.index(State(job.state)) if job.state in states else len(way)
    return [
        Step(
            label,
            detail if index <= place else "",
            "current" if index == place else "done" if index < place else "ahead",
        )
        for index, (_, label, detail) in enumerate(way)
    ]
