"""What readers who read together say: their names, and who may join."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from recommender.models.groups import LONGEST_NAME
from recsite.common.fields import LineField


class NameForm(forms.Form):
    """The name under which the others see a reader."""

    name = LineField(
        label="Your name, as the others see it",
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )


class GuestNameForm(forms.Form):
    """The name of somebody at the same browser."""

    name = LineField(
        label="Their name",
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SwitchForm(forms.Form):
    """Which library of a browser is to be shown, and whether it is to be deleted then."""

    library = forms.TypedChoiceField(coerce=int)
    then = forms.ChoiceField(choices=[("delete", "delete")], required=False)

    def __init__(self, *args: Any, numbers: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ChoiceField", self.fields["library"])
        field.choices = [(number, str(number)) for number in numbers]


class InvitationForm(forms.Form):
    """What is to become of the link to a group."""

    what = forms.ChoiceField(choices=[(name, name) for name in ("renew", "end")])
