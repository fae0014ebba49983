"""What a view does differently for htmx, and for a form's address that is opened without a form."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods
from django_htmx.middleware import HtmxDetails

View = Callable[..., HttpResponse]


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page; going back in history, it needs the whole page."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # by django-htmx's middleware
    return bool(htmx) and not htmx.history_restore_request


def redirect_unless_post(to: str) -> Callable[[View], View]:
    """Redirect anything but a POST to the page with the form, given by its URL name.

    For views that answer an invalid form at their own address: a reader may load that address
    again, from the history or after changing the theme.
    """

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def redirect_or_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST":
                response: HttpResponse = redirect(to, *args, **kwargs)
                return response
            return view(request, *args, **kwargs)

        return redirect_or_view

    return decorate
