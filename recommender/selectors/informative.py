"""The books that a new reader is asked about."""

from functools import lru_cache

import numpy as np

from catalog.models import Book
from recommender.engine.dial import similarity_of
from recommender.engine.informative import most_telling
from recommender.engine.release import NoRelease
from recommender.engine.rerank import DEFAULT_OPTIONS
from recommender.selectors.book_facts import facts_of_candidates
from recommender.selectors.current_model import current_model

#: Books that most readers know; the choice is made among them.
FAMOUS = 400
MOST = 96


def books_to_ask_about(*, start: int, count: int) -> list[Book]:
    """Some of the books in the order to ask about them; with no release, the best known ones.

    The order is made once for each release, and the same for everybody, so that its pages stay
    what they are while a reader rates.
    """
    try:
        version = current_model().release.manifest.version
    except NoRelease:
        return list(Book.objects.active().filter(is_box_set=False).for_cards()[start:][:count])
    wanted = _order(version)[start : start + count]
    books = {book.goodbooks_id: book for book in Book.objects.active().known_as(wanted).for_cards()}
    return [books[number] for number in wanted if number in books]


@lru_cache(maxsize=2)
def _order(version: str) -> tuple[int, ...]:
    """`Book.goodbooks_id` of the books to ask about, by the release of a version."""
    release = current_model().release
    ratings = release.books["ratings"].astype(np.int64)
    rows = np.argsort(-ratings, kind="stable")[:FAMOUS]
    book_ids = release.book_ids[rows].tolist()
    facts = facts_of_candidates(book_ids, DEFAULT_OPTIONS)
    similarity = similarity_of(release.parts, rows)
    return tuple(most_telling(book_ids, ratings[rows], similarity, facts, MOST))
