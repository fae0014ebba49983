"""Recommendations: a library is folded into the model, and the list is saved."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from catalog.models import Book
from recommender.engine.model import Model, NothingToFoldIn, Scores
from recommender.engine.rerank import BookFacts, rerank
from recommender.engine.values import ScoredBook
from recommender.models import LibraryEntry, Reader, Recommendation, Run
from recommender.services import library, releases
from recommender.sources.base import UNREAD_SHELVES

#: Books scored best that go into the rules for a list; a list of ten rarely needs fifty.
CANDIDATES = 400
REASONS_SHOWN = 3
#: Fewer stars are no liking, so such a book is never named as the reason for another.
LIKED = 3.0


class NothingToRecommendFrom(Exception):
    """The library holds nothing that the model could start from; the message tells the reader."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A book of the catalog on its place in a list."""

    book: Book
    score: float
    expected_stars: float | None
    reasons: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Picks:
    """A list that is not saved, and what it was made of."""

    model: Model
    ranker: str
    ratings: Mapping[int, float]
    chosen: list[Pick]


def recommend(*, reader: Reader, top: int = 10) -> Run:
    """Make a list for the reader from the library as it is, and save it.

    Raises `NothingToRecommendFrom` where the library holds no liked book the model knows, and
    `releases.NoRelease` where no model is loaded.
    """
    library.match_lost_entries(reader=reader)
    entries = list(LibraryEntry.objects.filter(reader=reader).select_related("book"))
    numbers = {
        entry.pk: entry.book.goodbooks_id
        for entry in entries
        if entry.book and entry.book.goodbooks_id
    }
    known = [entry for entry in entries if entry.pk in numbers]
    picks = pick(
        ratings={
            numbers[entry.pk]: float(entry.stars)
            for entry in known
            if entry.stars is not None and not entry.is_left_out
        },
        read={
            numbers[entry.pk]
            for entry in known
            if entry.stars is not None or entry.shelf not in UNREAD_SHELVES
        },
        known=set(numbers.values()),
        top=top,
    )
    return _save(reader, picks, library_size=len(entries), top=top)


def pick(
    *, ratings: Mapping[int, float], read: Collection[int], known: Collection[int], top: int
) -> Picks:
    """Choose the best books for some ratings; nothing is saved.

    All three go by `Book.goodbooks_id`: `known` are the books that the reader has on any shelf,
    which are not recommended, and `read` those among them which tell where in a series he is.
    """
    model = releases.current_model()
    try:
        scores = model.fold_in(ratings)
    except NothingToFoldIn as error:
        raise NothingToRecommendFrom(_what_is_missing(len(ratings))) from error
    candidates = [c for c in scores.top(CANDIDATES, exclude=known) if c.score > 0]
    books = {
        book.goodbooks_id: book
        for book in Book.objects.known_as([*known, *(c.book_id for c in candidates)]).for_cards()
        if book.goodbooks_id is not None
    }
    chosen = rerank(
        [c for c in candidates if (b := books.get(c.book_id)) and b.status == Book.Status.ACTIVE],
        facts={book_id: facts_of(book) for book_id, book in books.items()},
        read=read,
    )[:top]
    return Picks(model, scores.ranker, scores.rated, _explain(scores, chosen, books))


def facts_of(book: Book) -> BookFacts:
    """What the rules after scoring look at; prefetch `credits` first."""
    return BookFacts(
        author_ids=tuple(credit.author_id for credit in book.credits.all()),
        series=book.series_name,
        number=float(book.series_number) if book.series_number is not None else None,
        language=book.language,
        is_box_set=book.is_box_set,
    )


def _what_is_missing(rated: int) -> str:
    if rated:
        return (
            "None of the books you rated is one that our readers have told us enough about, or "
            "you liked none of them. Rate a few books that you liked, then try again."
        )
    return (
        "We found no rated book of yours in our catalog. Recommendations grow from stars: rate a "
        "few books on Goodreads, then try again."
    )


def _explain(scores: Scores, chosen: list[ScoredBook], books: Mapping[int, Book]) -> list[Pick]:
    stars = scores.expected_stars([scored.book_id for scored in chosen])
    return [
        Pick(books[scored.book_id], scored.score, expected, _reasons(scores, scored.book_id, books))
        for scored, expected in zip(chosen, stars, strict=True)
    ]


def _reasons(scores: Scores, book_id: int, books: Mapping[int, Book]) -> list[dict[str, object]]:
    """The liked books that a recommendation comes from, with their exact share of its score."""
    score = scores.score(book_id)
    liked = [
        reason
        for reason in scores.reasons(book_id)
        if reason.contribution > 0 and reason.stars >= LIKED and reason.book_id in books
    ]
    return [
        {
            "book": books[reason.book_id].pk,
            "book_id": reason.book_id,
            "title": books[reason.book_id].title,
            "stars": reason.stars,
            "share": round(reason.contribution / score, 6) if score > 0 else 0.0,
        }
        for reason in liked[:REASONS_SHOWN]
    ]


@transaction.atomic
def _save(reader: Reader, picks: Picks, *, library_size: int, top: int) -> Run:
    run = Run.objects.create(
        reader=reader,
        release=releases.record(picks.model.release),
        ranker=picks.ranker,
        parameters={"top": top},
        ratings_used=[[book_id, stars] for book_id, stars in sorted(picks.ratings.items())],
        library_size=library_size,
    )
    Recommendation.objects.bulk_create(
        Recommendation(
            run=run,
            book=pick.book,
            rank=rank,
            score=pick.score,
            expected_stars=pick.expected_stars,
            reasons=pick.reasons,
        )
        for rank, pick in enumerate(picks.chosen, start=1)
    )
    return run
