"""What readers choose for their account, and the last question before it goes."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from recommender.models import Reader
from recsite.accounts.models import User


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
