"""What is known of somebody who is to get a book."""

from typing import Any

from django import forms

from recommender.engine.rerank import RerankOptions
from recommender.selectors.wording import PAGE_WORDS, PAGES

#: How well known the book may be, by the positions of the dial.
FAME_WORDS = {"": "Any", "-2": "Well known", "2": "Little known"}
LONGEST_TITLE = 200
LOVED = ("first", "second", "third")


def _title(label: str, *, required: bool = False) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST_TITLE,
        widget=forms.TextInput(attrs=attrs),
    )


class GiftForm(forms.Form):
    """A few books that somebody loved, and what the gift should be like."""

    first = _title("A book they loved", required=True)
    second = _title("Another one")
    third = _title("And another")
    year_from = forms.IntegerField(
        label="From year", required=False, min_value=-3000, max_value=2100
    )
    year_to = forms.IntegerField(label="To year", required=False, min_value=-3000, max_value=2100)
    pages = forms.ChoiceField(label="Length", choices=list(PAGE_WORDS.items()), required=False)
    fame = forms.ChoiceField(
        label="How well known", choices=list(FAME_WORDS.items()), required=False
    )

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("year_from"), self.cleaned_data.get("year_to")
        if first is not None and last is not None and first > last:
            self.add_error("year_to", "The last year comes before the first.")
        return self.cleaned_data

    def titles(self) -> dict[str, str]:
        """What was typed, by the name of the field, of a valid form."""
        return {name: self.cleaned_data[name] for name in LOVED if self.cleaned_data[name]}

    def options(self) -> RerankOptions:
        """The wishes as the engine takes them, of a valid form."""
        fewest, most, _ = PAGES.get(self.cleaned_data["pages"], (None, None, ""))
        return RerankOptions(
            dial=float(self.cleaned_data["fame"] or 0),
            year_from=self.cleaned_data["year_from"],
            year_to=self.cleaned_data["year_to"],
            pages_from=fewest,
            pages_to=most,
        )
