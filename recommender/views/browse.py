"""Pages to look through the catalog: genres, authors, series, and what was begun."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog import browse as catalog_browse
from catalog.models import Author, Book, Genre
from recommender.forms.browse import chosen_order
from recommender.models import Reader
from recommender.selectors import browse, series
from recommender.selectors.book_states import book_states
from recommender.selectors.browse import ORDER_WORDS, ORDERS_OF_AUTHOR, ORDERS_OF_GENRE, Order
from recommender.selectors.recommendations import Taste, taste_of
from recommender.views.access import reader_of

BOOKS_PER_PAGE = 18
COVERS = 8
SERIES_PER_PAGE = 12


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All genres, and books of the whole catalog that are loved by many or by few."""
    reader = reader_of(request)
    taste = taste_of(reader=reader) if reader else None
    books = browse.begin_with(Book.objects.active(), taste=taste)
    shelves = [
        (ORDER_WORDS[order], browse.in_order(books, order).for_cards()[:COVERS])
        for order in (Order.LOVED, Order.LITTLE_KNOWN)
    ]
    context = {"genres": catalog_browse.used_genres(), "shelves": shelves}
    return render(request, "recommender/browse.html", context)


@never_cache
@require_safe
def genre(request: HttpRequest, slug: str) -> HttpResponse:
    """What of a genre fits the reader, and what others say of its books."""
    shown, reader = get_object_or_404(Genre, slug=slug), reader_of(request)
    taste = taste_of(reader=reader) if reader else None
    order = chosen_order(request.GET.get("order"), ORDERS_OF_GENRE)
    books = browse.in_order(browse.begin_with(catalog_browse.of_genre(shown), taste=taste), order)
    page = Paginator(books.for_cards(), BOOKS_PER_PAGE).get_page(request.GET.get("page"))
    best = []
    if reader and taste and page.number == 1:
        best = browse.best_of_genre(genre=shown, reader=reader, taste=taste, count=COVERS)
    context = {
        "genre": shown,
        "best": best,
        "orders": {one: ORDER_WORDS[one] for one in ORDERS_OF_GENRE},
        "order": order,
        "page": page,
        **_cards(request, reader, list(page), taste),
    }
    return render(request, "recommender/genre.html", context)


@never_cache
@require_safe
def author(request: HttpRequest, author_id: int) -> HttpResponse:
    """The books of an author, best fitting first where there is a library."""
    shown, reader = get_object_or_404(Author, pk=author_id), reader_of(request)
    taste = taste_of(reader=reader) if reader else None
    scores = browse.scores_for(taste)
    orders = ORDERS_OF_AUTHOR if scores else ORDERS_OF_AUTHOR[1:]
    order = chosen_order(request.GET.get("order"), orders)
    books = browse.author_books(author=shown, order=order, scores=scores)
    page = Paginator(books, BOOKS_PER_PAGE).get_page(request.GET.get("page"))
    if not page.paginator.count:
        raise Http404
    cards = {book.pk: book for book in Book.objects.filter(pk__in=[b.pk for b in page]).for_cards()}
    context = {
        "author": shown,
        "read": browse.read_among(books=books, taste=taste),
        "orders": {one: ORDER_WORDS[one] for one in orders},
        "order": order,
        "page": page,
        **_cards(request, reader, [cards[book.pk] for book in page], taste),
    }
    return render(request, "recommender/author.html", context)


@never_cache
@require_safe
def one_series(request: HttpRequest, book_id: int) -> HttpResponse:
    """The series of a book: its volumes in order, and how far the reader has come."""
    book, reader = get_object_or_404(Book.objects.active(), pk=book_id), reader_of(request)
    if not book.series_name:
        raise Http404
    taste = taste_of(reader=reader) if reader else None
    shown = series.series_of(book=book, taste=taste)
    books = [*shown.volumes, *shown.others]
    page = Paginator(books, BOOKS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "series": shown,
        "page": page,
        **_cards(request, reader, list(page), taste),
    }
    return render(request, "recommender/series.html", context)


@never_cache
@require_safe
def begun(request: HttpRequest) -> HttpResponse:
    """The series that the reader has begun, with the next unread volume of each."""
    reader = reader_of(request)
    if reader is None:
        return redirect("landing")
    taste = taste_of(reader=reader)
    scores = browse.scores_for(taste)
    shelf = series.begun_series(reader=reader, taste=taste, scores=scores)
    page = Paginator(shelf.going_on, SERIES_PER_PAGE).get_page(request.GET.get("page"))
    following = series.with_cards(list(page))
    books = [one.goes_on_with for one in following if one.goes_on_with]
    context = {
        "shelf": shelf,
        "page": page,
        "following": following,
        **_cards(request, reader, books, taste),
    }
    return render(request, "recommender/begun_series.html", context)


def _cards(
    request: HttpRequest, reader: Reader | None, books: Sequence[Book], taste: Taste | None
) -> dict[str, Any]:
    """What the rows of books need: what the reader did with them, and would think of them."""
    return {
        "books": books,
        "states": book_states(reader=reader, books=books),
        "stars": browse.expected_stars(taste, books),
        "back": request.get_full_path(),
    }
