"""Looking for books by what a reader types: a title, an author or a series, slips forgiven.

Titles are compared by the trigrams of their keys (PostgreSQL's pg_trgm), which know no accents and
no case; authors by name. Whoever types is mostly after a well-known book, so fame decides between
matches that are about as good.
"""

from collections.abc import Collection

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection
from django.db.models import Case, F, FloatField, Q, Value, When
from django.db.models.functions import Greatest, Round

from catalog.models import Book, BookAuthor
from catalog.normalize import fold

AUTHORS = 8
#: Candidates of each way a book can be meant; of more than these, fame decides.
MOST = 200
FEWEST_LETTERS = 2


def search(text: str, *, limit: int = 20) -> list[Book]:
    """Active books, the best matches first, in a constant number of queries.

    Nothing is found for fewer than two letters.
    """
    key = fold(text)
    if len(key) < FEWEST_LETTERS:
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
    """Books that may be meant, the best known of each way to be meant.

    Each way has an index of its own; put together with OR, they would all be looked for in every
    book.
    """
    ways = (
        Q(title_key__trigram_word_similar=key),
        Q(title_key__contains=key),
        Q(original_title_key__trigram_word_similar=key),
        Q(series_name__icontains=key),
        Q(pk__in=BookAuthor.objects.filter(author__in=authors).values("book")),
    )
    found = [
        Book.objects.active().filter(way).order_by("-ratings_count").values_list("pk")[:MOST]
        for way in ways
    ]
    return {pk for (pk,) in found[0].union(*found[1:])}


def _authors(key: str) -> dict[int, float]:
    """Authors whose names are like what was typed, with how much.

    They need to be less like it than titles, as names are short. The function is the database's own
    (`migrations/0012_author_trigrams.py`), as only there the index of names can be put to use.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT author_id, likeness FROM catalog_authors_like(%s, %s)", [key, AUTHORS]
        )
        return dict(cursor.fetchall())
