"""A reader's library: its entries, and what the reader can change about them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.models import Book
from recommender.forms.library import EntryForm, LibraryForm, ManyForm, SinceForm, since_text
from recommender.models import LibraryEntry, Reader, RemovedEntry
from recommender.selectors.current_model import known_to_model
from recommender.selectors.library import find_entries
from recommender.selectors.look_ups import look_ups_of, offered_for
from recommender.selectors.wording import since_words
from recommender.services import entries
from recommender.services.entries import Change
from recommender.shelves import shelf_name
from recommender.views.access import own, reader_of, reader_or_404
from recommender.views.htmx import redirect_unless_post, wants_fragment
from recommender.views.suggestions import JUST_ANSWERED

ENTRIES_PER_PAGE = 25
PROPOSED_SHOWN = 25
#: Entries with all that their rows show.
ENTRIES = LibraryEntry.objects.select_related("reader").with_books()
#: The session's key of the entry removed last, for readers without JavaScript.
JUST_REMOVED = "just_removed"


@dataclass(frozen=True, slots=True)
class Row:
    """An entry, with notes on why it does not affect its reader's list, if it does not."""

    entry: LibraryEntry
    notes: list[str] = field(default_factory=list)
    #: The proposal with books of Open Library's to choose from, for an entry without a book.
    proposal: UUID | None = None


@never_cache
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Filtered, sorted and in pages; htmx, which asks when a filter changes, gets the entries."""
    form = LibraryForm(request.GET)
    return _page(request, form, status=200 if form.is_valid() else 422)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """The form of one entry, as a page or in place of the entry; POST saves it."""
    shown = own(request, ENTRIES, entry_id)
    if request.method != "POST":
        if wants_fragment(request) and "row" in request.GET:
            return _row(request, shown)
        return _form(request, shown, EntryForm(shown))
    form = EntryForm(shown, request.POST)
    if not form.is_valid():
        return _form(request, shown, form)
    entries.edit(entry=shown, **form.cleaned_data)
    return _answer(request, shown.pk, "Saved.")


@require_POST
def stars(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Give an entry stars where it stands, without its form."""
    shown = own(request, ENTRIES, entry_id)
    given = {str(number): number for number in entries.STARS_TO_GIVE}.get(
        request.POST.get("stars", "")
    )
    if given is None:
        return HttpResponseBadRequest("Give 1 to 5 stars.")
    entries.give_stars(entry=shown, stars=given)
    return _answer(request, shown.pk, "Saved.")


@require_POST
def leave_out(request: HttpRequest, entry_id: int, *, is_left_out: bool) -> HttpResponse:
    """Leave an entry out of recommendations, or count it again."""
    shown = own(request, ENTRIES, entry_id)
    entries.set_left_out(entry=shown, is_left_out=is_left_out)
    return _answer(request, shown.pk, "Left out." if is_left_out else "Counts again.")


@require_POST
def change_many(request: HttpRequest) -> HttpResponse:
    """Give stars to the ticked entries, move them, leave them out, count or remove them."""
    reader, form = reader_or_404(request), ManyForm(request.POST)
    if not form.is_valid():
        problems = [str(error) for errors in form.errors.values() for error in errors]
        messages.error(request, " ".join(problems))
        return redirect(_back(request))
    change, done = _change(form.cleaned_data["do"])
    keys = form.cleaned_data["entry"]
    count = entries.change_many(reader=reader, entry_ids=keys, change=change)
    messages.success(request, f"{count} book{'' if count == 1 else 's'} {done}.")
    return redirect(_back(request))


def _change(do: str) -> tuple[Change, str]:
    """What was chosen, and the end of the message once it is done."""
    kind, _, value = do.partition(":")
    match kind:
        case "stars":
            stars = Decimal(value) if value else None
            done = f"rated {value} star{'' if value == '1' else 's'}" if value else "without stars"
            return partial(entries.give_stars, stars=stars), done
        case "shelf":
            return partial(entries.move, shelf=value), f"on “{shelf_name(value)}” now"
        case "remove":
            return entries.remove, "removed; you can put them back"
        case "leave-out":
            return partial(entries.set_left_out, is_left_out=True), "left out"
    return partial(entries.set_left_out, is_left_out=False), "counted again"


@require_POST
def follow_source(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Let the next import overwrite what the reader has changed."""
    shown = own(request, ENTRIES, entry_id)
    entries.follow_source(entry=shown)
    return _answer(request, shown.pk, "Your next import may change it again.")


@require_POST
def remove(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Remove an entry; a line in its place undoes that."""
    removed_entry = entries.remove(entry=own(request, ENTRIES, entry_id))
    if wants_fragment(request):
        context = {"removed_entry": removed_entry, "back": _back(request), "oob": True}
        context |= _counts(removed_entry.reader)
        return render(request, "recommender/_entry_removed.html", context)
    request.session[JUST_REMOVED] = removed_entry.pk
    return redirect(_back(request))


@never_cache
@require_safe
def removed(request: HttpRequest) -> HttpResponse:
    """The entries that the reader has removed; each can be put back."""
    reader = reader_of(request)
    entries_removed = reader.removed_entries.all() if reader else RemovedEntry.objects.none()
    return render(request, "recommender/library_removed.html", {"removed": entries_removed})


@require_POST
def restore(request: HttpRequest, removed_id: int) -> HttpResponse:
    """Put a removed entry back."""
    removed_entry = own(request, RemovedEntry.objects, removed_id)
    same = {"source": removed_entry.source, "source_key": removed_entry.source_key}
    entries.restore(removed=removed_entry)
    restored = removed_entry.reader.entries.filter(**same).first()
    if wants_fragment(request) and restored:
        return _answer(request, restored.pk, "Put back.")
    messages.success(request, f"“{removed_entry}” is in your library again.")
    return redirect(_back(request))


@never_cache
@require_safe
def look_ups(request: HttpRequest) -> HttpResponse:
    """How far the search at Open Library has come: the part of the library that htmx renews."""
    reader = reader_of(request)
    if reader is None or not wants_fragment(request):
        return redirect("library")
    found = look_ups_of(reader=reader)
    if request.GET.get("seen") == found.seen:
        return HttpResponse(status=204)
    return render(request, "recommender/_look_ups.html", {"look_ups": found})


@redirect_unless_post("library")
def since(request: HttpRequest) -> HttpResponse:
    """Choose from which day on the reader's books count."""
    reader = reader_of(request)
    form = SinceForm(request.POST)
    if reader is None or not form.is_valid():
        return _page(request, LibraryForm({}), since_form=form, status=422)
    day = form.cleaned_data["since"]
    entries.set_read_since(reader=reader, since=day)
    rule = f"Only what you read since {since_words(day)} counts now." if day else "All books count."
    messages.success(request, rule)
    return redirect(_back(request))


def _page(
    request: HttpRequest, form: LibraryForm, *, since_form: SinceForm | None = None, status: int
) -> HttpResponse:
    reader = reader_of(request)
    is_part = wants_fragment(request)
    context: dict[str, Any] = {"form": form, "back": reverse("library"), "reader": reader}
    context["oob"] = is_part
    if reader:
        context |= _counts(reader)
        context["removed"] = reader.removed_entries.count()
        context["since_form"] = since_form or SinceForm(
            initial={"since": since_text(reader.read_since)}
        )
    if reader and form.is_valid():
        page = Paginator(
            find_entries(reader=reader, filters=form.filters()), ENTRIES_PER_PAGE
        ).get_page(request.GET.get("page"))
        shown = LibraryEntry.objects.with_books().in_bulk(list(page))
        lines = [shown[pk] for pk in page if pk in shown]
        context["many_form"] = ManyForm()
        context |= {"page": page, "rows": _rows(reader, lines), "query_string": form.query_string()}
        context |= {"is_filtered": form.is_filtered, "shelf": form.cleaned_data["shelf"]}
        if request.GET:
            context["back"] = request.get_full_path()
    if reader and not is_part:
        pk = request.session.pop(JUST_REMOVED, None)
        context["removed_entry"] = reader.removed_entries.filter(pk=pk).first() if pk else None
        context |= _proposed(request, reader)
        context["look_ups"] = look_ups_of(reader=reader)
    name = "recommender/_library.html" if is_part else "recommender/library.html"
    # htmx does not show an answer with an error status.
    return render(request, name, context, status=200 if is_part else status)


def _proposed(request: HttpRequest, reader: Reader) -> dict[str, Any]:
    """The entries that probably mean a book, and those just answered for, which can be undone."""
    proposed = reader.entries.proposed().order_by("pk")
    answered = reader.entries.filter(pk__in=request.session.get(JUST_ANSWERED, []))
    return {
        "size": proposed.count(),
        "lines": proposed.prefetch_related(Prefetch("suggested_book", Book.objects.with_authors()))[
            :PROPOSED_SHOWN
        ],
        "accepted": answered.filter(book=F("suggested_book")).count(),
        "declined": answered.filter(is_suggestion_declined=True).first(),
    }


def _rows(reader: Reader, shown: Iterable[LibraryEntry]) -> list[Row]:
    lines = list(shown)
    numbers = {line.book.goodbooks_id for line in lines if line.book}
    known = known_to_model(book_ids={number for number in numbers if number is not None})
    lost = [line.pk for line in lines if line.book_id is None]
    offered = offered_for(reader=reader, entries=lost) if lost else {}
    return [Row(line, _notes(reader, line, known), offered.get(line.pk)) for line in lines]


def _notes(reader: Reader, line: LibraryEntry, known: frozenset[int] | None) -> list[str]:
    notes = []
    if line.book is None and line.suggested_book_id and not line.is_suggestion_declined:
        notes.append("Probably one of our books. Say whether it is, at the top of your library.")
    elif line.book is None:
        notes.append("Not in our catalog yet.")
    elif known is not None and line.book.goodbooks_id not in known:
        notes.append("Cannot be used for recommendations yet.")
    day, since = line.read_on or line.added_on, reader.read_since
    if line.is_left_out:
        notes.append("Left out of your recommendations.")
    elif line.is_read and since and day and day < since:
        notes.append(f"From before {since_words(since)}, so it does not count.")
    return notes


def _counts(reader: Reader) -> dict[str, Any]:
    sizes = LibraryEntry.objects.filter(reader=reader).shelf_sizes()
    return {"sizes": sizes, "total": sum(sizes.values())}


def _form(request: HttpRequest, shown: LibraryEntry, form: EntryForm) -> HttpResponse:
    is_part = wants_fragment(request)
    name = "recommender/_entry_form.html" if is_part else "recommender/library_entry.html"
    if is_part:  # the pressed link is gone with the swap
        form.fields["stars"].widget.attrs["autofocus"] = True
    context = {"entry": shown, "form": form, "back": _back(request)}
    return render(request, name, context, status=422 if form.errors and not is_part else 200)


def _answer(request: HttpRequest, entry_id: int, message: str) -> HttpResponse:
    """The entry as it is now for htmx; without JavaScript, the page again."""
    if wants_fragment(request):
        return _row(request, own(request, ENTRIES, entry_id), message)
    messages.success(request, message)
    return redirect(f"{_back(request)}#entry-{entry_id}")


def _row(request: HttpRequest, shown: LibraryEntry, message: str = "") -> HttpResponse:
    [row] = _rows(shown.reader, [shown])
    context = {"row": row, "back": _back(request), "message": message, "focus": True}
    if message:
        context |= {"oob": True, **_counts(shown.reader)}
    return render(request, "recommender/_entry_and_shelves.html", context)


def _back(request: HttpRequest) -> str:
    """Where the reader came from: the library or the list, with its filters; no other page."""
    home = reverse("library")
    back = request.POST.get("next") or request.GET.get("next") or home
    is_here = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if is_here and back.startswith((home, reverse("recommendations"))) else home
