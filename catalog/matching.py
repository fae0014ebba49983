"""Finds the book of the catalog that a line of a library means.

Numbers come first: work, then edition, then ISBN. If none is known, the exact title and the author
decide. Similarity never does.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.db.models import Q

from catalog.models import Book, BookAuthor, BookIdentifier
from catalog.normalize import SplitTitle, fold, may_be_same_person, split_title, title_key

State = Literal["matched", "ambiguous", "unmatched"]
Method = Literal["", "work", "edition", "isbn", "title", "original title"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a source says about a book; `key` is whatever the caller identifies the line by."""

    key: Hashable
    edition_id: int | None = None  # Goodreads' number of any edition
    work_id: int | None = None  # Goodreads' number of the work
    isbn13: str = ""
    title: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The matched book, if there is one; `candidates` are those a person can choose from."""

    book_id: int | None = None
    state: State = "unmatched"
    method: Method = ""
    candidates: tuple[int, ...] = ()


UNMATCHED = Match()


@dataclass(frozen=True, slots=True)
class _Credit:
    """An author of a book with one of the wanted titles."""

    book_id: int
    name: str
    popularity: int
    series: str
    number: Decimal | None
    is_collection: bool


def match(wanted: Sequence[Wanted]) -> dict[Hashable, Match]:
    """Match lines to books, in four queries for any number of lines."""
    by_number = _matched_by_number(wanted)
    left = [row for row in wanted if row.key not in by_number]
    return by_number | _matched_by_title(left)


def _matched_by_number(wanted: Sequence[Wanted]) -> dict[Hashable, Match]:
    works = _books_of_works({row.work_id for row in wanted if row.work_id})
    editions = _identified(
        BookIdentifier.Scheme.GOODREADS, {str(row.edition_id) for row in wanted if row.edition_id}
    )
    isbns = _identified(BookIdentifier.Scheme.ISBN13, {row.isbn13 for row in wanted if row.isbn13})
    found = {}
    for row in wanted:
        steps: tuple[tuple[Method, int | None], ...] = (
            ("work", works.get(row.work_id) if row.work_id else None),
            ("edition", editions.get(str(row.edition_id))),
            ("isbn", isbns.get(row.isbn13)),
        )
        for method, book_id in steps:
            if book_id is not None:
                found[row.key] = Match(book_id, "matched", method, (book_id,))
                break
    return found


def _books_of_works(work_ids: Iterable[int]) -> dict[int, int]:
    rows = Book.objects.filter(goodreads_work_id__in=list(work_ids)).order_by()
    triples = rows.values_list("goodreads_work_id", "pk", "merged_into")
    return {work_id: into or pk for work_id, pk, into in triples if work_id is not None}


def _identified(scheme: str, values: Iterable[str]) -> dict[str, int]:
    rows = BookIdentifier.objects.filter(scheme=scheme, value__in=list(values)).order_by()
    return dict(rows.values_list("value", "book_id"))


def _matched_by_title(wanted: Sequence[Wanted]) -> dict[Hashable, Match]:
    keys = {row.key: title_key(row.title) for row in wanted}
    by_title, by_original = _credits_by_title({key for key in keys.values() if key})
    return {
        row.key: (
            _decide(row, by_title.get(keys[row.key], ()), "title")
            or _decide(row, by_original.get(keys[row.key], ()), "original title")
            or UNMATCHED
        )
        for row in wanted
    }


def _credits_by_title(
    keys: Iterable[str],
) -> tuple[Mapping[str, list[_Credit]], Mapping[str, list[_Credit]]]:
    """Authors of the books with these titles, by title and by original title."""
    wanted = list(keys)
    rows = (
        BookAuthor.objects.filter(
            Q(book__title_key__in=wanted) | Q(book__original_title_key__in=wanted),
            book__merged_into=None,
        )
        .order_by()
        .values_list(
            "book__title_key",
            "book__original_title_key",
            "book_id",
            "author__name",
            "book__ratings_count",
            "book__series_name",
            "book__series_number",
            "book__kind",
        )
    )
    by_title: defaultdict[str, list[_Credit]] = defaultdict(list)
    by_original: defaultdict[str, list[_Credit]] = defaultdict(list)
    for title, original, book_id, name, popularity, series, number, kind in rows:
        is_collection = kind in Book.COLLECTIONS
        credit = _Credit(book_id, name, popularity, fold(series), number, is_collection)
        by_title[title].append(credit)
        by_original[original].append(credit)
    return by_title, by_original


def _decide(row: Wanted, named: Sequence[_Credit], method: Method) -> Match | None:
    """Match a line to the one book with its title and author; None if there is none."""
    split = split_title(row.title)
    series = fold(split.series)
    fitting = [
        credit
        for credit in named
        if not (
            split.last and credit.number is not None
        )  # a line of several volumes is not a single one
        and (not row.author.strip() or may_be_same_person(row.author, credit.name))
    ]
    # If the series is known too, its number distinguishes volumes with the same title.
    of_series = [credit for credit in fitting if series and credit.series == series]
    popularity = {
        credit.book_id: credit.popularity
        for credit in of_series or fitting
        if credit not in of_series or not _is_other_volume(split, credit)
    }
    # The best known first, the order in which people see them.
    candidates = tuple(sorted(popularity, key=lambda book_id: (-popularity[book_id], book_id)))
    if not candidates:
        return None
    if len(candidates) > 1 or not row.author.strip():
        return Match(None, "ambiguous", method, candidates)
    return Match(candidates[0], "matched", method, candidates)


def _is_other_volume(split: SplitTitle, credit: _Credit) -> bool:
    """Whether a line means another volume of the series, or a single volume of a box set."""
    if split.number is None:
        return False
    if credit.number is None:
        return credit.is_collection and not split.is_box_set
    return split.number != credit.number
