"""The first page's form: where a reader's ratings come from."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from recommender.selectors.goodreads import pull_is_on
from recommender.sources.base import SourceError, SwitchedOff
from recommender.sources.profile import parse_profile


class StartForm(forms.Form):
    """Where a reader's ratings come from: a Goodreads profile, or the export file."""

    profile = forms.CharField(
        label="Your Goodreads profile",
        required=False,
        help_text=("Its number or address, or the link that “Share” in the app gives you."),
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
            "From Goodreads, StoryGraph, LibraryThing, BookWyrm or Hardcover. Used if you "
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
                f"This file is larger than {most}, so it cannot be an export of a library. "
                "Choose the .csv file that Goodreads or another service made of your books.",
                code="too_large",
            )
        return file

    def clean(self) -> dict[str, Any]:
        if not self.errors and not any(self.cleaned_data.values()):
            field = "profile" if pull_is_on() else "export"
            self.add_error(field, "Paste your Goodreads profile, or choose your export file.")
        return self.cleaned_data
