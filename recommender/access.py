"""Who is asking: the reader of a request, guest or account."""

from datetime import timedelta
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone

from recommender.models import Dismissal, ImportJob, Reader, Run
from recommender.services import readers

SESSION_KEY = "reader_id"
SEEN_EVERY = timedelta(hours=1)


def reader_of(request: HttpRequest) -> Reader | None:
    """The reader of this request, or None for somebody who has not begun yet."""
    if request.user.is_authenticated:
        reader = Reader.objects.filter(user=request.user).first()
    elif guest_id := request.session.get(SESSION_KEY):
        reader = Reader.objects.filter(pk=guest_id, user=None).first()
    else:
        return None
    if reader and timezone.now() - reader.last_seen_at > SEEN_EVERY:
        readers.note_visit(reader=reader)
    return reader


def reader_or_new(request: HttpRequest) -> Reader:
    """The reader of this request; a guest begins here."""
    if reader := reader_of(request):
        return reader
    if request.user.is_authenticated:
        return readers.open_library(user=request.user)
    guest = readers.open_library(user=None)
    request.session[SESSION_KEY] = guest.pk
    return guest


def own_import(request: HttpRequest, job_id: UUID) -> ImportJob:
    """This reader's import; anybody else's does not exist."""
    reader = reader_of(request)
    job = reader and ImportJob.objects.filter(reader=reader, pk=job_id).first()
    if not job:
        raise Http404
    return job


def own_run(request: HttpRequest, run_id: UUID) -> Run:
    """This reader's saved list; anybody else's does not exist."""
    reader = reader_of(request)
    saved = Run.objects.filter(reader=reader, pk=run_id).select_related("release", "reader")
    run = saved.first() if reader else None
    if not run:
        raise Http404
    return run


def own_dismissal(request: HttpRequest, dismissal_id: int) -> Dismissal:
    """What this reader dismissed; anybody else's does not exist."""
    reader = reader_of(request)
    dismissal = reader and Dismissal.objects.filter(reader=reader, pk=dismissal_id).first()
    if not dismissal:
        raise Http404
    return dismissal
