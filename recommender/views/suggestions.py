"""The answers of a reader to the books that rows of an import and entries probably mean."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from recommender.forms.suggestions import PROBLEM, AnswerForm
from recommender.models import ImportItem, ImportJob, LibraryEntry, Reader
from recommender.services import repairs, suggestions
from recommender.views.access import own, reader_or_404

#: The session's key of the entries answered last, so that the answer can be undone.
JUST_ANSWERED = "just_answered"
NOT_NOW = "This can no longer be changed. Reload the page to see its state."
HAVE_IT = "Your library already has this book, so nothing has changed."


@require_POST
def of_import(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Answer for one row of an import, or for all; then back to the preview or the rows."""
    job = own(request, ImportJob.objects, job_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, PROBLEM)
    elif not job.can_be_repaired:
        messages.error(request, NOT_NOW)
    else:
        _answer_for_rows(request, job, form)
    state = request.POST.get("state")
    if state is None and job.state == ImportJob.State.PREVIEW:
        return redirect(f"{reverse('import', args=[job.pk])}#answers")
    query = "?" + urlencode({"state": state}) if state in ImportItem.Group.values else ""
    return redirect(f"{reverse('import-rows', args=[job.pk])}{query}")


@require_POST
def of_library(request: HttpRequest) -> HttpResponse:
    """Answer for one entry of the library, or for all; then back to it."""
    reader = reader_or_404(request)
    form = AnswerForm(request.POST)
    if form.is_valid():
        _answer_for_entries(request, reader, form)
    else:
        messages.error(request, PROBLEM)
    return redirect(f"{reverse('library')}#answers")


def _answer_for_rows(request: HttpRequest, job: ImportJob, form: AnswerForm) -> None:
    rows = None if form.key is None else [form.key]
    if form.key is not None:
        item = get_object_or_404(job.items, pk=form.key)
    if form.act == "undo":
        done = suggestions.undo_rows(job=job, rows=rows)
        _tell(request, done, "undecided again", NOT_NOW)
    elif form.act == "accept":
        done = suggestions.accept_rows(job=job, rows=rows)
        _tell(request, done, "accepted", HAVE_IT)
    else:
        try:
            repairs.skip(item=item)
        except repairs.CannotRepair:
            messages.error(request, NOT_NOW)


def _answer_for_entries(request: HttpRequest, reader: Reader, form: AnswerForm) -> None:
    entry = None
    if form.key is not None:
        entry = get_object_or_404(LibraryEntry, reader=reader, pk=form.key)
    if form.act == "undo":
        answered = [entry.pk] if entry else request.session.pop(JUST_ANSWERED, [])
        done = suggestions.undo_entries(reader=reader, entries=answered)
        _tell(request, done, "undecided again", NOT_NOW)
    elif form.act == "accept":
        accepted = suggestions.accept_entries(reader=reader, entries=[entry.pk] if entry else None)
        request.session[JUST_ANSWERED] = accepted
        if not accepted:
            messages.info(request, HAVE_IT)
    elif entry:
        suggestions.decline_entry(reader=reader, source=entry.source, source_key=entry.source_key)
        request.session[JUST_ANSWERED] = [entry.pk]


def _tell(request: HttpRequest, done: int, what: str, otherwise: str) -> None:
    if done:
        messages.success(request, f"{done} book{pluralize(done)} {what}.")
    else:
        messages.info(request, otherwise)
