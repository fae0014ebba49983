"""The reader behind a request, guest or account, and the rows that are theirs."""

from datetime import timedelta
from typing import TypeVar

from django.db.models import Manager, Model, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from recommender.models import Reader
from recommender.services import readers, shared_browser
from recommender.services.readers import SESSION_KEY
from recsite.accounts.limits import check_new_guest
from recsite.common.zones import zone_of

M = TypeVar("M", bound=Model)

#: The attribute of a request that holds its reader once loaded, with the login it was loaded for.
CACHED = "_reader_and_login"
NOTE_VISIT_EVERY = timedelta(hours=1)


def reader_of(request: HttpRequest) -> Reader | None:
    """The reader of this request, or None for a visitor who has not started yet.

    Loaded once per request, and again if somebody has logged in or started as a guest since.
    """
    login = (request.user.pk, request.session.get(SESSION_KEY))
    cached: tuple[Reader | None, object] | None = getattr(request, CACHED, None)
    if cached is None or cached[1] != login:
        cached = (_load_reader(request), login)
        setattr(request, CACHED, cached)
    return cached[0]


def reader_or_404(request: HttpRequest) -> Reader:
    """The reader of this request; for a visitor who has not started, the page does not exist."""
    reader = reader_of(request)
    if reader is None:
        raise Http404
    return reader


def reader_or_new(request: HttpRequest) -> Reader:
    """The reader of this request; a visitor becomes a guest here.

    Raises `TooMany`, which is answered with 429.
    """
    if reader := reader_of(request):
        return reader
    setattr(request, CACHED, None)
    if request.user.is_authenticated:
        return readers.open_library(user=request.user)
    check_new_guest(request)
    guest = readers.open_library(user=None)
    request.session[SESSION_KEY] = guest.pk
    return guest


def own(request: HttpRequest, queryset: QuerySet[M] | Manager[M], pk: object) -> M:
    """This reader's row with a primary key; another reader's row does not exist."""
    return get_object_or_404(queryset, reader=reader_or_404(request), pk=pk)


def _load_reader(request: HttpRequest) -> Reader | None:
    if request.user.is_authenticated:
        reader = Reader.objects.filter(user=request.user).first()
    elif guest_id := request.session.get(SESSION_KEY):
        reader = Reader.objects.filter(pk=guest_id, user=None).first()
    else:
        return None
    if reader and reader.time_zone:
        timezone.activate(zone_of(reader.time_zone))
    if reader and timezone.now() - reader.last_seen_at > NOTE_VISIT_EVERY:
        readers.note_visit(reader=reader, beside=shared_browser.numbers_here(request.session))
    return reader
