"""The list of this moment: a library is folded into the model; nothing is saved."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from django.db.models.functions import Coalesce

from catalog.models import Book
from recommender import shelves
from recommender.engine.explain import told_reasons
from recommender.engine.model import Model, NothingToFoldIn, Scores
from recommender.engine.rerank import DEFAULT_OPTIONS, BookFacts, RerankOptions, rerank
from recommender.engine.values import ScoredBook
from recommender.models import Dismissal, LibraryEntry, Reader
from recommender.selectors.book_facts import (
    HISTORY_COLUMNS,
    facts_of_candidates,
    facts_of_history,
    history_of,
)
from recommender.selectors.current_model import current_model

#: Books scored best that go into the rules for a list; a list of ten rarely needs fifty.
CANDIDATES = 400
CANDIDATES_AT_FIRST = 100
#: The same where the dial orders them anew.
CANDIDATES_TO_TURN = 250
#: The same where filters hold many of them back.
CANDIDATES_TO_NARROW = 3000
CANDIDATES_TO_NARROW_AT_FIRST = 600


NOTHING_COUNTS = (
    "None of the books you rated counts now: you have left them out, or they are from before the "
    "day that you set. Change that in your library."
)


class NothingToRecommendFrom(Exception):
    """The library holds nothing that the model could start from; the message tells the reader."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A book of the catalog on its place in a list."""

    book: Book
    rank: int
    score: float
    expected_stars: float | None
    reasons: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Picks:
    """A list that is not saved, and what it was made of."""

    model: Model
    ranker: str
    ratings: Mapping[int, float]
    library_size: int
    chosen: list[Pick]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Taste:
    """What a library says, by `Book.goodbooks_id`.

    `known` are the books on any shelf, which are not recommended, and `read` those among
    them which tell where in a series the reader is, with what they mean for others.
    """

    ratings: Mapping[int, float]
    read: Mapping[int, BookFacts]
    known: frozenset[int]
    lines: int
    #: Rated books whose stars are not to count, as their reader wishes.
    silenced: int = 0


def taste_of(*, reader: Reader, without: int | None = None) -> Taste:
    """Read the library; the stars of the entry `without` do not count.

    Neither do those of what was left out, or read before the day that the reader has set.
    """
    since = reader.read_since
    rows = LibraryEntry.objects.filter(reader=reader).values_list(
        "pk",
        "book__goodbooks_id",
        "stars",
        "shelf",
        "is_left_out",
        Coalesce("read_on", "added_on"),
        *(f"book__{column}" for column in HISTORY_COLUMNS),
    )
    ratings: dict[int, float] = {}
    read: dict[int, BookFacts] = {}
    known, lines, silenced = set(), 0, 0
    for pk, number, stars, shelf, is_left_out, day, *of_book in rows:
        lines += 1
        if number is None:
            continue
        known.add(number)
        if stars is not None or shelf not in shelves.UNREAD:
            read[number] = history_of(*of_book)
        is_too_old = since is not None and day is not None and day < since
        if stars is None or pk == without:
            continue
        if is_left_out or is_too_old:
            silenced += 1
        else:
            ratings[number] = float(stars)
    return Taste(ratings, read, frozenset(known), lines, silenced)


def preview(
    *,
    reader: Reader,
    options: RerankOptions = DEFAULT_OPTIONS,
    top: int = 10,
    without: int | None = None,
) -> Picks:
    """The list for the reader from the library as it is now; nothing is saved.

    `without` is an entry of the library whose stars are not to count, as if there were none.
    Raises `NothingToRecommendFrom` where the library holds no liked book the model knows, and
    `NoRelease` where no model is loaded.
    """
    taste = taste_of(reader=reader, without=without)
    if taste.silenced and not taste.ratings:
        raise NothingToRecommendFrom(NOTHING_COUNTS)
    return pick(
        ratings=taste.ratings,
        read=taste.read,
        known=taste.known,
        top=top,
        options=without_dismissed(options=options, reader=reader),
        library_size=taste.lines,
    )


def pick(
    *,
    ratings: Mapping[int, float],
    read: Mapping[int, BookFacts],
    known: Collection[int],
    top: int,
    options: RerankOptions = DEFAULT_OPTIONS,
    library_size: int = 0,
) -> Picks:
    """Choose the best books for some ratings; nothing is saved.

    `ratings`, `read` and `known` go by `Book.goodbooks_id`, as in `Taste`.
    """
    model = current_model()
    try:
        scores = model.fold_in(ratings)
    except NothingToFoldIn as error:
        raise NothingToRecommendFrom(_what_is_missing(len(ratings))) from error
    chosen: list[ScoredBook] = []
    for depth in _depths(options):
        candidates = [one for one in scores.top(depth, exclude=known) if one.score > 0]
        chosen = _choose(scores, candidates, read, options, top + 1)
        if len(chosen) > top or len(candidates) < depth:
            break
    return Picks(
        model,
        scores.ranker,
        scores.rated,
        library_size,
        _explain(scores, chosen[:top]),
        has_more=len(chosen) > top,
    )


def without_dismissed(*, options: RerankOptions, reader: Reader) -> RerankOptions:
    """The options, with everything that the reader does not want left out."""
    standing = Dismissal.objects.standing().filter(reader=reader)
    rows = list(standing.values_list("book__goodbooks_id", "author", "genre"))
    return replace(
        options,
        without_books=options.without_books | {book for book, _, _ in rows if book is not None},
        without_authors=options.without_authors | {author for _, author, _ in rows if author},
        without_genres=options.without_genres | {genre for _, _, genre in rows if genre},
    )


def _depths(options: RerankOptions) -> tuple[int, ...]:
    """How many of the books scored best to look at, and how many if those do not fill the list."""
    if options.dial:
        return (CANDIDATES_TO_NARROW,) if options.narrows else (CANDIDATES_TO_TURN,)
    # A list without a dial goes by the scores, so that more candidates would not change it.
    if options.narrows:
        return (CANDIDATES_TO_NARROW_AT_FIRST, CANDIDATES_TO_NARROW)
    return (CANDIDATES_AT_FIRST, CANDIDATES)


def _choose(
    scores: Scores,
    candidates: list[ScoredBook],
    read: Mapping[int, BookFacts],
    options: RerankOptions,
    top: int,
) -> list[ScoredBook]:
    facts = facts_of_candidates([scored.book_id for scored in candidates], options)
    fitting = [
        scored
        for scored in candidates
        if scored.book_id in facts and options.admits(scored.book_id, facts[scored.book_id])
    ][:CANDIDATES]
    # Whether a box set of no series holds what was read can only be told by its authors.
    if any(facts[one.book_id].is_box_set for one in fitting):
        read = facts_of_history(read)
    around = scores.surroundings([one.book_id for one in fitting]) if options.dial else None
    return rerank(fitting, {**read, **facts}, read, options, around, top=top)


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


def _explain(scores: Scores, chosen: list[ScoredBook]) -> list[Pick]:
    told = {
        scored.book_id: told_reasons(scores.reasons(scored.book_id), scored.score)
        for scored in chosen
    }
    cards = {book.goodbooks_id: book for book in Book.objects.known_as(told).for_cards()}
    named = {
        number: (pk, title)
        for number, pk, title in Book.objects.known_as(
            {one.reason.book_id for reasons in told.values() for one in reasons}
        )
        .order_by()
        .values_list("goodbooks_id", "pk", "title")
    }
    stars = scores.expected_stars([scored.book_id for scored in chosen])
    return [
        Pick(
            book=cards[scored.book_id],
            rank=rank,
            score=scored.score,
            expected_stars=expected,
            reasons=[
                {
                    "book": named[one.reason.book_id][0],
                    "book_id": one.reason.book_id,
                    "title": named[one.reason.book_id][1],
                    "stars": one.reason.stars,
                    "share": round(one.share, 6),
                    "kind": one.kind,
                }
                for one in told[scored.book_id]
                if one.reason.book_id in named
            ],
        )
        for rank, (scored, expected) in enumerate(zip(chosen, stars, strict=True), start=1)
    ]
