"""A name for each request, which all that is logged because of it carries, workers' lines too."""

import re
import time
from collections.abc import Callable
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse

from recsite.common.queue import REQUEST_ID

log = structlog.get_logger(__name__)

HEADER = "X-Request-ID"
_GOOD = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIds:
    """Takes the name that a proxy has given the request, or makes one; logs each answer.

    The line has the name of the address, not the path, which may hold a token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if _GOOD.fullmatch(given) else uuid4().hex
        with structlog.contextvars.bound_contextvars(**{REQUEST_ID: request_id}):
            began = time.perf_counter()
            answer = self._get_response(request)
            route = request.resolver_match.view_name if request.resolver_match else ""
            if not route.startswith("health-"):
                log.info(
                    "request",
                    method=request.method,
                    address=route,
                    status=answer.status_code,
                    ms=round(1000 * (time.perf_counter() - began)),
                )
        answer[HEADER] = request_id
        return answer
