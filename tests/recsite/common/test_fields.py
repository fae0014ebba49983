from django import forms

from recsite.common.fields import LineField, LinesField

MARKED = "  Ada\u202e\u200b \x00 Love\u00adlace "


class Written(forms.Form):
    line = LineField(max_length=12)
    lines = LinesField(required=False)


def test_what_nobody_can_see_is_left_out_before_lengths_count() -> None:
    form = Written({"line": MARKED, "lines": "One\r\n\u202etwo\x00 \n"})

    assert form.is_valid()
    assert form.cleaned_data == {"line": "Ada Lovelace", "lines": "One\ntwo"}


def test_what_is_all_invisible_is_missing() -> None:
    form = Written({"line": "\u202e\ufeff\u200b"})

    assert form.errors == {"line": ["This field is required."]}
