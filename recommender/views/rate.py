"""Rate a few books: for who brings nothing along, with a list that grows while they rate."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.search import search
from recommender.engine.release import NoRelease
from recommender.models import Reader
from recommender.selectors import informative
from recommender.selectors.book_states import marks_of
from recommender.selectors.recommendations import NothingToRecommendFrom, preview
from recommender.views.access import reader_of
from recommender.views.htmx import wants_fragment

A_PAGE = 12
PAGES = informative.MOST // A_PAGE
#: From so many ratings on, a list is shown.
ENOUGH = 3
LISTED = 6
LONGEST_QUERY = 200


@never_cache
@require_safe
def rate(request: HttpRequest) -> HttpResponse:
    """Books to rate, or those that a search found, and the list as it is so far."""
    reader = reader_of(request)
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    page = Paginator(range(informative.MOST), A_PAGE).get_page(request.GET.get("page"))
    books = (
        search(query)
        if query
        else informative.books_to_ask_about(start=(page.number - 1) * A_PAGE, count=A_PAGE)
    )
    asked = {"q": query} if query else {"page": page.number} if page.number > 1 else {}
    address = reverse("rate")
    context = {
        "query": query,
        "books": books,
        "marks": marks_of(reader, books),
        "back": f"{address}?{urlencode(asked)}" if asked else address,
        "following": None if query or page.number >= PAGES else page.number + 1,
        **_list(reader),
    }
    name = "_rate_books.html" if wants_fragment(request) else "rate.html"
    return render(request, f"recommender/{name}", context)


@never_cache
@require_safe
def rated(request: HttpRequest) -> HttpResponse:
    """The list as it is so far, which htmx asks for after each rating."""
    return render(request, "recommender/_rated.html", _list(reader_of(request)))


def _list(reader: Reader | None) -> dict[str, Any]:
    count = reader.entries.filter(stars__isnull=False).count() if reader else 0
    context: dict[str, Any] = {"rated": count, "missing": max(0, ENOUGH - count)}
    if reader is None or context["missing"]:
        return context
    try:
        return context | {"picks": preview(reader=reader, top=LISTED).chosen}
    except (NothingToRecommendFrom, NoRelease) as error:
        return context | {"problem": str(error)}
