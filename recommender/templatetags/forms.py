"""How pages show the fields of a form."""

from django import template
from django.forms import BoundField
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

SELECTED = SafeString(" selected")
TICKED = SafeString(" checked")


@register.simple_tag
def options(field: BoundField) -> SafeString:
    """The options of a select.

    Written in Python: in a template, a hundred options take as long as five books.
    """
    value = field.value()
    chosen = "" if value is None else str(value)
    return format_html_join(
        "\n",
        '<option value="{}"{}>{}</option>',
        (
            (key, SELECTED if str(key) == chosen else "", label)
            for key, label in field.field.widget.choices
        ),
    )


@register.simple_tag
def ticks(field: BoundField) -> SafeString:
    """The boxes to tick of a field with several choices, ticked ones first.

    In Python for the same reason.
    """
    chosen = {str(value) for value in field.value() or ()}
    choices = sorted(field.field.widget.choices, key=lambda choice: str(choice[0]) not in chosen)
    return format_html_join(
        "\n",
        '<label><input type="checkbox" name="{}" value="{}"{}> {}</label>',
        (
            (field.html_name, key, TICKED if str(key) in chosen else "", label)
            for key, label in choices
        ),
    )
