"""What a visitor sees where something fails: words, and what was typed."""

import errno
import sys
from collections.abc import Callable
from contextlib import suppress

import structlog
from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.template.loader import render_to_string
from django.views import defaults

log = structlog.get_logger(__name__)

#: What the database raises where it is away, restarts, takes no writes, or has taken too long.
OUTAGE = (OperationalError, InterfaceError, InternalError)
#: What the system says where no file can grow.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
RETRY_AFTER = 30  # seconds
#: Forms with such fields are not sent to the browser again.
SECRETS = ("password", "code")


class GoneMeanwhile:
    """Middleware that answers 404 where a row has gone between a page's look and its act."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ObjectDoesNotExist):
            return None
        log.info("errors.gone_meanwhile", what=str(error))
        return defaults.page_not_found(request, error)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an unforeseen error: 503 while data can't be read or written, else 500."""
    error = sys.exc_info()[1]
    is_full = isinstance(error, OSError) and error.errno in FULL
    if is_full or isinstance(error, OUTAGE):
        return try_again(request, is_full=is_full)
    return defaults.server_error(request)


def try_again(request: HttpRequest, *, is_full: bool = False) -> HttpResponse:
    """A page that sends the same form again, at the press of a button.

    It needs no database. A part that htmx only renews stays as it is, and is renewed later.
    """
    context = {"path": request.get_full_path(), "fields": _fields(request), "is_full": is_full}
    answer = HttpResponse(render_to_string("503.html", context), status=503)
    answer["Retry-After"] = str(RETRY_AFTER)
    if request.headers.get("HX-Request") and request.method == "GET":
        answer["HX-Reswap"] = "none"
    return answer


def _fields(request: HttpRequest) -> list[tuple[str, str]]:
    """The form as it was sent; none where it has a secret or a file, which can't be kept."""
    fields: list[tuple[str, str]] = []
    with suppress(UnreadablePostError):
        fields = [(name, value) for name, values in request.POST.lists() for value in values]
    if request.FILES or any(secret in name for name, _ in fields for secret in SECRETS):
        return []
    return fields
