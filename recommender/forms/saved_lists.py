"""What readers say about a saved list, and who may see it."""

from django import forms

from recsite.common.fields import LineField, LinesField


class ListNameForm(forms.Form):
    """The name and the note of a saved list."""

    name = LineField(
        required=False, max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    note = LinesField(
        label="Note", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class ShareForm(forms.Form):
    """What is to become of the link to a list."""

    what = forms.ChoiceField(
        choices=[(name, name) for name in ("share", "withdraw", "index", "hide")]
    )


class FeedForm(forms.Form):
    """What is to become of the feed of a reader's lists."""

    what = forms.ChoiceField(choices=[(name, name) for name in ("renew", "end")])
