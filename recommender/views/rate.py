"""Rate a few books, and see the list grow: for readers who have no library to import."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.search import near_titles, search
from recommender.engine.release import NoRelease
from recommender.models import Reader
from recommender.selectors.book_states import book_states
from recommender.selectors.informative import MOST_BOOKS, informative_books
from recommender.selectors.library import counts_of_read
from recommender.selectors.recommendations import NothingToRecommendFrom, preview
from recommender.views.access import reader_of
from recommender.views.htmx import wants_fragment
from recommender.views.proposals import terms_of

BOOKS_PER_PAGE = 12
PAGES = MOST_BOOKS // BOOKS_PER_PAGE
#: The list appears from this many books on that were read, with stars or without.
BOOKS_FOR_A_LIST = 3
BOOKS_LISTED = 6
LONGEST_QUERY = 200


@never_cache
@require_safe
def rate(request: HttpRequest) -> HttpResponse:
    """Books to rate, or those that a search found, and the list so far."""
    reader = reader_of(request)
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    page = Paginator(range(MOST_BOOKS), BOOKS_PER_PAGE).get_page(request.GET.get("page"))
    start = (page.number - 1) * BOOKS_PER_PAGE
    books = search(query) if query else informative_books(start=start, count=BOOKS_PER_PAGE)
    parameters = {"q": query} if query else {"page": page.number} if page.number > 1 else {}
    address = reverse("rate")
    context = {
        "query": query,
        "books": books,
        "near": near_titles(query) if query and not books else [],
        "missing": terms_of(query),
        "states": book_states(reader=reader, books=books),
        "back": f"{address}?{urlencode(parameters)}" if parameters else address,
        "next_page": None if query or page.number >= PAGES else page.number + 1,
        **_list(reader),
    }
    name = "_rate_books.html" if wants_fragment(request) else "rate.html"
    return render(request, f"recommender/{name}", context)


@never_cache
@require_safe
def rated(request: HttpRequest) -> HttpResponse:
    """The list so far, which htmx asks for after each rating."""
    return render(request, "recommender/_rate_list.html", _list(reader_of(request)))


def _list(reader: Reader | None) -> dict[str, Any]:
    rated, read = counts_of_read(reader=reader) if reader else (0, 0)
    context: dict[str, Any] = {"rated": rated, "unrated": read - rated}
    context["missing"] = max(0, BOOKS_FOR_A_LIST - read)
    if reader is None or context["missing"]:
        return context
    try:
        return context | {"picks": preview(reader=reader, top=BOOKS_LISTED).chosen}
    except (NothingToRecommendFrom, NoRelease) as error:
        return context | {"problem": str(error)}
