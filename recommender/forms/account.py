"""What readers choose for their account, and the last question before it is deleted."""

from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from recommender.models import Reader
from recsite.accounts.models import User
from recsite.common.zones import zone_choices

EXAMPLE_ISBN = "9780618260300"


class RefreshPaceForm(forms.Form):
    """How often the linked shelf is fetched again."""

    refresh_pace = forms.ChoiceField(
        label="Check for new ratings", choices=Reader.RefreshPace.choices, widget=forms.RadioSelect
    )


class DigestPaceForm(forms.Form):
    """How often the reader gets an email with new books."""

    digest_pace = forms.ChoiceField(
        label="Email with new books", choices=Reader.DigestPace.choices, widget=forms.RadioSelect
    )


class TimeZoneForm(forms.Form):
    """Where the reader's day begins."""

    time_zone = forms.ChoiceField(label="Days and times are those of", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ChoiceField", self.fields["time_zone"])
        field.choices = [("", "UTC"), *zone_choices()]


class SharingForm(forms.Form):
    """Whether the next model may learn from the reader's ratings."""

    agrees = forms.BooleanField(
        label="Let my ratings help other readers’ lists", required=False, label_suffix=""
    )


class FinderForm(forms.Form):
    """Where the reader looks for a book: a library's or a shop's address with `{isbn}`."""

    finder_url = forms.CharField(
        label="Address with {isbn}",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )

    def clean_finder_url(self) -> str:
        address: str = self.cleaned_data["finder_url"]
        if not address:
            return ""
        try:
            parts = urlsplit(address.replace("{isbn}", EXAMPLE_ISBN))
        except ValueError as error:
            raise ValidationError("This is not an address.") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValidationError("It has to begin with https:// and the name of a site.")
        if "{isbn}" not in address.partition(parts.hostname)[2]:
            raise ValidationError("Write {isbn} where the number of a book stands.")
        return address


class LookUpForm(forms.Form):
    """Whether books that the catalog lacks are looked for."""

    looks_up = forms.BooleanField(
        label="Look up my books at Open Library", required=False, label_suffix=""
    )


class DeleteForm(forms.Form):
    """The last question before everything is deleted: the password; for guests, a word."""

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
