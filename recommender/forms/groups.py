"""What readers who read together say: their names, and who may join."""

from django import forms

from recommender.models.groups import LONGEST_NAME


class NameForm(forms.Form):
    """The name under which the others see a reader."""

    name = forms.CharField(
        label="Your name, as the others see it",
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )


class InvitationForm(forms.Form):
    """What is to become of the link to a group."""

    what = forms.ChoiceField(choices=[(name, name) for name in ("renew", "end")])
