"""Suggests books for a line that matches none: a person chooses, nothing is matched by this.

Titles are compared by their trigrams, so that typing errors and missing subtitles do no harm.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db.models import Q
from django.db.models.functions import Greatest

from catalog.models import Book
from catalog.normalize import fold, may_be_same_person, surname_key, title_key

#: Books with the most similar titles, among which the author decides.
CANDIDATES = 40
SAME_PERSON, SAME_SURNAME = 0.5, 0.25
#: How similar the title of a book by another author must be.
MIN_FOR_OTHER_AUTHORS = 0.6


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A book that may be meant; `likeness` is its similarity, at most 1.5."""

    book: Book
    likeness: float


def suggest(title: str, author: str = "", limit: int = 5) -> list[Suggestion]:
    """Books with a similar title, those by the author first; three queries."""
    key = title_key(title)
    if not key:
        return []
    alike = Q(title_key__trigram_similar=key) | Q(original_title_key__trigram_similar=key)
    alike |= Q(title_key__trigram_word_similar=key)
    books = (
        Book.objects.standing()
        .filter(alike)
        .annotate(
            title_likeness=Greatest(
                TrigramSimilarity("title_key", key),
                TrigramSimilarity("original_title_key", key),
                TrigramWordSimilarity(key, "title_key") * 0.8,
            )
        )
        .order_by("-title_likeness", "-ratings_count", "pk")
        .for_cards()[:CANDIDATES]
    )
    found: list[Any] = list(books)  # annotated with `title_likeness`, which `Book` lacks
    suggestions = []
    for book in found:
        bonus = _author_bonus(author, book.credited_names)
        if bonus or not fold(author) or book.title_likeness >= MIN_FOR_OTHER_AUTHORS:
            suggestions.append(Suggestion(book, book.title_likeness + bonus))
    suggestions.sort(key=lambda suggestion: -suggestion.likeness)
    return suggestions[:limit]


def _author_bonus(author: str, names: list[str]) -> float:
    if not fold(author):
        return 0.0
    if any(may_be_same_person(author, name) for name in names):
        return SAME_PERSON
    return SAME_SURNAME if surname_key(author) in map(surname_key, names) else 0.0
