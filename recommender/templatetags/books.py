"""How pages show a book: its cover, its numbers, and the reasons for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import TypeVar
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.template import Context
from django.template.defaultfilters import pluralize
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from catalog.credits import Role, with_role
from catalog.models import Book, FoundWork
from catalog.openlibrary.parse import Work
from catalog.sentences import quote_spans, sentence_ends
from recommender.models import ModelRelease
from recommender.selectors.covers import book_cover
from recommender.selectors.wording import (
    first_reason,
    joint_reason_groups,
    ranker_name,
    reason_groups,
    sentence_list,
    shared_reason_groups,
    unrated_words,
)

register = template.Library()
register.filter("reason_groups", reason_groups)
register.filter("shared_reason_groups", shared_reason_groups)
register.filter("joint_reason_groups", joint_reason_groups)
register.filter("first_reason", first_reason)
register.filter("unrated_words", unrated_words)
register.filter("ranker_name", ranker_name)
register.filter("sentence_list", sentence_list)

T = TypeVar("T")

#: A by-line names so many authors; of more, one less, and how many others there are.
AUTHORS_NAMED = 3
PRESSED = SafeString(' aria-pressed="true"')
#: How many addresses a process caches, at some 200 bytes each.
BOOK_URLS_CACHED = 50_000


@register.simple_tag(takes_context=True)
def cover(context: Context, book: Book) -> SafeString:
    """Open Library's picture where the site shows them and knows one, else a drawn cover.

    Prefetch `credits` first. The title stands beside the cover, which is only decoration.
    """
    host = context.get("cover_host")
    if host and book.cover_id:
        address = f"{host}/b/id/{book.cover_id}-M.jpg?default=false"
        return render_to_string("recommender/_cover.html", {"address": address})
    return book_cover(book=book)


@register.simple_tag
@lru_cache(maxsize=BOOK_URLS_CACHED)
def book_url(name: str, key: int | str) -> str:
    """The address of a book, an author, a genre; cached, since a page has a hundred of them."""
    return reverse(name, args=[key])


@register.simple_tag
@lru_cache
def star_buttons(given: Decimal | None = None) -> SafeString:
    """A button for each number of stars, lit up to those given.

    In Python, and once for each number of stars: a library has 25 times five of them.
    """
    return format_html_join(
        "",
        '<button class="rating__star{}" name="stars" value="{}" aria-label="{} star{}"{}>★'
        "</button>",
        (
            (
                " lit" if given is not None and given >= stars else "",
                stars,
                stars,
                pluralize(stars),
                PRESSED if given == stars else "",
            )
            for stars in range(1, 6)
        ),
    )


@register.filter
def plain(number: Decimal | float | None) -> str:
    """Write a number without trailing zeros: 2, 2.5, 0.75."""
    return "" if number is None else f"{float(number):.2f}".rstrip("0").rstrip(".")


@register.filter
def waited(since: date) -> str:
    """How long ago a day was, in the largest unit: 6 years."""
    return timesince(since, now=timezone.localdate(), depth=1)


@register.filter
def percent(share: float) -> str:
    """Write a share between 0 and 1 as a percentage with one decimal: 7.8%."""
    return f"{100 * share:.1f}%"


@register.filter
def rounded_stars(stars: float) -> str:
    """Write expected stars with one decimal; they are not known more precisely."""
    return f"{stars:.1f}"


@register.filter
def year(number: int) -> str:
    """Write a year; negative ones are before the common era."""
    return f"{-number} BCE" if number < 0 else str(number)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in two parts; the second is empty if the text is short."""

    start: str
    rest: str = ""
    is_cut: bool = False  # the start ends within a sentence
    goes_on: bool = False  # the rest is not the whole rest


#: Lengths in words; the rest is cut too, so that a page of ten long descriptions stays light.
SHORT_WORDS, START_WORDS, FOLDED_WORDS = 45, 32, 32
#: How far into a text, in letters, sentences and quotes are looked for.
LOOKED_AT = 2000
_WORD = re.compile(r"\S+")


@register.filter
def folded(text: str) -> Folded:
    """Fold a description of more than 45 words, at the end of a sentence if one is near.

    Where none is near, not within a quote, unless that began with the text.
    """
    words = [found.end() for found in islice(_WORD.finditer(text), SHORT_WORDS + FOLDED_WORDS + 1)]
    if len(words) <= SHORT_WORDS:
        return Folded(text)
    ends = sentence_ends(text[:LOOKED_AT])
    cut = _last_between(ends, words[START_WORDS // 2], words[SHORT_WORDS - 1])
    is_cut = cut is None
    if cut is None:
        cut = _before_quote(text, words)
    left = [end for end in words if end > cut]
    if len(left) <= FOLDED_WORDS:
        return Folded(text[:cut], text[cut:].strip(), is_cut=is_cut)
    last = _last_between(ends, left[FOLDED_WORDS // 2], left[FOLDED_WORDS - 1])
    if last is not None:
        return Folded(text[:cut], text[cut:last].strip(), is_cut=is_cut, goes_on=True)
    rest = text[cut : left[FOLDED_WORDS - 1]].strip()
    return Folded(text[:cut], f"{rest} …", is_cut=is_cut, goes_on=True)


def _last_between(ends: list[int], first: int, last: int) -> int | None:
    return max((end for end in ends if first <= end <= last), default=None)


def _before_quote(text: str, words: list[int]) -> int:
    """Where to cut between two words: behind the 32nd, or before the quote that it is in."""
    cut = words[START_WORDS - 1]
    begun = [start for start, end in quote_spans(text[:LOOKED_AT]) if start < cut < end]
    return max((end for end in words if begun and end <= min(begun)), default=cut)


@register.filter
def byline(names: list[str]) -> str:
    """Name the authors in a line; if there are more than three, the first two."""
    if len(names) <= AUTHORS_NAMED:
        return sentence_list(names)
    shown = names[: AUTHORS_NAMED - 1]
    return sentence_list([*shown, f"{len(names) - len(shown)} others"])


@register.simple_tag
def linked_byline(book: Book) -> SafeString:
    """The by-line, each author with a link to their page."""
    named = book.author_credits
    shown = named if len(named) <= AUTHORS_NAMED else named[: AUTHORS_NAMED - 1]
    links = [
        format_html('<a href="{}">{}</a>', book_url("author", one.author_id), one.author.name)
        for one in shown
    ]
    if len(shown) < len(named):
        links.append(format_html("{} others", len(named) - len(shown)))
    first = format_html_join(", ", "{}", ((link,) for link in links[:-1]))
    last = format_html_join("", "{}", ((link,) for link in links[-1:]))
    return format_html("{} and {}", first, last) if first else last


@register.filter
def helpers(book: Book) -> list[str]:
    """Who stands beside the authors, with what they did: Anthea Bell (translator)."""
    return [
        credit.author.name
        if credit.role == Role.CONTRIBUTOR
        else with_role(credit.author.name, credit.role)
        for credit in book.contributors
        if credit.role != Role.ALIAS
    ]


@register.filter
def other_spellings(book: Book) -> list[str]:
    """How else an author's name is written."""
    return [credit.author.name for credit in book.contributors if credit.role == Role.ALIAS]


@register.filter
def get_item(mapping: Mapping[int, T], key: int) -> T | None:
    """Look up a key that is itself a variable, which a template cannot do."""
    return mapping.get(key)


@register.filter
def is_goodbooks(release: ModelRelease | None) -> bool:
    """Whether a release was built from goodbooks-10k, whose license asks for credit."""
    return release is not None and "goodbooks" in release.dataset.lower()


@register.filter
def goodreads(book: Book) -> str:
    """The address of a book at Goodreads: its editions, or a search if its number is not known."""
    if book.goodreads_work_id:
        return f"https://www.goodreads.com/work/editions/{book.goodreads_work_id}"
    return f"https://www.goodreads.com/search?{urlencode({'q': _title_and_author(book)})}"


@register.filter
def open_library(book: Book) -> str:
    """The address of a search for a book at Open Library."""
    return f"https://openlibrary.org/search?{urlencode({'q': _title_and_author(book)})}"


@register.filter
def work_at_open_library(book: Book) -> str:
    """The address of a book's work at Open Library, where a scan of it can be read."""
    return f"{settings.OPENLIBRARY_BASE_URL}/works/{book.open_library_key}"


@register.filter
def at_open_library(work: Work | FoundWork) -> str:
    """The address of a work at Open Library, or at the stand-in for it."""
    return f"{settings.OPENLIBRARY_BASE_URL}/works/{work.key}"


def _title_and_author(book: Book) -> str:
    return " ".join([book.title, *book.author_names[:1]])
