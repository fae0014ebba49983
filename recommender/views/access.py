"""Who is asking: the reader of a request, guest or account."""

from datetime import timedelta
from typing import TypeVar

from django.db.models import Manager, Model, Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from catalog.models import Book
from recommender.models import LibraryEntry, Reader, Recommendation
from recommender.services import readers
from recommender.services.readers import SESSION_KEY

M = TypeVar("M", bound=Model)

#: Where a request keeps its reader.
KEPT = "_reader_of_request"
SEEN_EVERY = timedelta(hours=1)


def reader_of(request: HttpRequest) -> Reader | None:
    """The reader of this request, or None for somebody who has not begun yet.

    Loaded once a request, and anew where somebody has logged in, or begun as a guest, meanwhile.
    """
    asker = (request.user.pk, request.session.get(SESSION_KEY))
    kept: tuple[object, Reader | None] | None = getattr(request, KEPT, None)
    if kept is None or kept[0] != asker:
        kept = (asker, _load_reader(request))
        setattr(request, KEPT, kept)
    return kept[1]


def reader_or_new(request: HttpRequest) -> Reader:
    """The reader of this request; a guest begins here."""
    if reader := reader_of(request):
        return reader
    setattr(request, KEPT, None)
    if request.user.is_authenticated:
        return readers.open_library(user=request.user)
    guest = readers.open_library(user=None)
    request.session[SESSION_KEY] = guest.pk
    return guest


def own(request: HttpRequest, rows: QuerySet[M] | Manager[M], pk: object) -> M:
    """The row that this reader has; anybody else's does not exist."""
    reader = reader_of(request)
    if reader is None:
        raise Http404
    return get_object_or_404(rows, reader=reader, pk=pk)


def _load_reader(request: HttpRequest) -> Reader | None:
    if request.user.is_authenticated:
        reader = Reader.objects.filter(user=request.user).first()
    elif guest_id := request.session.get(SESSION_KEY):
        reader = Reader.objects.filter(pk=guest_id, user=None).first()
    else:
        return None
    if reader and timezone.now() - reader.last_seen_at > SEEN_EVERY:
        readers.note_visit(reader=reader)
    return reader


def visible_to(reader: Reader | None, *, is_staff: bool) -> Q:
    """Which books have a page: a hidden one only for who knows it from here, and for staff.

    The page of a merged one leads everybody on. Somebody knows a book who has it in the library,
    or on a list that was saved before it was hidden.
    """
    if is_staff:
        return Q()
    own = LibraryEntry.objects.filter(reader=reader).values("book")
    listed = Recommendation.objects.filter(run__reader=reader).values("book")
    open_to_all = Q(status__in=[Book.Status.ACTIVE, Book.Status.MERGED])
    return open_to_all | Q(pk__in=own) | Q(pk__in=listed)
