"""A reader's current list: the library is folded into the model; nothing is saved."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db.models.functions import Coalesce

from catalog.models import Book
from recommender.engine.model import NO_READINGS, Model, Scores
from recommender.engine.rerank import (
    DEFAULT_OPTIONS,
    BookFacts,
    RerankOptions,
    reading_languages,
    rerank,
)
from recommender.engine.values import NothingToFoldIn, Reading, ScoredBook
from recommender.models import LibraryEntry, Reader
from recommender.selectors.book_facts import (
    HISTORY_COLUMNS,
    facts_of_candidates,
    history_facts,
)
from recommender.selectors.current_model import model_for
from recommender.selectors.dismissals import dismissed_by
from recommender.selectors.known_works import KnownLine, KnownWorks, line_of
from recommender.shelves import how_read

#: What a line of a library says of its book, in the order of `line_of`.
LINE_COLUMNS = ("book", "author", "title", "book__title", "book__original_title")
#: How many of the best-scored books the rules see; a list of ten rarely needs fifty.
CANDIDATES_AT_FIRST = 100
CANDIDATES = 400
#: The same for a list that the dial reorders.
CANDIDATES_FOR_DIAL = 400
#: The same for a list with filters, which may hold most of them back.
CANDIDATES_FOR_FILTERS_AT_FIRST = 600
CANDIDATES_FOR_FILTERS = 3000

NOTHING_COUNTS = (
    "None of the books you read counts now: you have left them out, or they are from before the "
    "day that you set. Change that in your library."
)
NOTHING_LIKED = (
    "Our model knows too little about the books you read, or you liked none of them. Rate a few "
    "books that you liked, then try again."
)
NOTHING_READ = (
    "None of the books you have read is in our catalog. Recommendations come from what you read: "
    "rate a few books, here or on Goodreads, then try again."
)


class NothingToRecommendFrom(Exception):
    """The library has no book that speaks for others; the message is for the reader."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A book and its place on a list."""

    book: Book
    rank: int
    score: float
    expected_stars: float | None
    reasons: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Picks:
    """A list that is not saved, and what it was made from.

    `used` are the books that were folded in, with their stars; None for those without.
    `knows_likes` says whether the reader's stars tell any of them to be liked.
    """

    model: Model
    ranker: str
    used: Mapping[int, float | None]
    knows_likes: bool
    library_size: int
    chosen: list[Pick]
    has_more: bool
    #: How many books are not on the list for the sole reason that they have no genre.
    without_genre: int = 0


@dataclass(frozen=True, slots=True)
class Taste:
    """What a library says about its reader, by `Book.goodbooks_id`.

    `readings` says how books were read, with stars or without. `known` are the books on any shelf,
    and those that entries without a book probably mean: they are not recommended. `read` are those
    of them that were read, with the facts that matter for other books, such as the place in a
    series.
    """

    ratings: Mapping[int, float]
    readings: Mapping[int, Reading]
    read: Mapping[int, BookFacts]
    known: frozenset[int]
    library_size: int
    #: In which books are offered, unless a filter asks for others.
    languages: frozenset[str]
    #: Every line of the library, also those that found no book.
    lines: Sequence[KnownLine] = ()
    #: How many books that were read the reader does not let count.
    left_out: int = 0


def preview(
    *,
    reader: Reader,
    options: RerankOptions = DEFAULT_OPTIONS,
    top: int = 10,
    without: int | None = None,
    taste: Taste | None = None,
) -> Picks:
    """The list for the library as it is now, or for a `taste` that was read just before.

    `without` is an entry of the library that does not count, as if it were left out. Raises
    `NothingToRecommendFrom` if no book of the library speaks for others, and `NoRelease` if there
    is no model.
    """
    taste = taste or taste_of(reader=reader, without=without)
    if taste.left_out and not taste.ratings and not taste.readings:
        raise NothingToRecommendFrom(NOTHING_COUNTS)
    dismissed = dismissed_by(reader)
    refused: dict[int, Reading] = dict.fromkeys(dismissed.not_for_me - taste.known, "dismissed")
    return pick(
        ratings=taste.ratings,
        readings={**taste.readings, **refused},
        read=taste.read,
        known=taste.known,
        works=KnownWorks.of_lines(taste.lines),
        top=top,
        options=replace(dismissed.left_out_of(options), own_languages=taste.languages),
        library_size=taste.library_size,
    )


def pick(
    *,
    ratings: Mapping[int, float],
    read: Mapping[int, BookFacts],
    known: Collection[int],
    works: KnownWorks,
    top: int,
    readings: Mapping[int, Reading] = NO_READINGS,
    options: RerankOptions = DEFAULT_OPTIONS,
    library_size: int = 0,
) -> Picks:
    """The list for some books; `ratings`, `readings`, `read` and `known` are as in `Taste`.

    Books that `works` knows by their titles are not recommended either.
    """
    model = model_for({*ratings, *readings})
    own_languages = options.own_languages or languages_of(read.values())
    options = replace(options, own_languages=own_languages)
    try:
        scores = model.fold_in(ratings, readings)
    except NothingToFoldIn as error:
        raise NothingToRecommendFrom(
            NOTHING_LIKED if ratings or {*readings.values()} - {"dismissed"} else NOTHING_READ
        ) from error
    chosen: list[ScoredBook] = []
    cards: dict[int, Book] = {}
    for depth in _depths(options):
        candidates = [one for one in scores.top(depth, exclude=known) if one.score > 0]
        chosen = _choose(scores, candidates, read, works, options, top + 1, cards)
        if len(chosen) > top or len(candidates) < depth:
            break
    return Picks(
        model,
        scores.ranker,
        {book: stars for book, stars in scores.used.items() if readings.get(book) != "dismissed"},
        any(map(scores.star_scale.is_liked, scores.rated.values())),
        library_size,
        explain(scores, chosen[:top], cards),
        has_more=len(chosen) > top,
        without_genre=_without_genre(candidates, chosen[:top], top, read, options),
    )


def taste_of(*, reader: Reader, without: int | None = None) -> Taste:
    """Read the library; the entry `without` does not count.

    Nor do entries left out, or from before the day that the reader has set.
    """
    since = reader.read_since
    rows = LibraryEntry.objects.filter(reader=reader).values_list(
        "pk",
        "book__goodbooks_id",
        "suggested_book",
        "is_suggestion_declined",
        "stars",
        "shelf",
        "read_count",
        "is_left_out",
        Coalesce("read_on", "added_on"),
        *LINE_COLUMNS,
        *[f"book__{column}" for column in HISTORY_COLUMNS],
    )
    ratings: dict[int, float] = {}
    readings: dict[int, Reading] = {}
    read: dict[int, BookFacts] = {}
    known, meant, lines, left_out = set(), set(), [], 0
    for (
        pk,
        number,
        suggested,
        declined,
        stars,
        shelf,
        read_count,
        is_left_out,
        day,
        *columns,
    ) in rows:
        reading = how_read(shelf, read_count=read_count)
        is_read = stars is not None or reading is not None
        of_line, of_book = columns[: len(LINE_COLUMNS)], columns[len(LINE_COLUMNS) :]
        lines.append(line_of(*of_line, is_read=is_read, series=of_book[0], volume=of_book[1]))
        if number is None:
            if suggested is not None and not declined:
                meant.add(suggested)
            continue
        known.add(number)
        if not is_read:
            continue
        read[number] = history_facts(*of_book)
        is_too_old = since is not None and day is not None and day < since
        if is_left_out or is_too_old:
            left_out += 1
        elif pk != without:
            if stars is not None:
                ratings[number] = float(stars)
            if reading is not None:
                readings[number] = reading
    if meant:  # of few libraries, and of few entries there
        books = Book.objects.filter(pk__in=meant).exclude(goodbooks_id=None).order_by()
        known.update(books.values_list("goodbooks_id", flat=True))
    languages = languages_of(read.values(), chosen=reader.languages)
    return Taste(ratings, readings, read, frozenset(known), len(lines), languages, lines, left_out)


def counting_ratings(*, reader: Reader) -> dict[int, float]:
    """`Taste.ratings` alone, for pages that make no list."""
    rows = reader.entries.counting(reader.read_since).exclude(stars=None)
    numbered = rows.values_list("book__goodbooks_id", "stars")
    return {number: float(stars) for number, stars in numbered if number and stars}


def languages_of(read: Iterable[BookFacts], *, chosen: Iterable[str] = ()) -> frozenset[str]:
    """The languages that a reader has chosen, else those of the books read, else the site's."""
    return frozenset(chosen) or reading_languages(read) or frozenset({settings.DEFAULT_LANGUAGE})


def _depths(options: RerankOptions) -> tuple[int, ...]:
    """How many candidates to look at, and how many if those do not fill the list."""
    if options.dial:
        return (CANDIDATES_FOR_FILTERS,) if options.narrows else (CANDIDATES_FOR_DIAL,)
    # Without the dial a list goes by the scores, so further candidates would not change it.
    if options.narrows:
        return (CANDIDATES_FOR_FILTERS_AT_FIRST, CANDIDATES_FOR_FILTERS)
    return (CANDIDATES_AT_FIRST, CANDIDATES)


def _choose(
    scores: Scores,
    candidates: list[ScoredBook],
    read: Mapping[int, BookFacts],
    works: KnownWorks,
    options: RerankOptions,
    top: int,
    cards: dict[int, Book],
) -> list[ScoredBook]:
    """The best books by the rules, without those that the reader knows by another title.

    Titles are compared of the books chosen alone, as their cards have them; others take the places
    of those that go, and what was read under another title counts as read. ``cards`` gets the
    books that it lacks.
    """
    facts = facts_of_candidates(book_ids=[one.book_id for one in candidates], options=options)
    admitted = [
        one
        for one in candidates
        if one.book_id in facts and options.admits(one.book_id, facts[one.book_id])
    ][:CANDIDATES]
    around = scores.candidate_features([one.book_id for one in admitted]) if options.dial else None
    known: frozenset[int] = frozenset()
    compared: set[int] = set()
    while True:
        chosen = rerank(
            admitted,
            {**read, **facts},
            read,
            replace(options, without_books=options.without_books | known),
            around,
            unmatched=works.unmatched,
            top=top,
        )
        numbers = {one.book_id for one in chosen}
        lacking = Book.objects.known_as(numbers - cards.keys()).for_cards()
        cards |= {book.goodbooks_id: book for book in lacking if book.goodbooks_id is not None}
        found = works.among([cards[number] for number in numbers - compared])
        if not found.numbers:
            return chosen
        compared |= numbers
        known |= found.numbers
        read = {**read, **{number: facts[number] for number in found.read}}


def _without_genre(
    candidates: list[ScoredBook],
    chosen: list[ScoredBook],
    top: int,
    read: Mapping[int, BookFacts],
    options: RerankOptions,
) -> int:
    """How many books would compete for the places of the list, but have no genre.

    One more query, made only where a filter or a dismissal asks for genres.
    """
    if not options.asks_for_genres or options.with_unknown_genres:
        return 0
    lowest = min(one.score for one in chosen) if len(chosen) == top else 0.0
    rivals = [one for one in candidates if one.score >= lowest]
    others = replace(options, genre_ids=frozenset(), without_genres=frozenset(), per_author=top)
    facts = facts_of_candidates(
        book_ids=[one.book_id for one in rivals], options=others, without_genre=True
    )
    admitted = [one for one in rivals if one.book_id in facts]
    admitted = [one for one in admitted if others.admits(one.book_id, facts[one.book_id])]
    return len(rerank(admitted, {**read, **facts}, read, others))


def explain(scores: Scores, chosen: list[ScoredBook], cards: Mapping[int, Book]) -> list[Pick]:
    """The chosen books, each with its expected stars and the reasons to name."""
    numbers = [scored.book_id for scored in chosen]
    reasons_of = dict(zip(numbers, scores.reasons_to_show(numbers), strict=True))
    alike_of = {scored.book_id: scores.alike(scored.book_id) for scored in chosen}
    named = _named(
        {one.reason.book_id for reasons in reasons_of.values() for one in reasons}
        | {book_id for alike in alike_of.values() for book_id, _ in alike}
    )
    stars = scores.expected_stars([scored.book_id for scored in chosen])
    return [
        Pick(
            book=cards[scored.book_id],
            rank=rank,
            score=scored.score,
            expected_stars=expected,
            reasons=[
                _reason(named, one.reason.book_id, one.share, one.kind, one.reason.stars)
                for one in reasons_of[scored.book_id]
                if one.reason.book_id in named
            ]
            + [
                _reason(named, book_id, share, "alike")
                for book_id, share in alike_of[scored.book_id]
                if book_id in named
            ],
        )
        for rank, (scored, expected) in enumerate(zip(chosen, stars, strict=True), start=1)
    ]


def _named(book_ids: Collection[int]) -> dict[int, tuple[int, str]]:
    """The primary keys and titles of some books, by their numbers."""
    rows = Book.objects.known_as(book_ids).order_by().values_list("goodbooks_id", "pk", "title")
    return {number: (pk, title) for number, pk, title in rows if number is not None}


def _reason(
    named: Mapping[int, tuple[int, str]],
    book_id: int,
    share: float,
    kind: str,
    stars: float | None = None,
) -> dict[str, Any]:
    """A reason as lists keep it."""
    return {
        "book": named[book_id][0],
        "book_id": book_id,
        "title": named[book_id][1],
        "stars": stars,
        "share": round(share, 6),
        "kind": kind,
    }
