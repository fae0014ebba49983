"""The model put to the test on one reader: some of their books are hidden and looked for.

What is hidden depends on the books alone, so that nobody can try until they like the outcome.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from catalog.models import Book
from recommender.engine.model import Scores
from recommender.models import LibraryEntry, Reader, Recommendation
from recommender.selectors.current_model import current_model
from recommender.selectors.recommendations import taste_of

#: One book in five is hidden, as in the measurements of a release.
HIDDEN_SHARE = 5
#: With fewer rated books, fewer than three would be hidden.
FEWEST_RATED = 15
#: What a good list names, as in the measurements of a release.
LOVED_STARS = 4.0
#: With fewer loved books to find, the outcome is mostly luck.
FEWEST_TO_TELL = 10
LENGTHS = (10, 50, 100)
#: With fewer, a plot of predictions says nothing.
FEWEST_PREDICTIONS = 5


class TooFewRated(Exception):
    """The library has too few rated books that the model knows; `count` says how many."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} rated books")
        self.count = count


@dataclass(frozen=True, slots=True)
class HiddenBook:
    """A hidden book, with its place in the model's order and in that of the best-known books."""

    book: Book
    stars: float
    is_loved: bool
    place: int
    place_by_fame: int


@dataclass(frozen=True, slots=True)
class Found:
    """How many of the hidden books that were loved are among the first `length`."""

    length: int
    by_model: int
    by_fame: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of hiding a fifth of the rated books."""

    hidden: Sequence[HiddenBook]
    seen: int
    others: int

    @property
    def loved(self) -> list[HiddenBook]:
        """The hidden books that a good list names, the best placed first."""
        return [one for one in self.hidden if one.is_loved]

    @property
    def less_loved(self) -> list[HiddenBook]:
        """The other hidden books, the best placed first."""
        return [one for one in self.hidden if not one.is_loved]

    @property
    def found(self) -> list[Found]:
        """How many of the loved books lists of different lengths would have named."""
        return [
            Found(
                length,
                sum(one.place <= length for one in self.loved),
                sum(one.place_by_fame <= length for one in self.loved),
            )
            for length in LENGTHS
        ]

    @property
    def is_mostly_luck(self) -> bool:
        return len(self.loved) < FEWEST_TO_TELL


@dataclass(frozen=True, slots=True)
class Predictions:
    """Stars expected when a book was first listed, beside those it was given since."""

    entries: Sequence[LibraryEntry]

    @property
    def pairs(self) -> list[tuple[float, float]]:
        return [(one.expected, float(one.stars)) for one in self.entries]  # type: ignore[attr-defined, arg-type]  # annotated; the query asks for stars

    @property
    def error(self) -> float:
        """By how many stars they were off, on average."""
        return sum(abs(given - expected) for expected, given in self.pairs) / len(self.pairs)

    @property
    def error_of_mean(self) -> float:
        """The same, had the reader's own average been said each time."""
        given = [stars for _, stars in self.pairs]
        mean = sum(given) / len(given)
        return sum(abs(stars - mean) for stars in given) / len(given)


def prove(*, reader: Reader) -> Proof:
    """Hide a fifth of the reader's rated books, and look for them.

    Raises `TooFewRated`, `NothingToFoldIn` if what is left tells nothing, and `NoRelease`.
    """
    taste, model = taste_of(reader=reader), current_model()
    known = model.knows(taste.ratings)
    if len(known) < FEWEST_RATED:
        raise TooFewRated(len(known))
    hidden = draw(known)
    scores = model.fold_in(
        {number: stars for number, stars in taste.ratings.items() if number not in hidden},
        {number: how for number, how in taste.readings.items() if number not in hidden},
    )
    exclude = taste.known - set(hidden)
    return Proof(
        hidden=_found(scores, hidden, taste.ratings, exclude),
        seen=len(scores.used),
        others=scores.number_of_books(exclude=exclude),
    )


def draw(numbers: frozenset[int]) -> list[int]:
    """A fifth of the books, chosen by a hash of their numbers."""
    order = sorted(numbers, key=lambda number: (zlib.crc32(str(number).encode()), number))
    return order[: len(order) // HIDDEN_SHARE]


def predictions(*, reader: Reader) -> Predictions | None:
    """Books rated after a saved list had named them; None while there are too few."""
    first = Recommendation.objects.filter(
        run__reader=OuterRef("reader"),
        run__created_at__lte=OuterRef("created_at"),
        book=OuterRef("book"),
        expected_stars__isnull=False,
    ).order_by("run__created_at")
    rated: QuerySet[LibraryEntry] = reader.entries.filter(stars__isnull=False)
    named = rated.annotate(expected=Subquery(first.values("expected_stars")[:1]))
    entries = list(named.filter(expected__isnull=False).select_related("book").order_by("pk"))
    return Predictions(entries) if len(entries) >= FEWEST_PREDICTIONS else None


def _found(
    scores: Scores, hidden: Sequence[int], ratings: Mapping[int, float], exclude: frozenset[int]
) -> list[HiddenBook]:
    places = scores.places_among(hidden, exclude=exclude)
    by_fame = scores.places_by_fame(hidden, exclude=exclude)
    cards = {book.goodbooks_id: book for book in Book.objects.known_as(hidden).for_cards()}
    found = [
        HiddenBook(
            book=cards[number],
            stars=ratings[number],
            is_loved=ratings[number] >= LOVED_STARS,
            place=place,
            place_by_fame=fame,
        )
        for number, place, fame in zip(hidden, places, by_fame, strict=True)
        if number in cards
    ]
    return sorted(found, key=lambda one: one.place)
