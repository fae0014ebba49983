"""A gift: from a few books that somebody loved to one that they don't have."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.models import Book
from recommender.engine.release import NoRelease
from recommender.forms.gift import LOVED, GiftForm
from recommender.selectors.book_states import book_states
from recommender.selectors.gift import book_meant, gifts
from recommender.selectors.recommendations import NothingToRecommendFrom
from recommender.views.access import reader_of

NOT_KNOWN = "Our model knows none of these books. Try better-known ones."


@never_cache
@require_safe
def gift(request: HttpRequest) -> HttpResponse:
    """The form and, once a book is named, the list; its address can be kept."""
    is_asked = LOVED[0] in request.GET
    form = GiftForm(request.GET if is_asked else None)
    context: dict[str, Any] = {"form": form, "back": request.get_full_path()}
    if is_asked and form.is_valid():
        loved = _loved(form)
        context |= {"loved": loved, "is_asked": True}
        if not form.errors:
            context |= _gifts(request, loved, form)
    status = 422 if is_asked and form.errors else 200
    return render(request, "recommender/gift.html", context, status=status)


def _loved(form: GiftForm) -> list[Book]:
    """The books that were named; the form says which were not found."""
    loved: list[Book] = []
    for name, title in form.titles().items():
        book = book_meant(title)
        if book is None:
            form.add_error(name, "We don’t have this book. Try another, or the author with it.")
        elif book not in loved:
            loved.append(book)
    return loved


def _gifts(request: HttpRequest, loved: list[Book], form: GiftForm) -> dict[str, Any]:
    try:
        picks = gifts(loved=loved, options=form.options())
    except NothingToRecommendFrom:
        return {"problem": NOT_KNOWN}
    except NoRelease as error:
        return {"problem": str(error)}
    books = [pick.book for pick in picks]
    return {"picks": picks, "states": book_states(reader=reader_of(request), books=books)}
