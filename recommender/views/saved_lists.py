"""What readers do with a saved list: name it, share it, delete it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from recommender.forms.saved_lists import ListNameForm, ShareForm
from recommender.models import Run
from recommender.services import saved_lists
from recommender.views.access import own
from recommender.views.htmx import redirect_unless_post
from recommender.views.runs import show

RUNS = Run.objects.select_related("release", "reader")
#: What the reader is told, by what was asked.
DONE = {
    "share": "Your list has a link now. Whoever has it sees the books.",
    "withdraw": "The link has ended. Nobody sees your list any more.",
    "index": "Search engines may list it from now on.",
    "hide": "Search engines are asked to leave it out again.",
}


@redirect_unless_post("run")
def describe(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Save the name and the note of a list."""
    run = own(request, RUNS, run_id)
    form = ListNameForm(request.POST)
    if not form.is_valid():
        return show(request, run, form=form)
    saved_lists.describe(run=run, **form.cleaned_data)
    messages.success(request, "Saved.")
    return _back(run)


@require_POST
def share(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Make a link to a list, end it, or say whether search engines may list it."""
    run = own(request, RUNS, run_id)
    form = ShareForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That did not work. Please try again.")
        return _back(run)
    what = form.cleaned_data["what"]
    try:
        if what == "share":
            saved_lists.share(run=run)
        elif what == "withdraw":
            saved_lists.withdraw(run=run)
        else:
            saved_lists.allow_search_engines(run=run, allowed=what == "index")
        messages.success(request, DONE[what])
    except saved_lists.GuestsCannot:
        messages.error(
            request, "Search engines can only list what somebody with an account shares."
        )
    return _back(run)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ask first; a POST deletes the list."""
    run = own(request, RUNS, run_id)
    if request.method == "POST":
        saved_lists.delete(run=run)
        messages.success(request, "The list is deleted.")
        return redirect("history")
    context: dict[str, Any] = {"run": run, "books": run.recommendations.count()}
    return render(request, "recommender/run_delete.html", context)


def _back(run: Run) -> HttpResponse:
    return redirect(f"{reverse('run', args=[run.pk])}#keep")
