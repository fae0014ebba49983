"""What is refused before any view sees it."""

from collections.abc import Callable, Iterable
from urllib.parse import unquote

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

NUL = "\0"


class RefuseNul:
    """Answers 400 to a NUL in an address or a form: nobody types one, and PostgreSQL keeps none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(NUL in text for text in _texts(request)):
            raise BadRequest("A request held a NUL.")
        return self._get_response(request)


def _texts(request: HttpRequest) -> Iterable[str]:
    yield request.path
    yield unquote(request.META.get("QUERY_STRING", ""))
    if request.method == "POST":
        for name, values in request.POST.lists():
            yield name
            yield from values
