"""The dial and the filters of a list."""

from collections.abc import Collection
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.core.cache import caches

from catalog.languages import language_name
from catalog.models import Book, Genre
from recommender.engine.dial import DIAL_POSITIONS
from recommender.engine.rerank import DEFAULT_OPTIONS, RerankOptions
from recommender.selectors.wording import DIAL_WORDS, NEW_SINCE, PAGE_WORDS, PAGES, SERIES_WORDS

Choices = list[tuple[str, str]]


class DialField(forms.IntegerField):
    """A number that shows its initial value if the query string does not have it."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if data in (None, "") else data


class LanguagesField(forms.MultipleChoiceField):
    """Languages, of which those of the reader are ticked if the query string names none."""

    widget = forms.CheckboxSelectMultiple

    def to_python(self, value: Any) -> list[str]:
        return [code for code in super().to_python(value) if code]

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data or initial


class ListForm(forms.Form):
    """The dial and the filters of a list, as the query string has them.

    `own_languages` are the reader's. To ask for exactly them is to ask for none.
    """

    dial = DialField(
        label="Familiar or adventurous",
        required=False,
        min_value=DIAL_POSITIONS[0],
        max_value=DIAL_POSITIONS[-1],
        initial=0,
        widget=forms.Select(choices=[(step, DIAL_WORDS[step]) for step in DIAL_POSITIONS]),
    )
    sequels = forms.BooleanField(label="More next volumes", required=False)
    genre = forms.ChoiceField(required=False)
    no_genre = forms.BooleanField(label="Also books without a genre", required=False)
    new = forms.BooleanField(label=f"New since {NEW_SINCE}", required=False)
    language = LanguagesField(label="Languages", required=False)
    year_from = forms.IntegerField(
        label="From year", required=False, min_value=-3000, max_value=2100
    )
    year_to = forms.IntegerField(label="To year", required=False, min_value=-3000, max_value=2100)
    series = forms.ChoiceField(choices=list(SERIES_WORDS.items()), required=False)
    pages = forms.ChoiceField(label="Length", choices=list(PAGE_WORDS.items()), required=False)
    n = forms.IntegerField(
        required=False, min_value=1, max_value=50, widget=forms.HiddenInput, initial=10
    )

    def __init__(self, *args: Any, own_languages: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_languages = frozenset(own_languages)
        self.initial["language"] = sorted(own_languages)
        # Looked up once per form; a callable would be called at each access to the choices.
        genres, languages = _cached_choices()
        cast("forms.ChoiceField", self.fields["genre"]).choices = genres
        cast("LanguagesField", self.fields["language"]).choices = languages

    def clean_dial(self) -> int:
        return self.cleaned_data["dial"] or 0

    def clean_language(self) -> list[str]:
        """The languages asked for in place of the reader's; empty if there are none."""
        chosen: list[str] = sorted(self.cleaned_data["language"])
        return [] if self.own_languages == set(chosen) else chosen

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("year_from"), self.cleaned_data.get("year_to")
        if first is not None and last is not None and first > last:
            self.add_error("year_to", "The last year comes before the first.")
        elif last is not None and last < NEW_SINCE and self.cleaned_data.get("new"):
            self.add_error("year_to", f"Nothing new since {NEW_SINCE} is that old.")
        return self.cleaned_data

    def top(self) -> int:
        """How many books the list has."""
        return self.cleaned_data["n"] or 10

    @property
    def narrows(self) -> bool:
        """Whether anything but the dial is set, or wrong."""
        names = self.fields.keys() - {"dial", "n"}
        return any(self.data.get(name) for name in names) or bool(self.errors)

    def parameters(self) -> dict[str, object]:
        """The dial and the filters that are set, of a valid form."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "n"}
        return {name: value for name, value in values.items() if value not in (None, "", 0, [])}

    def pairs(self) -> list[tuple[str, object]]:
        """The parameters with one value each, as a form sends them."""
        return [
            (name, value)
            for name, values in self.parameters().items()
            for value in (values if isinstance(values, list) else [values])
        ]

    def query_string(self, **extra: object) -> str:
        """The query string of the same list, of a valid form."""
        return urlencode(self.parameters() | extra, doseq=True)

    def options(self) -> RerankOptions:
        """The dial and the filters as the engine takes them, of a valid form."""
        data = self.cleaned_data
        genres = Genre.objects.filter(slug=data["genre"]) if data["genre"] else Genre.objects.none()
        first_year = data["year_from"]
        if data["new"]:
            first_year = max(first_year or NEW_SINCE, NEW_SINCE)
        fewest_pages, most_pages, _ = PAGES.get(data["pages"], (None, None, ""))
        return RerankOptions(
            dial=data["dial"],
            next_volumes=None if data["sequels"] else DEFAULT_OPTIONS.next_volumes,
            genre_ids=frozenset(genre.pk for genre in genres),
            with_unknown_genres=data["no_genre"],
            languages=frozenset(data["language"]),
            year_from=first_year,
            year_to=data["year_to"],
            longest_series=int(data["series"]) if data["series"] else None,
            pages_from=fewest_pages,
            pages_to=most_pages,
        )


def genre_choices() -> Choices:
    """The genres to choose from, at most a minute old."""
    return _cached_choices()[0]


def _cached_choices() -> tuple[Choices, Choices]:
    """The genres and languages to choose from, at most a minute old."""
    cached: tuple[Choices, Choices] | None = caches["process"].get("list-choices")
    if cached is None:
        cached = _choices()
        caches["process"].set("list-choices", cached)
    return cached


def _choices() -> tuple[Choices, Choices]:
    genres = Genre.objects.values_list("slug", "name")
    named = [(code, language_name(code)) for code in Book.objects.languages()]
    return [("", "Any"), *genres], sorted(named, key=lambda pair: pair[1])
