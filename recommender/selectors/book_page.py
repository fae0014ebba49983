"""What the model says of one book, to anybody and to one reader."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from catalog.models import Book
from recommender.engine.model import Model, NothingToFoldIn
from recommender.engine.release import NoRelease
from recommender.models import Reader
from recommender.selectors.current_model import current_model
from recommender.selectors.recommendations import taste_of

LINKS_SHOWN = 6
#: With fewer ratings the stars expected would say more of the book than of the reader.
RATINGS_FOR_STARS = 5


@dataclass(frozen=True, slots=True)
class AboutBook:
    """Books that hang together with one, as `engine.model.Links` has them, and expected stars."""

    leads_to: Sequence[Book] = field(default_factory=tuple)
    comes_from: Sequence[Book] = field(default_factory=tuple)
    speaks_against: Sequence[Book] = field(default_factory=tuple)
    expected_stars: float | None = None
    is_unknown: bool = False  # to the model in use, which therefore can't recommend it


def about_book(book: Book, reader: Reader | None) -> AboutBook:
    """What the model in use knows; nothing at all where there is none."""
    try:
        model = current_model()
    except NoRelease:
        return AboutBook()
    if book.goodbooks_id is None or not model.knows([book.goodbooks_id]):
        return AboutBook(is_unknown=True)
    links = model.links(book.goodbooks_id, LINKS_SHOWN)
    numbers = [*links.leads_to, *links.comes_from, *links.speaks_against]
    shown = Book.objects.active().known_as(numbers).for_cards()
    books = {book.goodbooks_id: book for book in shown}

    def cards(kind: Sequence[int]) -> list[Book]:
        return [books[number] for number in kind if number in books]

    return AboutBook(
        leads_to=cards(links.leads_to),
        comes_from=cards(links.comes_from),
        speaks_against=cards(links.speaks_against),
        expected_stars=_expected_stars(model, book.goodbooks_id, reader),
    )


def _expected_stars(model: Model, book_id: int, reader: Reader | None) -> float | None:
    ratings = taste_of(reader=reader).ratings if reader else {}
    if len(ratings) < RATINGS_FOR_STARS:
        return None
    try:
        return model.fold_in(ratings).expected_stars([book_id])[0]
    except NothingToFoldIn:
        return None
