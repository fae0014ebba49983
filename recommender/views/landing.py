"""The first page: what this is, and one form to begin with."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from catalog.models import Book
from recommender.access import reader_or_new
from recommender.forms import StartForm, pull_is_on, uses_stand_in
from recommender.models import ModelRelease
from recommender.views.asked import posted_from

SHELF_COVERS = 9


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    return _page(request, StartForm())


@posted_from("landing")
def start(request: HttpRequest) -> HttpResponse:
    form = StartForm(request.POST, request.FILES)
    if form.is_valid() and (job := form.begin(reader_or_new(request))):
        return redirect("import", job.pk)
    return _page(request, form, status=422)


def _page(request: HttpRequest, form: StartForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "pull_is_on": pull_is_on(),
        "sample_reader": settings.SAMPLE_READER if uses_stand_in() else "",
        "pause_seconds": settings.GOODREADS_PAUSE_SECONDS,
        "release": ModelRelease.objects.filter(is_active=True).first(),
        "shelf": Book.objects.active().for_cards()[:SHELF_COVERS],
    }
    return render(request, "recommender/landing.html", context, status=status)
