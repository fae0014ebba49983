"""The page of a book: who may open it, and what the model knows of the book."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from catalog.models import Book, BookQuerySet
from recommender.engine.model import Model
from recommender.engine.release import NoRelease
from recommender.models import LibraryEntry, Reader, Recommendation
from recommender.selectors.current_model import current_model
from recommender.selectors.recommendations import counting_ratings

LINKS_SHOWN = 6


def visible_books(*, reader: Reader | None, is_staff: bool) -> BookQuerySet:
    """The books whose pages may be opened: a hidden one only by readers who met it, and by staff.

    A reader has met a book that is in the library, or on a list saved before it was hidden. A
    merged book stays visible, for its page redirects to the other book.
    """
    books = Book.objects.all()
    if is_staff:
        return books
    in_library = LibraryEntry.objects.filter(reader=reader).values("book")
    listed = Recommendation.objects.filter(run__reader=reader).values("book")
    for_everybody = Q(status__in=[Book.Status.ACTIVE, Book.Status.MERGED])
    return books.filter(for_everybody | Q(pk__in=in_library) | Q(pk__in=listed))


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the model knows of a book: related books, as in `engine.model.Links`, and stars."""

    leads_to: Sequence[Book] = field(default_factory=tuple)
    comes_from: Sequence[Book] = field(default_factory=tuple)
    speaks_against: Sequence[Book] = field(default_factory=tuple)
    expected_stars: float | None = None
    is_unknown: bool = False  # the model does not have the book, so it cannot recommend it
    ratings: int | None = None  # of readers whom the model has learned from


def model_facts(*, book: Book, reader: Reader | None) -> ModelFacts:
    """What the model in use knows of a book; nothing if no model is in use."""
    try:
        model = current_model()
    except NoRelease:
        return ModelFacts()
    if book.goodbooks_id is None or not model.knows([book.goodbooks_id]):
        return ModelFacts(is_unknown=True)
    links = model.links(book.goodbooks_id, LINKS_SHOWN)
    numbers = [*links.leads_to, *links.comes_from, *links.speaks_against]
    linked = Book.objects.active().known_as(numbers).with_authors()
    books = {book.goodbooks_id: book for book in linked}

    def cards(numbers: Sequence[int]) -> list[Book]:
        return [books[number] for number in numbers if number in books]

    return ModelFacts(
        leads_to=cards(links.leads_to),
        comes_from=cards(links.comes_from),
        speaks_against=cards(links.speaks_against),
        expected_stars=_expected_stars(model, book.goodbooks_id, reader),
        ratings=model.ratings_of(book.goodbooks_id),
    )


def _expected_stars(model: Model, book_id: int, reader: Reader | None) -> float | None:
    if reader is None:
        return None
    [stars] = model.expected_stars(counting_ratings(reader=reader), [book_id])
    return stars
