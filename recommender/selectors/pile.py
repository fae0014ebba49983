"""The books that a reader wants to read, in the order of the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from catalog.models import Book
from recommender.engine.model import Scores
from recommender.engine.rerank import RerankOptions
from recommender.engine.values import ScoredBook
from recommender.models import LibraryEntry, Reader
from recommender.selectors.book_facts import facts_of_candidates
from recommender.selectors.browse import scores_of
from recommender.selectors.recommendations import Pick, explain
from recommender.shelves import Shelf, is_unread


class PileOrder(StrEnum):
    """In which order the books of a pile are shown."""

    FITS = "fits-you"
    WAITED = "waited-longest"
    ADDED = "added-last"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A book on the pile, since when, and its score if the model knows it."""

    number: int
    added_on: date | None
    score: float | None


@dataclass(frozen=True, slots=True)
class PilePick(Pick):
    """A book of the pile as its page shows it."""

    added_on: date | None = None


def pile_of(
    *, reader: Reader, scores: Scores | None, options: RerankOptions, order: PileOrder
) -> tuple[list[Waiting], int]:
    """The books on the pile that pass the filters, in order, and how many there are in all."""
    rows = LibraryEntry.objects.filter(
        reader=reader, stars=None, book__goodbooks_id__isnull=False
    ).values_list("book__goodbooks_id", "shelf", "added_on")
    added = {
        number: day
        for number, shelf, day in rows
        if number is not None and is_unread(shelf) and shelf != Shelf.CURRENTLY_READING
    }
    facts = facts_of_candidates(book_ids=added, options=options, with_accessories=True)
    fits = scores_of(scores, list(added)) if scores else {}
    found = [
        Waiting(number, added[number], fits.get(number))
        for number in added
        if number in facts and options.admits(number, facts[number])
    ]
    return sorted(found, key=lambda one: _place(one, order)), len(added)


def with_reasons(
    waiting: Sequence[Waiting], *, scores: Scores | None, start: int
) -> list[PilePick]:
    """Some books of the pile with expected stars and reasons; `start` is the first one's rank."""
    numbers = [one.number for one in waiting]
    books = Book.objects.known_as(numbers).for_cards()
    cards = {book.goodbooks_id: book for book in books if book.goodbooks_id is not None}
    scored = [ScoredBook(one.number, one.score) for one in waiting if one.score is not None]
    explained = {pick.book.pk: pick for pick in explain(scores, scored, cards)} if scores else {}
    picks = []
    for rank, one in enumerate(waiting, start=start):
        book = cards[one.number]
        pick = explained.get(book.pk)
        picks.append(
            PilePick(
                book=book,
                rank=rank,
                score=one.score or 0.0,
                expected_stars=pick.expected_stars if pick else None,
                reasons=pick.reasons if pick else [],
                added_on=one.added_on,
            )
        )
    return picks


def _place(one: Waiting, order: PileOrder) -> tuple[bool, float, int]:
    """By what to sort: what is not known comes last."""
    if order == PileOrder.FITS:
        return one.score is None, -(one.score or 0.0), one.number
    day = one.added_on.toordinal() if one.added_on else 0
    return one.added_on is None, day if order == PileOrder.WAITED else -day, one.number
