"""Single values as services write them: text, stars, ISBNs, years and dates."""

import html
import re
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from stdnum import isbn

from recommender.shelves import Shelf, common_shelf
from recommender.sources.base import BadRow
from recommender.sources.dates import plausible
from recsite.common.text import clean_line

_ISBN_PADDING = re.compile(r'[\s="\'\[\]-]')
_LAST_YEAR = 2200
# 9.78E+12, 9780618260300.0, 1,234,567: what spreadsheets make of numbers.
_MANGLED = re.compile(r"[\d.,]*[.,]\d*(?:E[+-]?\d+)?|\d+E[+-]?\d+", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:jr|sr|junior|senior|ii|iii|iv)\.?", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*\([^)]*\)")
_ISBN_13 = re.compile(r"97[89][0-9]{10}")
_ISBN_10 = re.compile(r"[0-9]{9}[0-9X]")
_SHORT_ISBN_10 = re.compile(r"[0-9]{6,8}[0-9X]")
_ID = re.compile(r"[0-9]{1,18}")
_YEAR = re.compile(r"(-?[0-9]{1,4})(\.0)?")
_YEARS = re.compile(r"\d{3,4}")
LEAST_STARS = 0.25  # quarter stars are the finest that readers can give


def clean_text(text: str | None, longest: int = 300) -> str:
    """Text with entities resolved, every run of spaces made one, and nothing that can't be seen."""
    if text and "&" in text:
        text = html.unescape(text)
    return clean_line(text or "", longest)


def first_author(text: str) -> str:
    """The first of several names in one cell."""
    return clean_text(text.partition(",")[0].partition(";")[0])


def first_name_first(name: str) -> str:
    """``Le Guin, Ursula K.`` as people say it, also with what stands after the given names.

    ``Strunk, William, Jr.`` keeps its suffix; a title, years of a life,
    and given names in full behind their initials are left out.
    """
    parts = _BRACKETS.sub("", name).split(",")
    last, *rest = [part.strip() for part in parts if part.strip()] or [""]
    if not rest:
        return last
    given = [part for part in rest if not _SUFFIX.fullmatch(part)]
    suffix = [part for part in rest if _SUFFIX.fullmatch(part)]
    first = [part for part in given if not _YEARS.search(part)][:1]
    return " ".join([*first, last, *suffix])


def read_stars(text: str) -> float | None:
    """A quarter to 5 stars; None for 0 or nothing, which mean "not rated"."""
    try:
        stars = float(text.strip().replace(",", ".") or 0)
    except ValueError:
        raise BadRow(f"“{text.strip()[:20]}” is not a rating from 0 to 5.") from None
    if stars != 0 and not LEAST_STARS <= stars <= 5:
        raise BadRow(f"A rating of {text.strip()[:20]} is not between 0 and 5.")
    return stars or None


def read_shelf(text: str) -> str:
    """One name for what services call differently; a shelf of the reader's own keeps its name."""
    shelf = clean_text(text, longest=100)
    return common_shelf(shelf) or shelf or Shelf.READ


def read_id(text: str) -> int | None:
    """A positive number of Goodreads' own, or None."""
    text = text.strip()
    if not _ID.fullmatch(text):
        return None
    return int(text) or None


def read_isbns(*texts: str) -> tuple[str, str]:
    """The ISBN-10 and the ISBN-13 found in ``texts``, each "" where there is none.

    Accepts ``="0123456789"``, hyphens, and an ISBN-10 that a spreadsheet robbed of its zeros.
    """
    isbn10 = isbn13 = ""
    for text in texts:
        if not text:
            continue
        digits = _ISBN_PADDING.sub("", text).upper()
        if _ISBN_13.fullmatch(digits):
            isbn13 = isbn13 or digits
        elif _ISBN_10.fullmatch(digits):
            isbn10 = isbn10 or digits
        elif _SHORT_ISBN_10.fullmatch(digits) and isbn.is_valid(digits.zfill(10)):
            isbn10 = isbn10 or digits.zfill(10)
    return isbn10, isbn13


def read_year(text: str) -> int | None:
    """A year of publication; years before our era are negative."""
    match = _YEAR.fullmatch(text.strip())
    if not match or not (year := int(match[1])) or year > _LAST_YEAR:
        return None
    return year


def read_mail_date(text: str) -> date | None:
    """A date as feeds write it (RFC 2822), as the reader's own calendar had it; no absurd one."""
    try:
        return plausible(parsedate_to_datetime(text.strip()).date())
    except (ValueError, IndexError, OverflowError):
        return None


def read_api_date(text: str) -> date | None:
    """A date as the legacy API writes it: ``Wed Jun 10 21:44:29 -0700 2020``."""
    try:
        return plausible(datetime.strptime(text.strip(), "%a %b %d %H:%M:%S %z %Y").date())
    except ValueError:
        return None


def read_number(text: str, *, longest: int = 100) -> str:
    """A number of a book at its service; empty for what a spreadsheet has made of a long one.

    Numbers with letters are kept as they are, for some services have such.
    """
    number = clean_text(text, longest=longest)
    return "" if _MANGLED.fullmatch(number) else number
