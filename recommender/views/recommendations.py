"""The list of this moment: made while the page is asked for, saved where the reader says so."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from catalog.models import Book
from recommender.engine.release import NoRelease
from recommender.forms.lists import ListForm
from recommender.models import Reader
from recommender.selectors.book_states import JUST_DONE, marks_of
from recommender.selectors.recommendations import NothingToRecommendFrom, Picks, preview
from recommender.services import releases, runs
from recommender.views.access import reader_of
from recommender.views.htmx import wants_fragment

STEP = 10
MOST = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recommendations(request: HttpRequest) -> HttpResponse:
    """The list as it would be now; POST saves it."""
    reader = reader_of(request)
    if reader is None:
        messages.info(request, "Bring your ratings first: a list grows from them.")
        return redirect("landing")
    if request.method == "POST":
        return _save(request, reader)
    form = ListForm(request.GET)
    top = form.top() if form.is_valid() else STEP
    context: dict[str, Any] = {"form": form, "top": top, "back": request.get_full_path()}
    context["since"] = reader.read_since
    if form.is_valid():
        context |= _list(reader, form, top)
    is_part = context["oob"] = wants_fragment(request)
    if not is_part:
        context |= _just_done(request, reader)
    template = "recommender/_list.html" if is_part else "recommender/recommendations.html"
    return render(request, template, context, status=200 if is_part or form.is_valid() else 422)


@never_cache
@require_safe
def what_if(request: HttpRequest, book_id: int) -> HttpResponse:
    """What would change in the list, had the reader not rated this book."""
    reader = reader_of(request)
    form = ListForm(request.GET)
    entry = (
        reader
        and reader.entries.filter(book=book_id, stars__isnull=False).select_related("book").first()
    )
    if reader is None or not entry or not form.is_valid():
        raise Http404
    options = form.options()
    address = form.address()
    back = reverse("recommendations") + (f"?{address}" if address else "")
    context: dict[str, Any] = {"entry": entry, "back": back}
    try:
        now = preview(reader=reader, top=STEP, options=options)
        then = preview(reader=reader, top=STEP, options=options, without=entry.pk)
        context |= _difference(now, then)
    except (NothingToRecommendFrom, NoRelease) as error:
        context["problem"] = str(error)
    return render(request, "recommender/what_if.html", context)


def _just_done(request: HttpRequest, reader: Reader) -> dict[str, Any]:
    """The book that was saved, rated or dismissed last, so that it can be undone in place."""
    pk = request.session.pop(JUST_DONE, None)
    book = Book.objects.for_cards().filter(pk=pk).first() if pk else None
    if book is None:
        return {}
    mark = marks_of(reader, [book])[book.pk]
    return {"done": book, "done_mark": mark} if mark.entry or mark.dismissal else {}


@dataclass(frozen=True, slots=True)
class Change:
    """A book whose place differs between two lists; None where it has no place."""

    book: Book
    before: int | None
    after: int | None


def _difference(now: Picks, then: Picks) -> dict[str, list[Change]]:
    before = {pick.book.pk: pick.rank for pick in now.chosen}
    after = {pick.book.pk: pick.rank for pick in then.chosen}
    gone = [Change(p.book, p.rank, None) for p in now.chosen if p.book.pk not in after]
    new = [Change(p.book, None, p.rank) for p in then.chosen if p.book.pk not in before]
    moved = [
        Change(p.book, before[p.book.pk], p.rank)
        for p in then.chosen
        if before.get(p.book.pk, p.rank) != p.rank
    ]
    return {"gone": gone, "new": new, "moved": moved}


def _list(reader: Reader, form: ListForm, top: int) -> dict[str, Any]:
    try:
        picks = preview(reader=reader, top=top, options=form.options())
    except (NothingToRecommendFrom, NoRelease) as error:
        return {"problem": str(error)}
    shown = picks.chosen
    more = min(top + STEP, MOST) if picks.has_more and top < MOST else None
    return {
        "picks": shown,
        "marks": {},  # what is in the library or dismissed is not on the list
        "rated": len(picks.ratings),
        "release": releases.described(picks.model.release),
        "more": more and form.address(n=more),
        "address": form.address(),
    }


def _save(request: HttpRequest, reader: Reader) -> HttpResponse:
    form = ListForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This list could not be saved: one of its filters is not known.")
        return redirect("recommendations")
    try:
        run = runs.recommend(
            reader=reader, top=form.top(), options=form.options(), asked=form.asked()
        )
    except (NothingToRecommendFrom, NoRelease) as error:
        messages.error(request, str(error))
        return redirect("history")
    return redirect("run", run.pk)
