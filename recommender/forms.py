"""What a reader can send in."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Self, cast
from urllib.parse import urlencode, urlsplit

from django import forms
from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from catalog.languages import language_name
from catalog.models import Book, Genre
from catalog.normalize import isbn13_of
from recommender.engine.dial import DIAL_POSITIONS
from recommender.engine.rerank import RerankOptions
from recommender.library_forms import since_words
from recommender.models import ImportJob, Proposal, Reader
from recommender.services import imports
from recommender.services.proposals import Words
from recommender.sources.base import SourceError, SwitchedOff
from recommender.sources.profile import parse_profile
from recsite.accounts.models import User

STAND_IN_HOSTS = {"localhost", "127.0.0.1", "::1"}


def uses_stand_in() -> bool:
    """Whether "Goodreads" is the stand-in on this machine, with its sample readers."""
    return urlsplit(settings.GOODREADS_BASE_URL).hostname in STAND_IN_HOSTS


def pull_is_on() -> bool:
    """Whether this site may ask Goodreads at all."""
    return bool(settings.CONTACT_EMAIL) or uses_stand_in()


class StartForm(forms.Form):
    """Where a reader's ratings come from: a Goodreads profile, or the export file."""

    profile = forms.CharField(
        label="Your Goodreads profile",
        required=False,
        help_text=(
            "The number, the address of your profile, or what “Share” in the app gives you."
        ),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "placeholder": "goodreads.com/user/show/12345-name",
            }
        ),
    )
    export = forms.FileField(
        label="Or your export file",
        required=False,
        help_text=(
            "From Goodreads, StoryGraph, LibraryThing (tab-delimited) or BookWyrm. Used if you "
            "give both. You see what it changes before anything is kept."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not pull_is_on():
            self.fields["profile"].disabled = True
            self.fields["profile"].help_text = str(SwitchedOff())

    def clean_profile(self) -> str:
        text: str = self.cleaned_data["profile"].strip()
        if text and not self.files.get("export"):
            try:
                parse_profile(text)
            except SourceError as error:
                raise ValidationError(str(error), code=error.code) from error
        return text

    def clean_export(self) -> "UploadedFile[bytes] | None":
        file: UploadedFile[bytes] | None = self.cleaned_data["export"]
        if file and (file.size or 0) > settings.IMPORT_MAX_BYTES:
            most = filesizeformat(settings.IMPORT_MAX_BYTES)
            raise ValidationError(
                f"This file is larger than {most}, so it is no export of a library. "
                "Choose the .csv file that Goodreads or another service made of your books.",
                code="too_large",
            )
        return file

    def clean(self) -> dict[str, Any]:
        if not self.errors and not any(self.cleaned_data.values()):
            field = "profile" if pull_is_on() else "export"
            self.add_error(field, "Paste your Goodreads profile, or choose your export file.")
        return self.cleaned_data

    def begin(self, reader: Reader) -> ImportJob | None:
        """Start the import; None, with an error beside the field, where that cannot be."""
        file: UploadedFile[bytes] | None = self.cleaned_data["export"]
        try:
            if file:
                return imports.start_upload(
                    reader=reader, filename=file.name or "", content=file.read()
                )
            return imports.start_pull(reader=reader, text=self.cleaned_data["profile"])
        except SourceError as error:
            self.add_error("export" if file else "profile", str(error))
            return None


class PaceForm(forms.Form):
    """How often the linked shelf is looked at again."""

    refresh_pace = forms.ChoiceField(
        label="Look for new ratings", choices=Reader.RefreshPace.choices, widget=forms.RadioSelect
    )


class DigestForm(forms.Form):
    """How often new books are written of."""

    digest_pace = forms.ChoiceField(
        label="E-mail of new books", choices=Reader.DigestPace.choices, widget=forms.RadioSelect
    )


class SharingForm(forms.Form):
    """Whether the next model may learn from the reader's ratings."""

    agrees = forms.BooleanField(
        label="Let my ratings help other readers’ lists", required=False, label_suffix=""
    )


class LeaveForm(forms.Form):
    """The last question before everything is deleted: the password, or a guest's word."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    word = forms.CharField(
        label="Type the word “delete”", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, user: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        has_password = user is not None and user.has_usable_password()
        del self.fields["word" if has_password else "password"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if self.user is None or not self.user.check_password(password):
            raise ValidationError("This is not your password. Nothing was deleted.")
        return password

    def clean_word(self) -> str:
        word: str = self.cleaned_data["word"]
        if word.strip(" “”\"'.").casefold() != "delete":
            raise ValidationError("Please type the word: delete. Nothing was deleted.")
        return word


class ProposalForm(forms.Form):
    """A book that the catalog lacks."""

    title = forms.CharField(label="Title", required=False, max_length=500)
    author = forms.CharField(label="Author", required=False, max_length=300)
    isbn = forms.CharField(
        label="ISBN",
        required=False,
        max_length=40,
        help_text="10 or 13 digits, on the back of the book. It finds the book most surely.",
    )

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """The form with what was looked for."""
        shown = {"title": proposal.title, "author": proposal.author, "isbn": proposal.isbn13}
        return cls(initial=shown)

    def clean_isbn(self) -> str:
        text: str = self.cleaned_data["isbn"]
        number = isbn13_of(text)
        if text and not number:
            raise ValidationError("This is no ISBN. Compare its 10 or 13 digits, or leave it out.")
        return number

    def clean(self) -> dict[str, Any]:
        if not self.errors and not (self.cleaned_data["title"] or self.cleaned_data["isbn"]):
            self.add_error("title", "Give the title or the ISBN.")
        return self.cleaned_data

    @property
    def words(self) -> Words:
        """What is looked for, of a form that is valid."""
        given = self.cleaned_data
        return Words(given["title"], given["author"], given["isbn"])


DIAL_WORDS = {
    -2: "Very familiar",
    -1: "Familiar",
    0: "Balanced",
    1: "Adventurous",
    2: "Very adventurous",
}


SERIES_WORDS = {"": "Any", "0": "No series", "3": "At most three volumes"}
YEARS = {"min_value": -3000, "max_value": 2100}


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


def in_words(parameters: Mapping[str, Any]) -> list[str]:
    """How a saved list was made, for people; empty where nothing was asked for."""
    say: dict[str, Callable[[Any], str]] = {
        "dial": lambda step: DIAL_WORDS.get(step, f"dial {step}").lower(),
        "genre": lambda slug: f"genre {slug.replace('-', ' ')}",
        "language": lambda code: f"in {language_name(code)}",
        "year_from": lambda year: f"from {year}",
        "year_to": lambda year: f"up to {year}",
        "series": lambda most: SERIES_WORDS.get(most, f"series: {most}").lower(),
        "since": lambda day: f"only what you read since {since_words(date.fromisoformat(day))}",
    }
    return [words(parameters[name]) for name, words in say.items() if name in parameters]
