"""How pages put values into words: filters, days, stars, reasons."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.dateformat import format as date_format

from catalog.languages import language_name
from catalog.models import Book

#: The dial from familiar to adventurous books, by its positions.
DIAL_WORDS = {
    -2: "Very familiar",
    -1: "Familiar",
    0: "Balanced",
    1: "Adventurous",
    2: "Very adventurous",
}
#: What a turn of the dial does; nothing is to be said of the middle.
DIAL_HINTS = {
    -2: "Mostly books that very many readers know.",
    -1: "More well-known books than usual.",
    1: "More little-known books than usual.",
    2: "Books that few readers know. Expect some misses, and a few real finds.",
}
#: The filter by the length of a series, by its values.
SERIES_WORDS = {"": "Any", "0": "No series", "3": "At most three volumes"}
#: The filter by length, by its values: how many pages at least and at most, and the words.
PAGES: dict[str, tuple[int | None, int | None, str]] = {
    "short": (None, 250, "Up to 250 pages"),
    "middle": (200, 450, "200 to 450 pages"),
    "long": (400, None, "400 pages and more"),
}
PAGE_WORDS = {"": "Any"} | {name: words for name, (_, _, words) in PAGES.items()}
#: Books of goodbooks-10k end the year before; what is newer has a filter and a shelf of its own.
NEW_SINCE = 2018
#: Filters that are either set or not.
TICKED_WORDS = {
    "sequels": "with any number of next volumes",
    "no_genre": "with books without a genre",
    "new": f"new since {NEW_SINCE}",
}
FILTERS = (
    "dial",
    "sequels",
    "genre",
    "no_genre",
    "new",
    "language",
    "year_from",
    "year_to",
    "series",
    "pages",
    "since",
)
QUARTERS = ("", "¼", "½", "¾")
#: How a sentence about a book's reasons begins, by their kind (`engine.explain.Kind`), in the order
#: of the sentences. Only what the stars say is called liked.
REASON_WORDS = {
    "liked": "Because you liked",
    "reread": "Because you reread",
    "read": "Because you read",
    "unfinished": "Because you started",
    "disliked": "Because you did not like",
    "against": "Even though you disliked",
    "dismissed": "A little lower, as you said no to",
    "alike": "Few have rated it yet, but it is like",
}
#: The same to others. What was disliked, and all stars, are the reader's own affair.
SHARED_REASON_WORDS = {
    "liked": "Because they liked",
    "reread": "Because they reread",
    "read": "Because they read",
    "alike": "Few have rated it yet, but it is like",
}
#: The same after the name of another reader of a group.
JOINT_REASON_WORDS = {"liked": "liked", "reread": "reread", "read": "read"}
#: What ranked a list, by `Run.ranker`; older lists name one ranker.
RANKER_WORDS = {
    "served": "Neighbors and factors",
    "neighbours": "Neighbors",
    "factors": "Factors",
}
#: Kinds that need no second look: the book was enjoyed, or at least read.
SUPPORTING = ("liked", "reread", "read", "unfinished")
#: How a book came into the catalog, as its page says it.
ORIGIN_WORDS = {
    Book.Origin.GOODBOOKS: "From the data set goodbooks-10k",
    Book.Origin.STARTER: "From our starter shelf",
    Book.Origin.DUMP: "From Open Library's catalog",
    Book.Origin.CURATOR: "Added by a curator",
    Book.Origin.PROPOSED: "Added from Open Library because a reader asked for it",
    Book.Origin.READERS: "Added from Open Library because readers have it",
    Book.Origin.POPULAR: "Added from Open Library because many of its readers shelve it",
}
UNRATED_WORDS = {"reread": "read again", "unfinished": "not finished"}


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """The reasons of one kind: how their sentence begins, and what joins the last of them."""

    words: str
    joiner: str
    reasons: list[Mapping[str, Any]]


def reason_groups(reasons: Iterable[Mapping[str, Any]]) -> list[ReasonGroup]:
    """The reasons by kind; the oldest saved lists name liked books only, and no kind."""
    return _grouped(reasons, REASON_WORDS)


def shared_reason_groups(reasons: Iterable[Mapping[str, Any]]) -> list[ReasonGroup]:
    """The reasons that others see on a shared list."""
    return _grouped(reasons, SHARED_REASON_WORDS)


def joint_reason_groups(reasons: Iterable[Mapping[str, Any]]) -> list[ReasonGroup]:
    """The reasons that readers of a group see of each other, after a name."""
    return _grouped(reasons, JOINT_REASON_WORDS)


def _grouped(
    reasons: Iterable[Mapping[str, Any]], words_of: Mapping[str, str]
) -> list[ReasonGroup]:
    by_kind: dict[str, list[Mapping[str, Any]]] = {kind: [] for kind in words_of}
    for reason in reasons:
        by_kind.get(reason.get("kind", "liked"), []).append(reason)
    return [
        ReasonGroup(words, "or" if kind == "disliked" else "and", by_kind[kind])
        for kind, words in words_of.items()
        if by_kind[kind]
    ]


def first_reason(reasons: Iterable[Mapping[str, Any]]) -> ReasonGroup | None:
    """The strongest reason alone, where there is room for one."""
    supporting = [one for one in reasons if one.get("kind", "liked") in SUPPORTING]
    return next(iter(reason_groups(supporting[:1])), None)


def ranker_name(ranker: str) -> str:
    """What ranked a list, in words."""
    return RANKER_WORDS.get(ranker, ranker)


def unrated_words(reason: Mapping[str, Any]) -> str:
    """What stands in the place of the stars of a book without any."""
    return UNRATED_WORDS.get(reason["kind"], "not rated")


def describe_filters(parameters: Mapping[str, Any]) -> list[str]:
    """The filters of a saved list in words, in the order of the form; empty if there were none."""
    return [_describe_filter(name, parameters[name]) for name in FILTERS if name in parameters]


def _describe_filter(name: str, value: Any) -> str:
    match name:
        case "sequels" | "no_genre" | "new":
            return TICKED_WORDS[name]
        case "dial":
            return DIAL_WORDS.get(value, f"dial {value}")
        case "genre":
            return f"genre {value.replace('-', ' ')}"
        case "language":
            # Lists that were saved before several could be chosen name one.
            return f"in {language_words([value] if isinstance(value, str) else value)}"
        case "year_from":
            return f"from {value}"
        case "year_to":
            return f"up to {value}"
        case "series":
            return SERIES_WORDS.get(value, f"series: {value}").lower()
        case "pages":
            return PAGE_WORDS.get(value, f"length: {value}").lower()
        case _:
            return f"only what you read since {since_words(date.fromisoformat(value))}"


def sentence_list(names: Sequence[str]) -> str:
    """Join names as in a sentence: A; A and B; A, B and C."""
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def language_words(codes: Collection[str]) -> str:
    """Languages as they stand in a sentence: English, French and German."""
    return sentence_list(sorted(language_name(code) for code in codes))


def since_words(since: date) -> str:
    """A day as it stands in a sentence: 2019, or May 30, 2019."""
    return date_format(since, "Y" if (since.month, since.day) == (1, 1) else "F j, Y")


def drawn_stars(stars: Decimal) -> str:
    """Stars as symbols: ★★★½; anything between quarters is rounded down."""
    whole = int(stars)
    return "★" * whole + QUARTERS[int((stars - whole) * 4)]


def plain_stars(stars: Decimal) -> str:
    """The number without trailing zeros, so that 4 and 4.00 are the same choice."""
    return f"{stars.normalize():f}"
