"""The home page: what Bookfold is, and a form to start with."""

from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from catalog.models import Book
from recommender.forms.start import StartForm
from recommender.models import ImportJob, ModelRelease, Reader
from recommender.selectors.goodreads import pull_is_on, uses_stand_in
from recommender.services import imports, look_ups
from recommender.sources.base import SourceError
from recommender.views.access import reader_or_new
from recommender.views.htmx import redirect_unless_post
from recsite.preparation import preparation, sample_reader

SHELF_COVERS = 9


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The home page with an empty form."""
    return _page(request, StartForm())


@redirect_unless_post("landing")
def start(request: HttpRequest) -> HttpResponse:
    form = StartForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        job = _start(reader_or_new(request), form.cleaned_data)
    except SourceError as error:
        form.add_error("export" if form.cleaned_data["export"] else "profile", str(error))
        return _page(request, form, status=422)
    return redirect("import", job.pk)


def _start(reader: Reader, data: dict[str, Any]) -> ImportJob:
    """Start the import of the file, else of the profile; may raise `SourceError`."""
    upload: UploadedFile[bytes] | None = data["export"]
    if upload:
        file = cast("BinaryIO", upload.file)
        return imports.start_upload(reader=reader, filename=upload.name or "", file=file)
    return imports.start_pull(reader=reader, text=data["profile"])


def _page(request: HttpRequest, form: StartForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "pull_is_on": pull_is_on(),
        "looks_up_is_on": look_ups.is_on(),
        "sample_reader": sample_reader() if uses_stand_in() else "",
        "preparation": preparation(),
        "pause_seconds": settings.GOODREADS_PAUSE_SECONDS,
        "release": ModelRelease.objects.filter(is_active=True).first(),
        "shelf": Book.objects.active().for_cards()[:SHELF_COVERS],
    }
    return render(request, "recommender/landing.html", context, status=status)
