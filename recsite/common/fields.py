"""Fields of forms for what people write freely and others may see."""

from typing import Any

from django import forms

from recsite.common.text import clean_line, clean_lines


class LineField(forms.CharField):
    """A line without what nobody can see: marks of direction would turn the words beside it."""

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "")


class LinesField(forms.CharField):
    """The same over several lines."""

    def to_python(self, value: Any) -> str:
        return clean_lines(super().to_python(value) or "").strip()
