"""How a view was asked: by a form, by htmx."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods
from django_htmx.middleware import HtmxDetails

View = Callable[..., HttpResponse]


def wants_fragment(request: HttpRequest) -> bool:
    """Whether a part of the page will do; going back in history, htmx asks for the whole page."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # by django-htmx's middleware
    return bool(htmx) and not htmx.history_restore_request


def posted_from(page: str) -> Callable[[View], View]:
    """Lead everybody who comes without a form to the page that has it, by name.

    For views that answer a wrong form at their own address: readers come back to it by their
    history, or with another theme.
    """

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def take(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST":
                answer: HttpResponse = redirect(page, *args, **kwargs)
                return answer
            return view(request, *args, **kwargs)

        return take

    return decorate
