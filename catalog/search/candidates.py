"""The books among which search chooses: those that fulfil a condition, the best known of them."""

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Any

from django.db import connection

from catalog.models import Book
from catalog.search.ranking import Candidate
from catalog.search.typed import Typed

MOST = 200
MOST_SIMILAR = 40

_COLUMNS = """
    SELECT document.book_id, document.title, document.main_title, document.original_title,
        document.authors, document.series, document.number, document.ratings_count,
        book.kind <> 'work'
    FROM catalog_searchdocument AS document
    JOIN catalog_book AS book ON book.id = document.book_id"""
_FULFILLING = f"""{_COLUMNS}
    WHERE document.book_id IN (SELECT catalog_search_candidates(
        %s, %s::tsquery, %s::tsquery, %s::tsquery[], %s, %s))"""
_SIMILAR = f"""{_COLUMNS}
    JOIN catalog_books_like(%s, %s, %s) WITH ORDINALITY AS alike(book_id, likeness, place)
        ON alike.book_id = document.book_id
    ORDER BY alike.place"""


def exact(typed: Typed, statuses: Collection[str]) -> list[Candidate]:
    """Books that have all words, and those that have the text as their whole name."""
    words = None if typed.is_one_letter else typed.exactly()
    return _found(statuses, name=typed.key, words=words)


def with_slips(typed: Typed, statuses: Collection[str]) -> list[Candidate]:
    """Books that have all words, each of which may have a slip."""
    return _found(statuses, slips=typed.with_slips())


def in_part(typed: Typed, statuses: Collection[str]) -> list[Candidate]:
    """Books that have two of the words, slips forgiven; those with the most words first.

    Where two words were typed, one of them is enough.
    """
    parts = typed.in_part()
    some = parts if len(parts) < 3 else [f"({a}) & ({b})" for a, b in combinations(parts, 2)]
    return _found(statuses, slips=" | ".join(f"({one})" for one in some), parts=parts)


def similar(typed: Typed, statuses: Collection[str]) -> list[Candidate]:
    """Books whose title or author is spelled like the text, the most similar first."""
    return _candidates(_SIMILAR, [typed.key, list(statuses), MOST_SIMILAR])


def named(names: Sequence[str], statuses: Collection[str]) -> list[int]:
    """The keys of books with exactly one of these titles; for titles without a word."""
    books = Book.objects.filter(title__in=names, status__in=statuses)
    return list(books.order_by("-ratings_count", "pk").values_list("pk", flat=True))


def with_status(keys: Sequence[int], statuses: Collection[str]) -> list[int]:
    """Those of the books that have one of the statuses."""
    return list(Book.objects.filter(pk__in=keys, status__in=statuses).values_list("pk", flat=True))


def _found(
    statuses: Collection[str],
    *,
    name: str | None = None,
    words: str | None = None,
    slips: str | None = None,
    parts: Sequence[str] | None = None,
) -> list[Candidate]:
    """The best known books that fulfil one of the conditions, each read from its own index."""
    return _candidates(_FULFILLING, [name, words, slips, parts, list(statuses), MOST])


def _candidates(query: str, parameters: Sequence[Any]) -> list[Candidate]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [Candidate(*row) for row in cursor.fetchall()]
