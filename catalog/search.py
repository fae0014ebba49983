"""Searches books by title, author or series, and tolerates typing errors.

Titles are compared by the trigrams of their keys (PostgreSQL's pg_trgm), which have no accents and
no case; authors by name. Most people look for a well-known book, so the number of ratings decides
between matches that are about equally good.
"""

from collections.abc import Collection

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection
from django.db.models import Case, F, FloatField, Q, Value, When
from django.db.models.functions import Greatest, Round

from catalog.models import Book, BookAuthor
from catalog.normalize import fold

MAX_AUTHORS = 8
#: Candidates by each condition; if there are more, those with the most ratings.
MAX_CANDIDATES = 200
MIN_LETTERS = 2


def search(text: str, *, limit: int = 20) -> list[Book]:
    """Active books, best matches first, in a constant number of queries.

    Fewer than two letters find nothing.
    """
    key = fold(text)
    if len(key) < MIN_LETTERS:
        return []
    authors = _authors(key)
    by_author = BookAuthor.objects.filter(author__in=authors).values("book")
    begins = Q(title_key__startswith=key) | Q(title_key__contains=f" {key}")
    likeness = Greatest(
        TrigramWordSimilarity(key, "title_key"),
        TrigramWordSimilarity(key, "original_title_key"),
        Case(
            When(begins, then=Value(1.0)),
            When(pk__in=by_author, then=Value(max(authors.values(), default=0.0))),
            When(series_name__icontains=key, then=Value(0.9)),
            default=Value(0.0),
            output_field=FloatField(),
        ),
    )
    books = (
        Book.objects.filter(pk__in=_candidates(key, authors))
        .annotate(likeness=Round(likeness, 1))
        .order_by(F("likeness").desc(), "-ratings_count", "pk")
        .for_cards()
    )
    return list(books[:limit])


def has_word(word: str) -> Q:
    """Books with the word in a title, the series or an author's name.

    Accents, case and apostrophes are forgiven, slips are not.
    """
    named = Q(author__name__unaccent__icontains=word)
    found = (
        Q(title__unaccent__icontains=word)
        | Q(original_title__unaccent__icontains=word)
        | Q(series_name__unaccent__icontains=word)
    )
    if key := fold(word):
        named |= Q(author__surname_key__contains=key)
        found |= Q(title_key__contains=key) | Q(original_title_key__contains=key)
    return found | Q(pk__in=BookAuthor.objects.filter(named).values("book"))


def _candidates(key: str, authors: Collection[int]) -> set[int]:
    """Books that fulfil one of the conditions, for each condition the best known.

    Each condition has its own index; combined with OR, PostgreSQL would check them all for every
    book.
    """
    conditions = (
        Q(title_key__trigram_word_similar=key),
        Q(title_key__contains=key),
        Q(original_title_key__trigram_word_similar=key),
        Q(series_name__icontains=key),
        Q(pk__in=BookAuthor.objects.filter(author__in=authors).values("book")),
    )
    found = [
        Book.objects.active()
        .filter(condition)
        .order_by("-ratings_count")
        .values_list("pk")[:MAX_CANDIDATES]
        for condition in conditions
    ]
    return {pk for (pk,) in found[0].union(*found[1:])}


def _authors(key: str) -> dict[int, float]:
    """Authors with similar names, and the similarity of each.

    Its threshold is lower than for titles, as names are short. It is a database function
    (`catalog/migrations/0012_author_trigrams.py`), since only that can use the index of names.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT author_id, likeness FROM catalog_authors_like(%s, %s)", [key, MAX_AUTHORS]
        )
        return dict(cursor.fetchall())
