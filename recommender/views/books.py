"""Search for books, and the page of one book."""

from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.models import Book, BookIdentifier, Enrichment
from catalog.search import near_titles, search
from catalog.services import enrichment
from recommender.models import ModelRelease, Run
from recommender.selectors.book_page import model_facts, visible_books
from recommender.selectors.book_states import book_states
from recommender.selectors.wording import ORIGIN_WORDS
from recommender.views.access import reader_of
from recommender.views.htmx import wants_fragment
from recommender.views.proposals import terms_of

ISBNS_SHOWN = 6
LONGEST_QUERY = 200


@never_cache
@require_safe
def books(request: HttpRequest) -> HttpResponse:
    """The search page; htmx, which asks while somebody types, gets the results only."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    found = search(query)
    states = book_states(reader=reader_of(request), books=found)
    back = f"{request.path}?{urlencode({'q': query})}"
    context = {
        "query": query,
        "books": found,
        "near": [] if found else near_titles(query),
        "missing": terms_of(query),
        "states": states,
        "stars": {},  # a search, made while somebody types, asks no model
        "back": back,
    }
    template = "recommender/_results.html" if wants_fragment(request) else "recommender/books.html"
    return render(request, template, context)


@never_cache
@require_safe
def book(request: HttpRequest, book_id: int) -> HttpResponse:
    """What is known of a book, related books, and what the reader has done about it."""
    reader = reader_of(request)
    visible = visible_books(reader=reader, is_staff=request.user.is_staff)
    shown = get_object_or_404(visible.for_cards().select_related("enrichment"), pk=book_id)
    if shown.merged_into_id:
        return redirect("book", shown.merged_into_id)
    if reader is not None:  # crawlers, which open every page, do not count
        enrichment.mark_opened(book=shown)
    series = Book.objects.active().filter(series_name=shown.series_name)
    enriched: Enrichment | None = getattr(shown, "enrichment", None)
    finder_url = reader.finder_url if reader else ""
    isbns = shown.identifiers.filter(scheme=BookIdentifier.Scheme.ISBN13)
    context = {
        "book": shown,
        "facts": model_facts(book=shown, reader=reader),
        "state": book_states(reader=reader, books=[shown])[shown.pk],
        "language": shown.language_words,
        "origin": ORIGIN_WORDS[Book.Origin(shown.origin)],
        "series": series.order_by("series_number", "pk") if shown.series_name else [],
        "isbns": (values := list(isbns.values_list("value", flat=True)[:ISBNS_SHOWN])),
        "ebook_access": enriched.ebook_access if enriched else "",
        "find_at": finder_url.replace("{isbn}", values[0]) if finder_url and values else "",
        "finder": urlsplit(finder_url).hostname,
        "lists": Run.objects.filter(reader=reader, recommendations__book=shown) if reader else [],
        "release": ModelRelease.objects.filter(is_active=True).first(),
        "back": request.path,
    }
    return render(request, "recommender/book.html", context)
