"""The current list: made when the page is opened, saved only if the reader says so."""

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
from recommender.selectors.book_states import book_states
from recommender.selectors.recommendations import (
    NothingToRecommendFrom,
    Picks,
    Taste,
    preview,
    taste_of,
)
from recommender.selectors.saved_lists import unfinished_import
from recommender.selectors.wording import DIAL_HINTS, language_words
from recommender.services import readers, releases, runs
from recommender.views.access import reader_of, reader_or_404
from recommender.views.book_actions import JUST_DONE
from recommender.views.htmx import redirect_unless_post, wants_fragment

BOOKS_PER_STEP = 10
MOST_BOOKS = 50
NEW_SHOWN = 6


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recommendations(request: HttpRequest) -> HttpResponse:
    """The list as it is now; POST saves it."""
    reader = reader_of(request)
    if reader is None:
        messages.info(request, "Add your ratings first: your list is made from them.")
        return redirect("landing")
    if request.method == "POST":
        return _save(request, reader)
    taste = taste_of(reader=reader)
    form = ListForm(request.GET, own_languages=taste.languages)
    top = form.top() if form.is_valid() else BOOKS_PER_STEP
    context: dict[str, Any] = {"form": form, "top": top, "back": request.get_full_path()}
    context["since"] = reader.read_since
    if form.is_valid():
        context |= _list(reader, taste, form, top)
    is_part = context["oob"] = wants_fragment(request)
    if not is_part:
        context |= _just_done(request, reader)
    template = "recommender/_list.html" if is_part else "recommender/recommendations.html"
    return render(request, template, context, status=200 if is_part or form.is_valid() else 422)


@never_cache
@require_safe
def new_books(request: HttpRequest) -> HttpResponse:
    """The shelf of new books below the list, which htmx asks for when it comes into view."""
    if not wants_fragment(request):
        return redirect(f"{reverse('recommendations')}?new=on")
    form = ListForm({"new": "on"})
    form.is_valid()
    context: dict[str, Any] = {"label": form["new"].label}
    try:
        picks = preview(reader=reader_or_404(request), top=NEW_SHOWN, options=form.options())
        context["books"] = [pick.book for pick in picks.chosen]
    except (NothingToRecommendFrom, NoRelease):
        context["books"] = []
    return render(request, "recommender/_new_books.html", context)


@redirect_unless_post("recommendations")
def languages(request: HttpRequest) -> HttpResponse:
    """Choose the languages of all lists; without any, those of the books read count."""
    reader, form = reader_or_404(request), ListForm(request.POST)
    if not form.is_valid():
        messages.error(request, "These languages could not be remembered: we do not know them.")
        return redirect("recommendations")
    chosen = form.cleaned_data.pop("language")
    readers.choose_languages(reader=reader, languages=chosen)
    which = language_words(chosen) if chosen else "the languages that you read"
    messages.success(request, f"From now on your lists have books in {which}.")
    return redirect(_address(form))


@never_cache
@require_safe
def what_if(request: HttpRequest, book_id: int) -> HttpResponse:
    """What would change in the list if this book of the reader's did not count."""
    reader, form = reader_or_404(request), ListForm(request.GET)
    entry = reader.entries.select_related("book").filter(book=book_id).first()
    if entry is None or not entry.is_read or not form.is_valid():
        raise Http404
    options = form.options()
    context: dict[str, Any] = {"entry": entry, "back": _address(form)}
    try:
        now = preview(reader=reader, top=BOOKS_PER_STEP, options=options)
        then = preview(reader=reader, top=BOOKS_PER_STEP, options=options, without=entry.pk)
        context |= _changes(now, then)
    except (NothingToRecommendFrom, NoRelease) as error:
        context["problem"] = str(error)
    return render(request, "recommender/what_if.html", context)


def _just_done(request: HttpRequest, reader: Reader) -> dict[str, Any]:
    """The book that was saved, rated or dismissed last, so that the reader can undo that here."""
    pk = request.session.pop(JUST_DONE, None)
    book = Book.objects.for_cards().filter(pk=pk).first() if pk else None
    if book is None:
        return {}
    state = book_states(reader=reader, books=[book])[book.pk]
    return {"done": book, "done_state": state} if state.entry or state.dismissal else {}


@dataclass(frozen=True, slots=True)
class Change:
    """A book with different places on two lists; None where it is not on the list."""

    book: Book
    before: int | None
    after: int | None


def _changes(now: Picks, then: Picks) -> dict[str, list[Change]]:
    before = {pick.book.pk: pick.rank for pick in now.chosen}
    after = {pick.book.pk: pick.rank for pick in then.chosen}
    dropped = [Change(p.book, p.rank, None) for p in now.chosen if p.book.pk not in after]
    added = [Change(p.book, None, p.rank) for p in then.chosen if p.book.pk not in before]
    moved = [
        Change(p.book, before[p.book.pk], p.rank)
        for p in then.chosen
        if before.get(p.book.pk, p.rank) != p.rank
    ]
    return {"dropped": dropped, "added": added, "moved": moved}


def _address(form: ListForm) -> str:
    """The address of the list with the filters of a valid form."""
    query_string = form.query_string()
    return reverse("recommendations") + (f"?{query_string}" if query_string else "")


def _list(reader: Reader, taste: Taste, form: ListForm, top: int) -> dict[str, Any]:
    try:
        picks = preview(reader=reader, top=top, options=form.options(), taste=taste)
    except (NothingToRecommendFrom, NoRelease) as error:
        return {"problem": str(error), "job": unfinished_import(reader=reader)}
    more = min(top + BOOKS_PER_STEP, MOST_BOOKS) if picks.has_more and top < MOST_BOOKS else None
    return {
        "picks": picks.chosen,
        "dial_hint": DIAL_HINTS.get(form.cleaned_data["dial"], ""),
        "states": {},  # no book of this list is in the library or dismissed
        "used": len(picks.used),
        "rated": sum(stars is not None for stars in picks.used.values()),
        "knows_likes": picks.knows_likes,
        "release": releases.describe(picks.model.release),
        "more": more and form.query_string(n=more),
        "query_string": form.query_string(),
        "without_genre": picks.without_genre,
        "with_unknown_genres": form.query_string(no_genre=True),
        "languages": language_words(form.cleaned_data["language"] or taste.languages),
        "has_own_languages": bool(reader.languages),
    }


def _save(request: HttpRequest, reader: Reader) -> HttpResponse:
    form = ListForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This list could not be saved: one of its filters is not valid.")
        return redirect("recommendations")
    try:
        run = runs.recommend(
            reader=reader, top=form.top(), options=form.options(), requested=form.parameters()
        )
    except (NothingToRecommendFrom, NoRelease) as error:
        messages.error(request, str(error))
        return redirect("history")
    return redirect("run", run.pk)
