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
from recommender.selectors.recommendations import (
    NothingToRecommendFrom,
    Pick,
    Taste,
    preview,
    taste_of,
)

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
    taste = taste_of(reader=reader)
    form = ListForm(QueryDict(address.query), own_languages=taste.languages)
    if not form.is_valid():
        return None
    is_gone = bool(state.entry or state.dismissal)
    picks = _picks(reader, taste, form, top=len(shown) + 1 if is_gone else LOOKED_AT)
    pick = next((one for one in picks if _fits(one, book, shown, is_gone=is_gone)), None)
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


def _fits(pick: Pick, book: Book, shown: set[int], *, is_gone: bool) -> bool:
    """Whether it is the next book that is not on the page, or the one that comes back."""
    return pick.book.pk not in shown if is_gone else pick.book.pk == book.pk


def _picks(reader: Reader, taste: Taste, form: ListForm, *, top: int) -> list[Pick]:
    try:
        return preview(reader=reader, options=form.options(), top=top, taste=taste).chosen
    except (NothingToRecommendFrom, NoRelease):
        return []
