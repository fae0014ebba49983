"""Finds the one book that a line of a library probably means, where none is certain.

A person says whether it is: nothing is rated by this (`catalog.matching` finds what is certain). So
a subtitle, words of an edition, another number in the series, a title in another language or a slip
may be forgiven, as long as exactly one book of the author fits. Another volume, a sequel, a
collection, or a book about the one in the catalog must not be taken for it.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from catalog.matching import Match, Wanted
from catalog.models import Book, BookAuthor
from catalog.normalize import (
    fold,
    given_names,
    is_named_after,
    may_be_same_person,
    series_words,
    split_title,
    surname_key,
    title_key,
)
from catalog.slips import is_slip_of
from catalog.title_parts import (
    BRACKETS,
    digits,
    other_forms,
    split_subtitle,
    volumes_in,
    without_brackets,
    without_edition_behind,
)

Way = Literal["main title", "volume", "slip in the title", "slip in the author"]

TITLES_CACHED = 50_000
#: Shorter words that differ in one letter are often different words.
SHORTEST_SLIPPED = 5
MOST_SLIPPED = 2
#: Subtitles that share this part of their words are one subtitle, written in two ways.
SAME_SUBTITLE = 0.5

_EDITION = re.compile(
    r"\b(?:edition|editie|edici[oó]n|ausgabe|[eé]dition|classics?|unabridged|text|tie-?\s?in"
    r"|anniversary|deluxe|hardcover|paperback|kindle|audio(?:book)?|translat\w+|press|publishing"
    r"|collector'?s|illustrated|annotated|reissue|revised|novel|novela|roman|memoir|thriller"
    r"|large print)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\s/\s|\b(?:books?|volumes?|vols?\.?|parts?)\s+\d+\s*(?:[-\u2013&]|to|and)\s*\d"
)
#: Words that English titles alone have.
_ENGLISH = frozenset(("the", "of", "and", "with", "from", "for", "his", "her", "my", "your", "you"))
_SMALL = _ENGLISH | frozenset(("a", "an", "in", "on", "to", "at", "or", "how", "s"))
_ENGLISH_ISBNS = ("9780", "9781", "9798")


@dataclass(frozen=True, slots=True)
class Probable:
    """The book that a line probably means, and what speaks for it."""

    book_id: int
    way: Way


@dataclass(frozen=True, slots=True)
class _Title:
    """A title taken apart, by keys."""

    key: str
    main: str  # without subtitle and words of the edition
    rest: str  # the subtitle
    series: frozenset[str]
    number: Decimal | None
    volumes: frozenset[Decimal]  # told in the subtitle
    is_several: bool
    #: The words that tell another form of a work.
    forms: frozenset[str]
    #: All words of the subtitle and of brackets, where a volume may name its series.
    behind: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Book:
    """A book by an author whom a line may name."""

    book_id: int
    titles: tuple[_Title, ...]
    series: frozenset[str]
    number: Decimal | None
    kind: str

    def may_be(self, title: _Title) -> bool:
        """Whether its kind is one that a line with this title may mean."""
        if self.kind in Book.COLLECTIONS:
            return False
        return self.kind == Book.Kind.WORK or bool(title.forms)


def propose(wanted: Sequence[Wanted], found: Mapping[Hashable, Match]) -> dict[Hashable, Probable]:
    """The book that each line probably means, of those for which matching found none; two queries.

    A number in a series that leads to the book of another line has been changed since.
    """
    taken = {match.book_id for match in found.values()}
    left = [row for row in wanted if found[row.key].state == "unmatched" and row.title.strip()]
    lines = [(row, title) for row in left if not (title := _split(row.title)).is_several]
    by_surname = _books_by_surname({key for row, _ in lines for key in _surname_keys(row.author)})
    probable: dict[Hashable, Probable] = {}
    others = []
    for row, title in lines:
        books = _books_of(row.author, by_surname)
        if one := _only(_with_main_title(title, books)):
            probable[row.key] = Probable(one.book_id, "main title")
        elif (one := _only(_of_volume(row, title, books))) and one.book_id not in taken:
            probable[row.key] = Probable(one.book_id, "volume")
        elif one := _only([book for book in books if _has_slip(title, book)]):
            probable[row.key] = Probable(one.book_id, "slip in the title")
        else:
            others.append((row, title))
    return probable | _by_author_with_slip(others)


def _only(books: Sequence[_Book]) -> _Book | None:
    return books[0] if len({book.book_id for book in books}) == 1 else None


# --- titles -------------------------------------------------------------------------------------


@lru_cache(maxsize=TITLES_CACHED)
def _split(text: str) -> _Title:
    split = split_title(text)
    inside = " ".join(BRACKETS.findall(split.title))
    bare = without_edition_behind(without_brackets(split.title))
    proper, subtitle = split_subtitle(bare)
    behind = f"{subtitle} {inside}"
    return _Title(
        key=split.key,
        main=title_key(proper),
        rest="" if not subtitle or _EDITION.search(subtitle) else title_key(subtitle),
        series=series_words(split.series),
        number=split.number,
        volumes=frozenset(volumes_in(behind)),
        is_several=split.last is not None or split.is_box_set or bool(_SEVERAL.search(split.title)),
        forms=other_forms(split.title),
        behind=frozenset(fold(behind).split()),
    )


def _with_main_title(title: _Title, books: Iterable[_Book]) -> list[_Book]:
    """The books with the main title of a line; of several, those of its volume or subtitle."""
    fitting = [
        book for book in books if any(_is_same_work(title, book, one) for one in book.titles)
    ]
    if _only(fitting) or not fitting:
        return fitting
    return [book for book in fitting if title.number is not None and book.number == title.number]


def _is_same_work(title: _Title, book: _Book, other: _Title) -> bool:
    """Whether a line's title and one of a book's are the same but for what editions change."""
    if not book.may_be(title) or title.forms != other.forms:
        return False
    series = title.series | book.series
    if title.main == other.main:
        rest, others = title.rest, other.rest
    elif title.rest == other.main and is_named_after(title.main, series):
        rest, others = "", other.rest  # "Mistborn: The Final Empire"
    elif title.main == other.rest and is_named_after(other.main, series):
        rest, others = title.rest, ""
    else:
        return False
    return (
        bool(other.main)
        and _is_same_volume(title, book, other)
        and _may_be_same_subtitle(rest, others)
    )


def _is_same_volume(title: _Title, book: _Book, other: _Title) -> bool:
    """Whether nothing says that a line means another volume than this book.

    Numbers of series have been changed since, so they decide only where the title could be that of
    any volume.
    """
    number = title.number
    if other.volumes:
        return other.volumes == (title.volumes or {number})
    if title.volumes:
        is_of_series = bool(title.behind & ({"book"} | book.series))
        return is_of_series and title.volumes == {book.number}
    if title.main != other.main:
        return True
    if is_named_after(title.main, book.series):
        first = book.number if book.number is not None else 1
        return not title.rest if number is None else number == first
    if is_named_after(title.main, title.series):
        return number in (None, 1, book.number)
    return True


def _may_be_same_subtitle(one: str, other: str) -> bool:
    """Whether one has none, or both share most of their words."""
    if not one or not other:
        return True
    words, others = set(one.split()) - _SMALL, set(other.split()) - _SMALL
    return len(words & others) >= SAME_SUBTITLE * min(len(words), len(others))


def _of_volume(row: Wanted, title: _Title, books: Iterable[_Book]) -> list[_Book]:
    """The books with the series and number of a line, whose title may be their translation."""
    if title.number is None or title.number % 1 or not title.series or title.forms:
        return []
    return [
        book
        for book in books
        if (book.series, book.number) == (title.series, title.number)
        and book.kind == Book.Kind.WORK
        and not book.titles[0].forms
        and _may_be_translation(row, title, book)
    ]


def _may_be_translation(row: Wanted, title: _Title, book: _Book) -> bool:
    """Whether a title may be another edition's; an English one that shares no word is not."""
    words = set(title.key.split())
    telling = words - _SMALL - book.series
    if any(telling & set(other.key.split()) for other in book.titles):
        return True
    return not words & _ENGLISH and not row.isbn13.startswith(_ENGLISH_ISBNS)


# --- slips --------------------------------------------------------------------------------------


def _has_slip(title: _Title, book: _Book) -> bool:
    """Whether the title is a book's but for a slip or two."""
    is_other_volume = title.number is not None and book.number not in (None, title.number)
    if is_other_volume or not book.may_be(title):
        return False
    return any(
        title.forms == other.forms
        and any(_is_slipped(title.key, key) for key in {other.key, other.main})
        for other in book.titles
    )


def _is_slipped(one: str, other: str) -> bool:
    """Whether two keys differ in spaces, in how a number is written, or by a slip in long words."""
    words, others = [digits(word) for word in one.split()], [digits(word) for word in other.split()]
    if "".join(words) == "".join(others):
        return True
    if len(words) != len(others):
        return False
    differing = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    return len(differing) <= MOST_SLIPPED and all(_is_slip(*pair) for pair in differing)


def _is_slip(word: str, other: str) -> bool:
    """Whether one word is the other with a slip; a number or a plural is another word."""
    if max(len(word), len(other)) < SHORTEST_SLIPPED or not (word + other).isalpha():
        return False
    return is_slip_of(word, other) and word + "s" != other and other + "s" != word


def _by_author_with_slip(
    lines: Iterable[tuple[Wanted, _Title]],
) -> dict[Hashable, Probable]:
    """The books with exactly the title of a line, by an author whose name is almost the line's."""
    lines = [(row, title) for row, title in lines if row.author.strip() and title.key]
    rows = BookAuthor.objects.filter(
        book__title_key__in={title.key for _, title in lines}, book__status__in=Book.STANDING
    ).order_by()
    named: defaultdict[str, list[tuple[int, str, Decimal | None]]] = defaultdict(list)
    columns = ("book__title_key", "book_id", "author__name", "book__series_number")
    for key, book_id, name, number in rows.values_list(*columns):
        named[key].append((book_id, name, number))
    found: dict[Hashable, Probable] = {}
    for row, title in lines:
        books = {
            book_id
            for book_id, name, number in named[title.key]
            if _is_slipped_name(row.author, name) and (title.number in (None, number) or not number)
        }
        if len(books) == 1:
            found[row.key] = Probable(books.pop(), "slip in the author")
    return found


def _is_slipped_name(name: str, other: str) -> bool:
    """Whether two names are one person's but for a slip in one of their words."""
    one, two = surname_key(name), surname_key(other)
    mine, theirs = given_names(name), given_names(other)
    if one == two:
        return any(is_slip_of(word, given) for word in mine for given in theirs)
    initials = {word[0] for word in mine}, {word[0] for word in theirs}
    return is_slip_of(one, two) and bool(initials[0] & initials[1])


# --- books --------------------------------------------------------------------------------------


def _surname_keys(author: str) -> set[str]:
    """The keys under which an author may be found; some names have the surname first."""
    first = fold(author).split()[:1]
    return {key for key in (surname_key(author), *first) if key}


def _books_by_surname(surnames: Collection[str]) -> Mapping[str, list[tuple[str, _Book]]]:
    """The books of authors with these surnames, with the author's name; in one query."""
    rows = (
        BookAuthor.objects.filter(author__surname_key__in=surnames, book__status__in=Book.STANDING)
        .order_by()
        .values_list(
            "author__surname_key",
            "author__name",
            "book_id",
            "book__title",
            "book__original_title",
            "book__series_name",
            "book__series_number",
            "book__kind",
        )
    )
    found: defaultdict[str, list[tuple[str, _Book]]] = defaultdict(list)
    for surname, name, book_id, title, original, series, number, kind in rows:
        titles = tuple(_split(one) for one in (title, original) if one)
        words = series_words(series)
        found[surname].append((name, _Book(book_id, titles, words, number, kind)))
    return found


def _books_of(author: str, by_surname: Mapping[str, list[tuple[str, _Book]]]) -> list[_Book]:
    return [
        book
        for key in _surname_keys(author)
        for name, book in by_surname.get(key, ())
        if may_be_same_person(author, name)
    ]
