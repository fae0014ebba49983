"""What a reader can send in."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from recommender.models import ImportJob, Reader
from recommender.services import imports
from recommender.sources.base import SourceError, SwitchedOff
from recommender.sources.profile import parse_profile

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
        help_text="The .csv file that Goodreads makes of your library. Used if you give both.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
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
                "Choose the .csv file that Goodreads made.",
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
