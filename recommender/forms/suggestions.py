"""What a reader says of the books that rows and entries probably mean."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

ALL = "all"
PROBLEM = "Say yes or no to one of the books, or yes to all of them."


class AnswerForm(forms.Form):
    """One button: yes, no, or a step back, for one row or entry, or for all of them."""

    accept = forms.RegexField(rf"^(?:{ALL}|[0-9]{{1,18}})$", required=False)
    decline = forms.RegexField(r"^[0-9]{1,18}$", required=False)
    undo = forms.RegexField(rf"^(?:{ALL}|[0-9]{{1,18}})$", required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if sum(bool(value) for value in data.values()) != 1:
            raise ValidationError(PROBLEM)
        return data

    @property
    def act(self) -> str:
        """Which button was pressed, of a valid form: `accept`, `decline` or `undo`."""
        return next(name for name, value in self.cleaned_data.items() if value)

    @property
    def key(self) -> int | None:
        """The primary key of the row or entry, of a valid form; None for all of them."""
        value: str = self.cleaned_data[self.act]
        return None if value == ALL else int(value)
