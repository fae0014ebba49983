"""How pages put values into words: filters, days, stars."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.dateformat import format as date_format

from catalog.languages import language_name

DIAL_WORDS = {
    -2: "Very familiar",
    -1: "Familiar",
    0: "Balanced",
    1: "Adventurous",
    2: "Very adventurous",
}


SERIES_WORDS = {"": "Any", "0": "No series", "3": "At most three volumes"}
#: Parts of a star.
PARTS = {0: "", 25: "¼", 50: "½", 75: "¾"}


def describe_filters(parameters: Mapping[str, Any]) -> list[str]:
    """How a saved list was made, for people; empty where nothing was asked for."""
    say: dict[str, Callable[[Any], str]] = {
        "dial": lambda step: DIAL_WORDS.get(step, f"dial {step}").lower(),
        "genre": lambda slug: f"genre {slug.replace('-', ' ')}",
        "language": lambda code: f"in {language_name(code)}",
        "year_from": lambda year: f"from {year}",
        "year_to": lambda year: f"up to {year}",
        "series": lambda most: SERIES_WORDS.get(most, f"series: {most}").lower(),
        "since": lambda day: f"only what you read since {since_words(date.fromisoformat(day))}",
    }
    return [words(parameters[name]) for name, words in say.items() if name in parameters]


def since_words(since: date) -> str:
    """A day as sentences have it: 2019, or May 30, 2019."""
    return date_format(since, "Y" if (since.month, since.day) == (1, 1) else "F j, Y")


def drawn_stars(stars: Decimal) -> str:
    """Stars as signs: ★★★½; what is no quarter is rounded down to one."""
    whole = int(stars)
    quarters = int((stars - whole) * 4) * 25
    return "★" * whole + PARTS[quarters]


def plain_stars(stars: Decimal) -> str:
    """The number without needless zeros, so that 4 and 4.00 are one choice."""
    return f"{stars.normalize():f}"
