"""Pages to look through the catalog, in the order of the model or of what readers say."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from catalog import browse
from catalog.models import Author, Book, BookQuerySet, Genre
from recommender.engine.model import Scores
from recommender.engine.release import NoRelease
from recommender.engine.rerank import RerankOptions
from recommender.engine.values import NothingToFoldIn
from recommender.models import Reader
from recommender.selectors.current_model import current_model
from recommender.selectors.recommendations import (
    NothingToRecommendFrom,
    Taste,
    languages_of,
    preview,
)


class Order(StrEnum):
    """In which order books are shown."""

    FITS = "fits-you"
    LOVED = "loved"
    LITTLE_KNOWN = "little-known"
    BEST_KNOWN = "best-known"
    NEWEST = "newest"


ORDER_WORDS = {
    Order.FITS: "Fits you best",
    Order.LOVED: "Loved by many",
    Order.LITTLE_KNOWN: "Little known, much loved",
    Order.BEST_KNOWN: "Best known",
    Order.NEWEST: "Newest first",
}
ORDERS_OF_GENRE = (Order.LOVED, Order.LITTLE_KNOWN, Order.BEST_KNOWN, Order.NEWEST)
ORDERS_OF_AUTHOR = (Order.FITS, Order.BEST_KNOWN, Order.NEWEST)


def begin_with(books: BookQuerySet, *, taste: Taste | None) -> BookQuerySet:
    """Those of some books that are no later volumes, in the reader's languages or the site's."""
    return browse.beginnings(books, languages=taste.languages if taste else languages_of([]))


def author_books(
    *, author: Author, order: Order, scores: Scores | None
) -> BookQuerySet | list[Book]:
    """The books of an author; those that the model does not know come last."""
    books = browse.by_author(author)
    if order != Order.FITS or scores is None:
        return in_order(books, order)
    found = list(books.only("goodbooks_id"))
    fits = scores_of(scores, [book.goodbooks_id for book in found])
    lowest = min(fits.values(), default=0.0) - 1.0
    return sorted(found, key=lambda book: -fits.get(book.goodbooks_id or 0, lowest))


def scores_for(taste: Taste | None) -> Scores | None:
    """What the model says for a library; None if it says nothing."""
    if taste is None:
        return None
    try:
        return current_model().fold_in(taste.ratings, taste.readings)
    except (NothingToFoldIn, NoRelease):
        return None


def scores_of(scores: Scores, numbers: Sequence[int | None]) -> dict[int, float]:
    """The scores of those books that the model knows, by `Book.goodbooks_id`."""
    known = sorted(current_model().knows([number for number in numbers if number is not None]))
    return dict(zip(known, scores.scores_of(known).tolist(), strict=True))


def expected_stars(taste: Taste | None, books: Sequence[Book]) -> Mapping[int, float]:
    """The stars that the reader would give, by primary key; none of books that nobody rated."""
    numbers = {book.pk: book.goodbooks_id for book in books if book.goodbooks_id is not None}
    if taste is None or not numbers:
        return {}
    try:
        stars = current_model().expected_stars(taste.ratings, list(numbers.values()))
    except NoRelease:
        return {}
    pairs = zip(numbers, stars, strict=True)
    return {pk: expected for pk, expected in pairs if expected is not None}


def read_among(*, books: Sequence[Book] | BookQuerySet, taste: Taste | None) -> int:
    """How many of some books the reader has read."""
    return sum(book.goodbooks_id in taste.read for book in books) if taste else 0


def best_of_genre(*, genre: Genre, reader: Reader, taste: Taste, count: int) -> list[Book]:
    """What the reader's list has of a genre; nothing if there is no list."""
    options = RerankOptions(genre_ids=frozenset({genre.pk}))
    try:
        picks = preview(reader=reader, options=options, top=count, taste=taste)
    except (NothingToRecommendFrom, NoRelease):
        return []
    return [pick.book for pick in picks.chosen]


def in_order(books: BookQuerySet, order: Order) -> BookQuerySet:
    """Some books in an order that is the same for everybody."""
    match order:
        case Order.LOVED | Order.LITTLE_KNOWN:
            return browse.loved(books, little_known=order == Order.LITTLE_KNOWN)
        case Order.NEWEST:
            return books.filter(year__isnull=False).order_by("-year", "-ratings_count", "pk")
        case _:
            return books.order_by("-ratings_count", "pk")
