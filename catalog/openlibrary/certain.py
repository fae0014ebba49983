"""Decides whether a work of Open Library is the book of somebody's line, with nobody to ask.

What is certain becomes a book of the catalog, and its ratings count; so a doubt is left to a
person. A number alone is never believed: Open Library has stray ones, and lists those of study
guides under the book they are about.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog.editions import split_book_title
from catalog.kinds import kind_of
from catalog.languages import isbn_language
from catalog.models import Book
from catalog.normalize import (
    is_named_after,
    is_surely_same_person,
    may_be_same_person,
    title_key,
)
from catalog.openlibrary.parse import Work
from catalog.same_work import name_of
from catalog.title_parts import other_forms

#: How many works the person who decides is shown, at most.
MOST_DOUBTFUL = 5
#: Two records of one work may differ by a year.
SAME_YEARS = 1


@dataclass(frozen=True, slots=True)
class Sought:
    """What a line says of its book."""

    title: str
    author: str = ""
    isbns: Sequence[str] = ()  # as ISBN-13
    goodreads_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The work that is certainly meant; where there is none, those that may be."""

    certain: Work | None = None
    doubtful: tuple[Work, ...] = ()


def judge(sought: Sought, works: Iterable[Work]) -> Verdict:
    """Which of the works is meant.

    1. One with a number of the line, whose title and author agree. The title may be another one
       where the number is of an edition in another language.
    2. One with exactly the title and the author, in full. Of several, which are probably records
       of one work, the one with the most editions, unless their years differ.
    """
    fitting = {work.key: work for work in works if work.credited}.values()
    numbered = [work for work in fitting if _is_certain_by_number(sought, work)]
    if numbered:
        return Verdict(max(numbered, key=lambda work: _order(sought, work)))
    named = [work for work in fitting if _is_certain_by_name(sought, work)]
    if named and _are_one(named):
        return Verdict(max(named, key=lambda work: _order(sought, work)))
    probable = sorted(
        (work for work in fitting if _may_be_meant(sought, work)),
        key=lambda work: _order(sought, work),
        reverse=True,
    )
    return Verdict(doubtful=tuple(probable[:MOST_DOUBTFUL]))


def _order(sought: Sought, work: Work) -> tuple[object, ...]:
    is_exact = title_key(work.title) == title_key(sought.title)
    return (len(_shared_numbers(sought, work)), is_exact, work.editions, work.key)


def _shared_numbers(sought: Sought, work: Work) -> set[str]:
    return {*sought.isbns, *sought.goodreads_ids} & {*work.isbns, *work.goodreads_ids}


def _is_certain_by_number(sought: Sought, work: Work) -> bool:
    shared = _shared_numbers(sought, work)
    if not shared or not _is_same_form(sought, work):
        return False
    agrees = any(may_be_same_person(sought.author, name) for name in work.authors)
    if _is_same_title(sought.title, work.title):
        return agrees or not sought.author.strip()
    is_foreign = any(
        number in sought.isbns and isbn_language(number) not in ("", "eng") for number in shared
    )
    return agrees and is_foreign


def _is_certain_by_name(sought: Sought, work: Work) -> bool:
    return (
        title_key(work.title) == title_key(sought.title)
        and _is_same_form(sought, work)
        and any(is_surely_same_person(sought.author, name) for name in work.authors)
    )


def _may_be_meant(sought: Sought, work: Work) -> bool:
    if sought.author.strip():
        return any(may_be_same_person(sought.author, name) for name in work.authors)
    return _is_same_title(sought.title, work.title)


def _is_same_title(title: str, other: str) -> bool:
    """Whether two titles are one but for a subtitle or words of an edition."""
    if title_key(title) == title_key(other):
        return True
    mine = name_of(title)
    if is_named_after(mine.main, frozenset(mine.series.split())):
        return False  # all volumes have this title, so that the number has to be the same
    return mine.is_same_title(name_of(other))


def _is_same_form(sought: Sought, work: Work) -> bool:
    """Whether both are the same kind of thing, and one to be read for its own sake."""
    kind = kind_of(split_book_title(sought.title)).kind
    return (
        kind not in Book.ACCESSORIES
        and kind == kind_of(split_book_title(work.title)).kind
        and other_forms(sought.title) == other_forms(work.title)
    )


def _are_one(works: Sequence[Work]) -> bool:
    """Whether nothing says that works with one title and author are different ones."""
    years = [work.first_year for work in works if work.first_year is not None]
    return len(works) == 1 or (len(years) == len(works) and max(years) - min(years) <= SAME_YEARS)
