"""What a reader says of a recommended book: keep it, read it, never again, and the way back."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from catalog.models import Author, Book, Genre
from recommender.models import Dismissal, LibraryEntry
from recommender.selectors.book_states import JUST_DONE, marks_of
from recommender.services import dismissals, entries
from recommender.views.access import own, reader_of, reader_or_new
from recommender.views.htmx import wants_fragment

#: What a list that follows the library listens to.
LIBRARY_CHANGED = "library-changed"
TARGETS: dict[str, QuerySet[Book] | QuerySet[Author] | QuerySet[Genre]] = {
    "book": Book.objects.all(),
    "author": Author.objects.all(),
    "genre": Genre.objects.all(),
}


@require_POST
def shelve(request: HttpRequest, book_id: int) -> HttpResponse:
    """Save a book for later, or as one that was read, with stars or without."""
    book = _book(book_id)
    shelf = "to-read" if request.POST.get("shelf") == "to-read" else "read"
    try:
        stars = Decimal(request.POST["stars"]) if request.POST.get("stars") else None
        entries.shelve(reader=reader_or_new(request), book=book, shelf=shelf, stars=stars)
    except (InvalidOperation, entries.InvalidStars):
        return HttpResponseBadRequest("Give 1 to 5 stars.")
    return _answer(request, book)


@require_POST
def take_off(request: HttpRequest, book_id: int) -> HttpResponse:
    """Undo that: the book leaves the library."""
    book, reader = _book(book_id), reader_of(request)
    entry = LibraryEntry.objects.filter(reader=reader, book=book).first() if reader else None
    if entry is None:
        raise Http404
    entries.remove_if_added_here(entry=entry)
    return _answer(request, book)


@require_POST
def dismiss(request: HttpRequest, book_id: int) -> HttpResponse:
    """Offer this book, its author or a genre no more."""
    kind, _, key = request.POST.get("what", "").partition(":")
    if kind not in TARGETS or not key.isdecimal() or len(key) > 9:
        raise Http404
    target = TARGETS[kind].filter(pk=int(key)).first()
    if target is None:
        raise Http404
    reason = request.POST.get("reason", "")
    dismissals.dismiss(
        reader=reader_or_new(request),
        target=target,
        reason=reason if reason in Dismissal.Reason else Dismissal.Reason.NOT_FOR_ME,
    )
    return _answer(request, _book(book_id))


@require_POST
def undo(request: HttpRequest, dismissal_id: int) -> HttpResponse:
    dismissal = own(request, Dismissal.objects, dismissal_id)
    dismissals.undo(dismissal=dismissal)
    key = request.POST.get("book", "")
    if key.isdecimal() and len(key) <= 9:
        return _answer(request, _book(int(key)))
    messages.success(request, f"{dismissal} may be recommended again.")
    return redirect("dismissals")


@never_cache
@require_safe
def dismissed(request: HttpRequest) -> HttpResponse:
    """Everything that the reader does not want to be offered."""
    reader = reader_of(request)
    standing = Dismissal.objects.standing().select_related("book", "author", "genre")
    standing = standing.filter(reader=reader) if reader else standing.none()
    return render(request, "recommender/dismissals.html", {"dismissals": standing})


def _book(book_id: int) -> Book:
    return get_object_or_404(Book.objects.for_cards(), pk=book_id)


def _answer(request: HttpRequest, book: Book) -> HttpResponse:
    """The part of the page that changed, or without JavaScript the page again."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("recommendations")
    if wants_fragment(request):
        mark = marks_of(reader_of(request), [book])[book.pk]
        # The pressed button is gone with the swap; the focus goes to what undoes it.
        context = {"book": book, "mark": mark, "back": back, "focus": True}
        is_rating = request.POST.get("look") == "rate"
        template = "_rate_actions.html" if is_rating else "_pick_actions.html"
        answer = render(request, f"recommender/{template}", context)
        return trigger_client_event(answer, LIBRARY_CHANGED)
    if back.startswith(reverse("recommendations")):
        request.session[JUST_DONE] = book.pk
    return redirect(f"{back}#book-{book.pk}")
