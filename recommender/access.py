"""Who is asking: the reader of a request, guest or account."""

from datetime import timedelta
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone

from recommender.models import (
    Dismissal,
    ImportJob,
    LibraryEntry,
    Proposal,
    Reader,
    RemovedEntry,
    Run,
)
from recommender.services import readers
from recommender.services.readers import SESSION_KEY

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


def own_entry(request: HttpRequest, entry_id: int) -> LibraryEntry:
    """This reader's line of a library, with its book; anybody else's does not exist."""
    reader = reader_of(request)
    entries = LibraryEntry.objects.filter(reader=reader).select_related("reader").with_books()
    entry = entries.filter(pk=entry_id).first() if reader else None
    if not entry:
        raise Http404
    return entry


def own_removed_entry(request: HttpRequest, removed_id: int) -> RemovedEntry:
    """A line that this reader has removed; anybody else's does not exist."""
    reader = reader_of(request)
    removed = reader and reader.removed_entries.filter(pk=removed_id).first()
    if not removed:
        raise Http404
    return removed


def own_proposal(request: HttpRequest, proposal_id: UUID) -> Proposal:
    """What this reader looks for at Open Library; anybody else's does not exist."""
    reader = reader_of(request)
    own = Proposal.objects.filter(reader=reader, pk=proposal_id)
    proposal = own.select_related("reader", "item", "entry", "book").first() if reader else None
    if not proposal:
        raise Http404
    return proposal


def own_dismissal(request: HttpRequest, dismissal_id: int) -> Dismissal:
    """What this reader dismissed; anybody else's does not exist."""
    reader = reader_of(request)
    dismissal = reader and Dismissal.objects.filter(reader=reader, pk=dismissal_id).first()
    if not dismissal:
        raise Http404
    return dismissal
