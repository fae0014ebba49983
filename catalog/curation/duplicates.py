"""Pairs of books that are probably one work, for a curator to look at side by side."""

from django.db import connection

from catalog.models import Book, DistinctBooks
from recsite.accounts.models import User

#: Pairs with the same title and a common author, unless they are two volumes, of two kinds, or a
#: curator has said that they are two works. Those that most readers know come first.
_PAIRS = """
    FROM catalog_book a JOIN catalog_book b ON b.title_key = a.title_key AND b.id > a.id
    WHERE a.status IN ('active', 'hidden') AND b.status IN ('active', 'hidden')
        AND a.title_key > '' AND a.kind = b.kind
        AND coalesce(a.series_number = b.series_number, true)
        AND EXISTS (
            SELECT FROM catalog_bookauthor ca JOIN catalog_author pa ON pa.id = ca.author_id
            JOIN catalog_author pb ON pb.surname_key = pa.surname_key
            JOIN catalog_bookauthor cb ON cb.author_id = pb.id
            WHERE ca.book_id = a.id AND cb.book_id = b.id)
        AND NOT EXISTS (
            SELECT FROM catalog_distinctbooks d WHERE d.first_id = a.id AND d.second_id = b.id)"""
_ORDER = " ORDER BY a.ratings_count + b.ratings_count DESC, a.id, b.id"


def count() -> int:
    """How many pairs wait."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_PAIRS}")
        return int(cursor.fetchone()[0])


def next_pair(*, skip: int = 0) -> tuple[Book, Book] | None:
    """The next pair after those skipped, the book with more ratings first."""
    with connection.cursor() as cursor:
        query = f"SELECT a.id, b.id {_PAIRS} {_ORDER} LIMIT 1 OFFSET %s"
        cursor.execute(query, [skip])
        found = cursor.fetchone()
    if found is None:
        return None
    books = Book.objects.for_cards().in_bulk(found)
    first, second = sorted(books.values(), key=lambda book: (-book.ratings_count, book.pk))
    return first, second


def keep_apart(*, book: Book, other: Book, user: User) -> None:
    """Note that two books are two works, so that they are not offered again."""
    first, second = sorted((book.pk, other.pk))
    DistinctBooks.objects.get_or_create(first_id=first, second_id=second, defaults={"user": user})
