"""What a reader does with a recommended book: save, rate or dismiss it, and undo that."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from catalog.models import Author, Book, Genre
from recommender.models import Dismissal, LibraryEntry
from recommender.selectors.book_states import book_states
from recommender.services import dismissals, entries
from recommender.shelves import Shelf
from recommender.views.access import own, reader_of, reader_or_new
from recommender.views.htmx import wants_fragment
from recommender.views.replacement import replacement

#: The event that a list which follows the library waits for.
LIBRARY_CHANGED = "library-changed"
#: The session's key of the book acted on last: without JavaScript, the list no longer shows it.
JUST_DONE = "just_done"
LONGEST_KEY = 9  # digits; PostgreSQL's integers end soon after
TARGETS: dict[str, QuerySet[Book] | QuerySet[Author] | QuerySet[Genre]] = {
    "book": Book.objects.all(),
    "author": Author.objects.all(),
    "genre": Genre.objects.all(),
}


@require_POST
def shelve(request: HttpRequest, book_id: int) -> HttpResponse:
    """Save a book for later, or as one that was read or given up, with or without stars."""
    book = _book(book_id)
    asked = request.POST.get("shelf")
    shelf = Shelf(asked) if asked in (Shelf.TO_READ, Shelf.DID_NOT_FINISH) else Shelf.READ
    try:
        stars = Decimal(request.POST["stars"]) if request.POST.get("stars") else None
        entries.shelve(reader=reader_or_new(request), book=book, shelf=shelf, stars=stars)
    except (InvalidOperation, entries.InvalidStars):
        return HttpResponseBadRequest("Give 1 to 5 stars.")
    return _answer(request, book)


@require_POST
def remove_from_library(request: HttpRequest, book_id: int) -> HttpResponse:
    """Undo `shelve`."""
    book, reader = _book(book_id), reader_of(request)
    entry = LibraryEntry.objects.filter(reader=reader, book=book).first() if reader else None
    if entry is None:
        raise Http404
    entries.remove_if_added_here(entry=entry)
    return _answer(request, book)


@require_POST
def dismiss(request: HttpRequest, book_id: int) -> HttpResponse:
    """Stop recommending this book, its author or one of its genres."""
    kind, _, key = request.POST.get("what", "").partition(":")
    pk = _primary_key(key)
    target = TARGETS[kind].filter(pk=pk).first() if pk is not None and kind in TARGETS else None
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
def undo_dismissal(request: HttpRequest, dismissal_id: int) -> HttpResponse:
    """Allow it again; the answer is the book's buttons where it was undone beside a book."""
    dismissal = own(request, Dismissal.objects, dismissal_id)
    dismissals.undo(dismissal=dismissal)
    pk = _primary_key(request.POST.get("book", ""))
    if pk is not None:
        return _answer(request, _book(pk))
    messages.success(request, f"{dismissal} may be recommended again.")
    return redirect("dismissals")


@never_cache
@require_safe
def dismissed(request: HttpRequest) -> HttpResponse:
    """Everything that the reader has dismissed."""
    reader = reader_of(request)
    standing = Dismissal.objects.standing().select_related("book", "author", "genre")
    standing = standing.filter(reader=reader) if reader else standing.none()
    return render(request, "recommender/dismissals.html", {"dismissals": standing})


def _book(book_id: int) -> Book:
    return get_object_or_404(Book.objects.for_cards(), pk=book_id)


def _primary_key(text: str) -> int | None:
    """The key that was posted; None for what cannot be one."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_KEY else None


def _answer(request: HttpRequest, book: Book) -> HttpResponse:
    """The book's new buttons for htmx; without JavaScript, the page it was shown on."""
    back = request.POST.get("next", "")
    if not (back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)):
        back = reverse("recommendations")
    if wants_fragment(request):
        reader = reader_of(request)
        state = book_states(reader=reader, books=[book])[book.pk]
        card = replacement(request, reader=reader, book=book, state=state, back=back)
        if card is not None:
            return trigger_client_event(card, LIBRARY_CHANGED)
        # The swap removes the pressed button; the focus goes to the one that undoes it.
        context = {"book": book, "state": state, "back": back, "focus": True}
        is_rating = request.POST.get("look") == "rate"
        template = "_rate_actions.html" if is_rating else "_book_actions.html"
        answer = render(request, f"recommender/{template}", context)
        return trigger_client_event(answer, LIBRARY_CHANGED)
    if back.startswith(reverse("recommendations")):
        request.session[JUST_DONE] = book.pk
    return HttpResponseRedirect(f"{back}#book-{book.pk}")
