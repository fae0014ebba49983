"""Actions on many books of the list, each with a page that asks for a value first."""

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
from catalog.curation import acts, bulk_edits
from catalog.languages import language_code
from catalog.models import Book, Genre
from recsite.accounts.models import User
from recsite.common.fields import LineField


class ReasonForm(forms.Form):
    reason = LineField(max_length=300, label="Why", widget=forms.TextInput({"size": 60}))


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
    series_name = LineField(max_length=300, label="Name of the series")


class KindForm(forms.Form):
    kind = forms.ChoiceField(choices=Book.Kind.choices, label="Kind of book")


class GenreForm(forms.Form):
    genre = forms.ModelChoiceField(Genre.objects.all())


@dataclass(frozen=True, slots=True)
class BulkAction:
    """An action on many books: its page, the form there, and the function that runs it."""

    name: str  # as Django's list knows the action
    title: str
    explanation: str
    form: type[forms.Form]
    run: Callable[[Collection[int], Mapping[str, Any], User], int]
    done: str  # what the message says of the books


def _hide(keys: Collection[int], values: Mapping[str, Any], user: User) -> int:
    return acts.hide(book_ids=keys, reason=values["reason"], user=user)


def _set(keys: Collection[int], values: Mapping[str, Any], user: User) -> int:
    return bulk_edits.set_values(book_ids=keys, values=values, user=user)


def _set_kind(keys: Collection[int], values: Mapping[str, Any], user: User) -> int:
    return bulk_edits.set_kind(book_ids=keys, kind=values["kind"], user=user)


def _add_genre(keys: Collection[int], values: Mapping[str, Any], user: User) -> int:
    return bulk_edits.add_genre(book_ids=keys, genre=values["genre"], user=user)


HIDE = BulkAction(
    name="hide",
    title="Hide books",
    explanation="They will no longer be recommended, from now on. Readers who have one of them in "
    "their library keep it.",
    form=ReasonForm,
    run=_hide,
    done="now hidden",
)
LANGUAGE = BulkAction(
    name="set_language",
    title="Set the language",
    explanation="Loaders will no longer change the language of these books.",
    form=LanguageForm,
    run=_set,
    done="changed",
)
SERIES = BulkAction(
    name="set_series",
    title="Set the series",
    explanation="The numbers of volumes stay as they are. Loaders will no longer change the series "
    "of these books.",
    form=SeriesForm,
    run=_set,
    done="changed",
)
KIND = BulkAction(
    name="set_kind",
    title="Set the kind",
    explanation="Parts, companions and guides are not recommended. Only an omnibus or a box set "
    "keeps its range of volumes. Loaders will no longer change the kind of these books.",
    form=KindForm,
    run=_set_kind,
    done="changed",
)
GENRE = BulkAction(
    name="add_genre",
    title="Add a genre",
    explanation="It is added as if one reader had shelved the book there, after its other genres. "
    "Loaders will no longer change the genres of the books that lacked it.",
    form=GenreForm,
    run=_add_genre,
    done="changed",
)


class BulkActions(ModelAdmin[Book]):
    """The actions of the list of books that need a value first."""

    @admin.action(description="Hide: no longer recommend these books…", permissions=["change"])
    def hide(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponse | None:
        return self._confirm_and_run(request, books, HIDE)

    @admin.action(description="Set the language…", permissions=["change"])
    def set_language(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponse | None:
        return self._confirm_and_run(request, books, LANGUAGE)

    @admin.action(description="Set the series…", permissions=["change"])
    def set_series(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponse | None:
        return self._confirm_and_run(request, books, SERIES)

    @admin.action(description="Set the kind…", permissions=["change"])
    def set_kind(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponse | None:
        return self._confirm_and_run(request, books, KIND)

    @admin.action(description="Add a genre…", permissions=["change"])
    def add_genre(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponse | None:
        return self._confirm_and_run(request, books, GENRE)

    def _confirm_and_run(
        self, request: HttpRequest, books: QuerySet[Book], bulk: BulkAction
    ) -> HttpResponse | None:
        """Show the action's form; once it is sent, run the action and go back to the list."""
        is_submitted = bool(bulk.form.base_fields.keys() & request.POST.keys())
        form = bulk.form(request.POST if is_submitted else None)
        if form.is_valid():
            keys = list(books.order_by().values_list("pk", flat=True))
            try:
                number = bulk.run(keys, form.cleaned_data, cast("User", request.user))
            except acts.CannotCurate as error:
                form.add_error(None, str(error))
            else:
                subject = f"{number} book{pluralize(number)} {pluralize(number, 'is,are')}"
                messages.success(request, f"{subject} {bulk.done}.")
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
