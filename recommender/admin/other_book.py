"""Acts with another book: it is searched for, and chosen among those that were found."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from django import forms

from catalog.models import Book
from catalog.search import search_as_curator
from recommender.admin.confirm import ConfirmView, M

BOOKS_OFFERED = 12


class IntoBook(forms.Form):
    """Another book; what is searched for is no part of the act."""

    search = forms.CharField(
        max_length=200,
        required=False,
        label="The other book",
        help_text="Its title, author or ISBN, or the number in the address of its page.",
    )
    into = forms.ModelChoiceField(
        Book.objects.standing(),
        widget=forms.HiddenInput,
        label="Which of these?",
        error_messages={
            "invalid_choice": "No book has this number, or it was merged.",
            "required": "Choose the other book.",
        },
    )
    reason = forms.CharField(max_length=300, required=False, label="Reason")

    def offer(self, found: Sequence[Book]) -> None:
        """Let one of these books be chosen."""
        if found:
            choices = [(book.pk, _described(book)) for book in found]
            self.fields["into"].widget = forms.RadioSelect(choices=choices)
        else:
            self.fields["search"].help_text = "Nothing found. Try fewer words, or the number."

    def clean(self) -> dict[str, Any]:
        self.cleaned_data.pop("search", None)
        return self.cleaned_data


class IntoBookView(ConfirmView[M]):
    """An act with another book."""

    form_class = IntoBook

    @abstractmethod
    def get_book_id(self) -> int:
        """The book that is not offered, since it is not another one."""

    def get_form(self) -> forms.Form:
        text = self.request.GET.get("search", "").strip()
        if self.request.method == "POST" or self.request.GET.get("into"):
            return super().get_form()
        if not text:
            return IntoBook()
        form = IntoBook(initial=self.request.GET.dict())
        found = search_as_curator(text, limit=BOOKS_OFFERED + 1)
        form.offer([book for book in found if book.pk != self.get_book_id()][:BOOKS_OFFERED])
        return form


def _described(book: Book) -> str:
    authors = ", ".join(book.author_names)
    year = f" ({book.year})" if book.year is not None else ""
    hidden = ", hidden" if book.status == Book.Status.HIDDEN else ""
    return f"{book.title}, {authors}{year}: number {book.pk}{hidden}"
