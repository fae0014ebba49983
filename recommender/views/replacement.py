"""On the list of this moment: the card that takes the place of a book that is read or dismissed."""

from dataclasses import replace
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from catalog.models import Book
from recommender.engine.release import NoRelease
from recommender.forms.lists import ListForm
from recommender.models import Reader
from recommender.selectors.book_states import BookState
from recommender.selectors.recommendations import NothingToRecommendFrom, Pick, preview, taste_of

#: So many cards a list has at most, and ranks and keys have so many digits.
MOST_SHOWN, LONGEST_RANK, LONGEST_KEY = 50, 3, 9
#: How far down a list a book is looked for that comes back.
LOOKED_AT = 60


def replacement(
    request: HttpRequest, *, reader: Reader | None, book: Book, state: BookState, back: str
) -> HttpResponse | None:
    """The card for the place where `book` was acted on; None where it keeps its place.

    A book that was read, saved or dismissed gives its place to the next one that is not shown yet,
    with a line to undo it. Where that was undone, the book itself comes back.
    """
    address = urlsplit(back)
    keys = request.POST.getlist("shown")[:MOST_SHOWN]
    shown = {int(pk) for pk in keys if pk.isdecimal() and len(pk) <= LONGEST_KEY}
    rank = request.POST.get("rank", "")
    is_on_list = address.path == reverse("recommendations") and shown
    if reader is None or not is_on_list or not rank.isdecimal() or len(rank) > LONGEST_RANK:
        return None
    form = ListForm(QueryDict(address.query), own_languages=())
    if not form.is_valid():
        return None
    is_gone = bool(state.entry or state.dismissal)
    pick = _next(reader, form, shown) if is_gone else _again(reader, form, book)
    if pick is None:
        return None
    context = {
        "pick": replace(pick, rank=int(rank)),
        "book": pick.book,
        "states": {},
        "what_if": True,
        "query_string": form.query_string(),
        "back": back,
        "replaced": book if is_gone else None,
        "replaced_state": state,
        "focus": not is_gone,
    }
    answer = render(request, "recommender/_pick.html", context)
    answer["HX-Retarget"], answer["HX-Reswap"] = "closest li", "outerHTML"
    return answer


def _next(reader: Reader, form: ListForm, shown: set[int]) -> Pick | None:
    """The best book that is not on the page."""
    picks = _picks(reader, form, top=len(shown) + 1)
    return next((pick for pick in picks if pick.book.pk not in shown), None)


def _again(reader: Reader, form: ListForm, book: Book) -> Pick | None:
    return next((p for p in _picks(reader, form, top=LOOKED_AT) if p.book.pk == book.pk), None)


def _picks(reader: Reader, form: ListForm, *, top: int) -> list[Pick]:
    try:
        taste = taste_of(reader=reader)
        return preview(reader=reader, options=form.options(), top=top, taste=taste).chosen
    except (NothingToRecommendFrom, NoRelease):
        return []
