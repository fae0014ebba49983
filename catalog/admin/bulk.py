"""What a curator does to many books of the list at once, each after a page that asks for more."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import pluralize

from catalog.admin.typed import ModelAdmin
from catalog.curation import acts, edits
from catalog.languages import language_code
from catalog.models import Book, Genre
from recsite.accounts.models import User


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=300, label="Why", widget=forms.TextInput({"size": 60}))


class LanguageForm(forms.Form):
    language = forms.CharField(
        max_length=20, help_text="ISO 639-3 code of the edition readers know best, such as eng."
    )

    def clean_language(self) -> str:
        code = language_code(self.cleaned_data["language"])
        if not code:
            raise forms.ValidationError("Write the code of a language, such as eng, fra or deu.")
        return code


class SeriesForm(forms.Form):
    series_name = forms.CharField(max_length=300, label="Name of the series")


class GenreForm(forms.Form):
    genre = forms.ModelChoiceField(Genre.objects.all())


@dataclass(frozen=True, slots=True)
class BulkAct:
    """An act on many books: its page, what is asked there, and how it is done."""

    name: str  # of the action
    title: str
    what: str
    form: type[forms.Form]
    act: Callable[[Collection[int], Mapping[str, Any], User], int]
    done: str  # behind the number of books


def _hide(keys: Collection[int], asked: Mapping[str, Any], user: User) -> int:
    return acts.hide(book_ids=keys, reason=asked["reason"], user=user)


def _set(keys: Collection[int], asked: Mapping[str, Any], user: User) -> int:
    return edits.set_values(book_ids=keys, values=asked, user=user)


def _add_genre(keys: Collection[int], asked: Mapping[str, Any], user: User) -> int:
    return edits.add_genre(book_ids=keys, genre=asked["genre"], user=user)


HIDE = BulkAct(
    name="hide",
    title="Hide books",
    what="Recommended no longer from this moment on; whoever has one of these books in the "
    "library keeps it.",
    form=ReasonForm,
    act=_hide,
    done="hidden now",
)
LANGUAGE = BulkAct(
    name="set_language",
    title="Set the language",
    what="Loaders leave the language of these books alone from then on.",
    form=LanguageForm,
    act=_set,
    done="changed",
)
SERIES = BulkAct(
    name="set_series",
    title="Set the series",
    what="Numbers of volumes stay as they are. Loaders leave the series of these books alone "
    "from then on.",
    form=SeriesForm,
    act=_set,
    done="changed",
)
GENRE = BulkAct(
    name="add_genre",
    title="Add a genre",
    what="Added as if one reader saw it in the book, behind the genres that are there. Loaders "
    "leave the genres of the books that lacked it alone from then on.",
    form=GenreForm,
    act=_add_genre,
    done="changed",
)


class BulkActs(ModelAdmin[Book]):
    """The actions of the list of books that ask for something first."""

    @admin.action(description="Hide: recommend these books no longer…", permissions=["change"])
    def hide(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponse | None:
        return self._ask_and_do(request, books, HIDE)

    @admin.action(description="Set the language…", permissions=["change"])
    def set_language(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponse | None:
        return self._ask_and_do(request, books, LANGUAGE)

    @admin.action(description="Set the series…", permissions=["change"])
    def set_series(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponse | None:
        return self._ask_and_do(request, books, SERIES)

    @admin.action(description="Add a genre…", permissions=["change"])
    def add_genre(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponse | None:
        return self._ask_and_do(request, books, GENRE)

    def _ask_and_do(
        self, request: HttpRequest, books: QuerySet[Book], bulk: BulkAct
    ) -> HttpResponse | None:
        """Ask for what the act needs; once it has come, do it and go back to the list."""
        has_come = bool(bulk.form.base_fields.keys() & request.POST.keys())
        form = bulk.form(request.POST if has_come else None)
        if form.is_valid():
            keys = list(books.order_by().values_list("pk", flat=True))
            try:
                number = bulk.act(keys, form.cleaned_data, cast("User", request.user))
            except acts.CannotCurate as error:
                form.add_error(None, str(error))
            else:
                told = f"{number} book{pluralize(number)} {pluralize(number, 'is,are')} {bulk.done}"
                messages.success(request, f"{told}.")
                return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": bulk.title,
            "bulk": bulk,
            "form": form,
            "books": books,
            "chosen": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        status = 422 if form.errors else 200
        return render(request, "admin/catalog/book/bulk.html", context, status=status)
