"""How a reader filters the library, and what can be changed in it."""

import re
from datetime import date
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError

from recommender import shelves
from recommender.models import EARLIEST_SINCE, LibraryEntry
from recommender.models.library import ORDERS
from recommender.selectors.library import LibraryFilters, shelves_of
from recommender.selectors.wording import drawn_stars, plain_stars
from recommender.shelves import Shelf, shelf_name
from recsite.common.zones import latest_today

STARS_TO_GIVE = [Decimal(halves) / 2 for halves in range(10, 0, -1)]
LONGEST_KEY = 9  # digits of a number of an entry
LONGEST_QUERY = 200
MOST_READINGS = 99

ORDER_WORDS = dict(
    zip(
        ORDERS,
        (
            "Recently added",
            "Recently read",
            "Title",
            "Author",
            "Most stars",
            "Fewest stars",
            "Best known",
        ),
        strict=True,
    )
)
STARS_WORDS = {
    "": "Any",
    "rated": "Rated",
    "unrated": "Not rated",
    "5": "5 stars",
    "4": "4 to 4¾ stars",
    "3": "3 to 3¾ stars",
    "2": "2 to 2¾ stars",
    "1": "1 to 1¾ stars",
    "0": "Less than 1 star",
}
USE_WORDS = {
    "": "All",
    "counting": "Affects my list",
    "left-out": "Left out",
    "known": "Can be used for recommendations",
    "unknown": "Cannot be used yet",
    "to-choose": "Yours to choose at Open Library",
}


class LibraryForm(forms.Form):
    """Which entries are shown, and in which order, as the query string has it."""

    q = forms.CharField(
        label="Title or author",
        required=False,
        max_length=LONGEST_QUERY,
        widget=forms.TextInput(
            attrs={"inputmode": "search", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    shelf = forms.ChoiceField(
        required=False,
        choices=[
            ("", "All"),
            *((shelf, shelf_name(shelf)) for shelf in (*shelves.COMMON, shelves.OTHER)),
        ],
    )
    stars = forms.ChoiceField(required=False, choices=list(STARS_WORDS.items()))
    use = forms.ChoiceField(label="For your list", required=False, choices=list(USE_WORDS.items()))
    sort = forms.ChoiceField(
        label="Sorted by", required=False, choices=list(ORDER_WORDS.items()), initial="added"
    )

    def parameters(self) -> dict[str, str]:
        """The filters and the order that are set, of a valid form."""
        return {name: value for name, value in self.cleaned_data.items() if value}

    def query_string(self) -> str:
        """The query string of the same entries, of a valid form."""
        return urlencode(self.parameters())

    def filters(self) -> LibraryFilters:
        """The filters as the selector takes them, of a valid form."""
        data = self.cleaned_data
        return LibraryFilters(
            words=data["q"],
            shelf=data["shelf"],
            stars=data["stars"],
            use=data["use"],
            order=data["sort"] or ORDERS[0],
        )

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is set, so that entries may be hidden."""
        return any(name != "sort" for name in self.parameters())


def _stars(text: str) -> Decimal:
    return Decimal(text)


class EntryForm(forms.Form):
    """What a reader may change in an entry."""

    stars = forms.TypedChoiceField(
        label="Your stars", required=False, coerce=_stars, empty_value=None
    )
    shelf = forms.ChoiceField()
    read_on = forms.DateField(
        label="Finished on",
        required=False,
        error_messages={"invalid": "Write the day as year-month-day, such as 2024-05-30."},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    read_count = forms.IntegerField(
        label="Times read", required=False, min_value=0, max_value=MOST_READINGS
    )

    def __init__(self, entry: LibraryEntry, data: Any = None) -> None:
        self.entry = entry
        initial = {
            "stars": entry.stars,
            "shelf": entry.shelf,
            "read_on": entry.read_on,
            "read_count": entry.read_count or None,
        }
        super().__init__(data, initial=initial, auto_id=f"entry-{entry.pk}-%s")
        given = {*STARS_TO_GIVE, *([entry.stars] if entry.stars else [])}
        stars = cast("forms.ChoiceField", self.fields["stars"])
        stars.choices = [("", "No stars")] + [
            (plain_stars(one), f"{plain_stars(one)}  {drawn_stars(one)}")
            for one in sorted(given, reverse=True)
        ]
        self.initial["stars"] = plain_stars(entry.stars) if entry.stars else ""
        shelf = cast("forms.ChoiceField", self.fields["shelf"])
        shelf.choices = [(name, shelf_name(name)) for name in shelves_of(reader_id=entry.reader_id)]

    def clean_read_count(self) -> int | None:
        """How often; None, which changes nothing, where the form was sent without the field."""
        return (self.cleaned_data["read_count"] or 0) if "read_count" in self.data else None

    def clean_read_on(self) -> date | None:
        day: date | None = self.cleaned_data["read_on"]
        if day and day > latest_today() and day != self.entry.read_on:
            raise ValidationError("That day is in the future.")
        return day


#: What can be done to several books at once.
MOVES = {f"shelf:{shelf}": shelf_name(shelf) for shelf in (*shelves.COMMON, Shelf.DID_NOT_FINISH)}
STARS_AT_ONCE = {f"stars:{n}": f"{n} star{'s' if n > 1 else ''}" for n in range(5, 0, -1)}
MOST_AT_ONCE = 200


class ManyForm(forms.Form):
    """One change of several books of a library."""

    do = forms.ChoiceField(
        label="With the books you ticked",
        choices=[
            ("", "Choose what to do"),
            ("Give them", [*STARS_AT_ONCE.items(), ("stars:", "no stars")]),
            ("Move them to", list(MOVES.items())),
            (
                "For your list",
                [("leave-out", "Leave them out"), ("count", "Count them again")],
            ),
            ("Remove", [("remove", "Remove from your library")]),
        ],
        error_messages={"required": "Choose what to do with them."},
    )
    entry = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": "Tick at least one book."}
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        ticked = data.getlist("entry")[:MOST_AT_ONCE] if data else []
        keys = [key for key in ticked if key.isdecimal() and len(key) <= LONGEST_KEY]
        # Whose entries these are, the service sees.
        cast("forms.TypedMultipleChoiceField", self.fields["entry"]).choices = [
            (key, key) for key in keys
        ]


class SinceForm(forms.Form):
    """From which year or day on books count for recommendations."""

    since = forms.CharField(
        label="Only what I read since",
        required=False,
        max_length=20,
        help_text="A year or a day: 2019, or 2019-05-30. Leave it empty to count all books.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "2019"}),
    )

    def clean_since(self) -> date | None:
        text: str = self.cleaned_data["since"].strip()
        if not text:
            return None
        if re.fullmatch(r"[0-9]{4}", text):
            text = f"{text}-01-01"
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise ValidationError(
                "Write a year, such as 2019, or a day, such as 2019-05-30."
            ) from None
        if not EARLIEST_SINCE <= day <= latest_today():
            raise ValidationError("Give a year or a day between 1900 and today.")
        return day


def since_text(since: date | None) -> str:
    """The day as the form takes it: the year alone for January 1."""
    if since is None:
        return ""
    return str(since.year) if (since.month, since.day) == (1, 1) else since.isoformat()
