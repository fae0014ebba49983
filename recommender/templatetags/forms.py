"""How pages show the fields of a form."""

from functools import lru_cache

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

    In Python, and once for each choice: in a template, a hundred options take as long as five
    books.
    """
    value = field.value()
    return _options(tuple(field.field.widget.choices), "" if value is None else str(value))


@lru_cache
def _options(choices: tuple[tuple[object, str], ...], chosen: str) -> SafeString:
    return format_html_join(
        "\n",
        '<option value="{}"{}>{}</option>',
        ((key, SELECTED if str(key) == chosen else "", label) for key, label in choices),
    )


@register.simple_tag
def ticks(field: BoundField) -> SafeString:
    """The boxes to tick of a field with several choices, ticked ones first.

    In Python for the same reason.
    """
    chosen = frozenset(str(value) for value in field.value() or ())
    return _ticks(field.html_name, tuple(field.field.widget.choices), chosen)


@lru_cache
def _ticks(
    name: str, choices: tuple[tuple[object, str], ...], chosen: frozenset[str]
) -> SafeString:
    in_order = sorted(choices, key=lambda choice: str(choice[0]) not in chosen)
    return format_html_join(
        "\n",
        '<label><input type="checkbox" name="{}" value="{}"{}> {}</label>',
        ((name, key, TICKED if str(key) in chosen else "", label) for key, label in in_order),
    )
