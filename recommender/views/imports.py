"""The progress of an import, until its recommendations are there."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from recommender.access import own_import
from recommender.models import ImportJob
from recommender.services import imports

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
    job = own_import(request, job_id)
    by_htmx = request.headers.get("HX-Request") == "true"
    if job.state == State.DONE and job.run_id:
        target = redirect("run", job.run_id)
        return HttpResponseClientRedirect(target.url) if by_htmx else target
    rows = job.items.count()
    waiting = _what_it_waits_for(job)
    seen = f"{job.state}-{job.pages_fetched}-{rows}-{waiting}"
    if by_htmx and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {"job": job, "steps": _steps(job, rows), "waiting": waiting, "seen": seen}
    template = "recommender/_progress.html" if by_htmx else "recommender/import.html"
    return render(request, template, context)


@require_POST
def retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = imports.retry(job=own_import(request, job_id))
    return redirect("import", job.pk)


def _what_it_waits_for(job: ImportJob) -> str:
    """Why nothing moves: `worker` is away, `source` asked for patience, or "" while all is well."""
    now = timezone.now()
    if not job.is_open:
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
    place = [state for state, _, _ in way].index(State(job.state)) if job.is_open else len(way)
    return [
        Step(
            label,
            detail if index <= place else "",
            "current" if index == place else "done" if index < place else "ahead",
        )
        for index, (_, label, detail) in enumerate(way)
    ]
