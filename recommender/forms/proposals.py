"""The form for a book that the catalog lacks."""

from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError

from catalog.normalize import isbn13_of
from recommender.models import Proposal
from recsite.common.fields import LineField


class ProposalForm(forms.Form):
    """A book that the catalog lacks."""

    title = LineField(label="Title", required=False, max_length=500)
    author = LineField(label="Author", required=False, max_length=300)
    isbn = forms.CharField(
        label="ISBN",
        required=False,
        max_length=40,
        help_text="10 or 13 digits, on the back of the book. The surest way to find it.",
    )

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """The form, filled in with what was searched for."""
        initial = {"title": proposal.title, "author": proposal.author, "isbn": proposal.isbn13}
        return cls(initial=initial)

    def clean_isbn(self) -> str:
        text: str = self.cleaned_data["isbn"]
        number = isbn13_of(text)
        if text and not number:
            raise ValidationError("This is not a valid ISBN. Check the digits, or leave it out.")
        return number

    def clean(self) -> dict[str, Any]:
        if not self.errors and not (self.cleaned_data["title"] or self.cleaned_data["isbn"]):
            self.add_error("title", "Give the title or the ISBN.")
        return self.cleaned_data

    def terms(self) -> dict[str, Any]:
        """What to search for, by the fields of `SearchTerms`, of a valid form."""
        data = dict(self.cleaned_data)
        return data | {"isbn13": data.pop("isbn")}
