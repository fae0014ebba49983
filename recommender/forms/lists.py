"""What a list may hold, and how adventurous it is."""

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.core.cache import caches

from catalog.languages import language_name
from catalog.models import Book, Genre
from recommender.engine.dial import DIAL_POSITIONS
from recommender.engine.rerank import RerankOptions
from recommender.selectors.wording import DIAL_WORDS, SERIES_WORDS

Choices = list[tuple[str, str]]


def _kept_choices() -> tuple[Choices, Choices]:
    """Genres and languages as they were within the last minute."""
    kept: tuple[Choices, Choices] | None = caches["process"].get("list-choices")
    if kept is None:
        kept = _choices()
        caches["process"].set("list-choices", kept)
    return kept


def _choices() -> tuple[Choices, Choices]:
    genres = Genre.objects.values_list("slug", "name")
    named = [(code, language_name(code)) for code in Book.objects.languages()]
    languages = sorted(named, key=lambda pair: pair[1])
    return [("", "Any"), *genres], [("", "Any"), *languages]


class DialField(forms.IntegerField):
    """A number that stands at its initial value where the address does not name it."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if data in (None, "") else data


class ListForm(forms.Form):
    """What a list may hold and how adventurous it is, as the address carries it."""

    dial = DialField(
        label="Familiar or adventurous",
        required=False,
        min_value=DIAL_POSITIONS[0],
        max_value=DIAL_POSITIONS[-1],
        initial=0,
        widget=forms.Select(choices=[(step, DIAL_WORDS[step]) for step in DIAL_POSITIONS]),
    )
    genre = forms.ChoiceField(required=False)
    language = forms.ChoiceField(required=False)
    year_from = forms.IntegerField(
        label="From year", required=False, min_value=-3000, max_value=2100
    )
    year_to = forms.IntegerField(label="To year", required=False, min_value=-3000, max_value=2100)
    series = forms.ChoiceField(choices=list(SERIES_WORDS.items()), required=False)
    n = forms.IntegerField(
        required=False, min_value=1, max_value=50, widget=forms.HiddenInput, initial=10
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Asked for once a form; a callable would be called anew by each look at the choices.
        genres, languages = _kept_choices()
        cast("forms.ChoiceField", self.fields["genre"]).choices = genres
        cast("forms.ChoiceField", self.fields["language"]).choices = languages

    def clean_dial(self) -> int:
        return self.cleaned_data["dial"] or 0

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("year_from"), self.cleaned_data.get("year_to")
        if first is not None and last is not None and first > last:
            self.add_error("year_to", "The last year comes before the first.")
        return self.cleaned_data

    def top(self) -> int:
        """How many books are asked for."""
        return self.cleaned_data["n"] or 10

    def asked(self) -> dict[str, object]:
        """What differs from a list without wishes, of a form that is valid."""
        wishes = {name: value for name, value in self.cleaned_data.items() if name != "n"}
        return {name: value for name, value in wishes.items() if value not in (None, "", 0)}

    def options(self) -> RerankOptions:
        """The wishes as the engine takes them."""
        wishes = self.cleaned_data
        genres = (
            Genre.objects.filter(slug=wishes["genre"]) if wishes["genre"] else Genre.objects.none()
        )
        return RerankOptions(
            dial=wishes["dial"],
            genre_ids=frozenset(genre.pk for genre in genres),
            languages=frozenset({wishes["language"]} - {""}),
            year_from=wishes["year_from"],
            year_to=wishes["year_to"],
            longest_series=int(wishes["series"]) if wishes["series"] else None,
        )

    def address(self, **further: object) -> str:
        """The query of an address that asks for the same."""
        return urlencode(self.asked() | further)
