"""The rules after scoring: from the best-scored books to the list that is shown."""

import math
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.engine.dial import CandidateFeatures, relevance, relevance_weight
from recommender.engine.values import FloatArray, ScoredBook

FIRST_VOLUME = 1
#: A reader's languages are those of so many books read,
FEWEST_BOOKS_IN_LANGUAGE = 2
#: and of one in so many whose language is known, so that a stray book or two open none.
ONE_BOOK_IN = 10


@dataclass(frozen=True, slots=True)
class BookFacts:
    """What the rules need to know about a book; empty where it is not known."""

    author_ids: tuple[int, ...] = ()
    series: str = ""
    number: float | None = None
    language: str = ""
    #: An omnibus or a box set; the volumes are its first and last one, if it has a series.
    is_collection: bool = False
    first_volume: float | None = None
    last_volume: float | None = None
    genre_ids: tuple[int, ...] = ()
    year: int | None = None
    series_length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankOptions:
    """How strict the rules are.

    ``per_author`` books of one author may stand in any ``window`` places that follow each other,
    and ``next_volumes`` of series that the reader has begun (any number if None).
    ``own_languages`` are those of the reader; without them the books read tell (see
    `reading_languages`), and where these do not, books in every language are offered.

    ``dial`` goes from −2, familiar, to 2, adventurous (see `recommender.engine.dial`).

    What is in a ``without`` set is never offered. The filters narrow a list down; a book does not
    pass a filter if the fact it looks at is unknown: ``genre_ids`` (one of them is enough),
    ``languages`` (in place of the reader's), ``year_from`` and ``year_to``
    (inclusive), ``longest_series`` (in volumes; 0 for books of no series), ``pages_from`` and
    ``pages_to`` (inclusive; whoever looks up the facts applies these). A book without genres
    passes neither ``genre_ids`` nor ``without_genres``, unless ``with_unknown_genres``.
    """

    per_author: int = 2
    next_volumes: int | None = 3
    window: int = 10
    own_languages: frozenset[str] = frozenset()
    dial: float = 0.0
    without_books: frozenset[int] = frozenset()
    without_authors: frozenset[int] = frozenset()
    without_genres: frozenset[int] = frozenset()
    genre_ids: frozenset[int] = frozenset()
    with_unknown_genres: bool = False
    languages: frozenset[str] = frozenset()
    year_from: int | None = None
    year_to: int | None = None
    longest_series: int | None = None
    pages_from: int | None = None
    pages_to: int | None = None

    @property
    def narrows(self) -> bool:
        """Whether a filter is set, so that many candidates may not pass."""
        pages = (self.pages_from, self.pages_to)
        ends = (self.year_from, self.year_to, self.longest_series, *pages)
        return bool(self.genre_ids or self.languages) or any(end is not None for end in ends)

    def admits(self, book_id: int, book: BookFacts) -> bool:
        """Whether a book is neither excluded nor held back by a filter."""
        if book_id in self.without_books or not self.without_authors.isdisjoint(book.author_ids):
            return False
        if not self._admits_genres(book.genre_ids):
            return False
        if self.languages and book.language not in self.languages:
            return False
        return self._admits_year(book.year) and self._admits_series(book)

    @property
    def asks_for_genres(self) -> bool:
        """Whether a book's genres matter."""
        return bool(self.genre_ids or self.without_genres)

    def _admits_genres(self, genre_ids: tuple[int, ...]) -> bool:
        if not self.asks_for_genres:
            return True
        if not genre_ids:
            return self.with_unknown_genres
        return self.without_genres.isdisjoint(genre_ids) and (
            not self.genre_ids or not self.genre_ids.isdisjoint(genre_ids)
        )

    def _admits_year(self, year: int | None) -> bool:
        if self.year_from is None and self.year_to is None:
            return True
        if year is None:
            return False
        return (self.year_from is None or year >= self.year_from) and (
            self.year_to is None or year <= self.year_to
        )

    def _admits_series(self, book: BookFacts) -> bool:
        if self.longest_series is None or not book.series:
            return True
        return book.series_length is not None and book.series_length <= self.longest_series


DEFAULT_OPTIONS = RerankOptions()


def reading_languages(read: Iterable[BookFacts]) -> frozenset[str]:
    """The languages that the books read show their reader to read; none where too few do."""
    counts = Counter(book.language for book in read if book.language)
    return frozenset(
        language
        for language, books in counts.items()
        if books >= FEWEST_BOOKS_IN_LANGUAGE and books * ONE_BOOK_IN >= counts.total()
    )


def rerank(
    candidates: Sequence[ScoredBook],
    facts: Mapping[int, BookFacts],
    read: Collection[int],
    options: RerankOptions = DEFAULT_OPTIONS,
    features: CandidateFeatures | None = None,
    *,
    unmatched: Sequence[BookFacts] = (),
    top: int | None = None,
) -> list[ScoredBook]:
    """Apply the rules to candidates, which come best first, and keep their order where possible.

    1. Left out are books that were read, are excluded or do not pass the filters, books in
       languages the reader does not read, every volume of a series but the one after the last
       that was read, and collections that do not begin with that one.
    2. Each place is filled with the best book, by the dial, whose authors still have room there.
       A book for which there is no room is left out. Where there is no more room for volumes of
       series begun, they come behind all others.

    Parameters
    ----------
    features
        Counts of ratings and similarity of the candidates, in their order; without them the dial
        has no effect.
    unmatched
        Volumes that were read, too, but are no books of the catalog.
    top
        How many books are wanted; all if not given.
    """
    history = _History.from_books(
        [*(facts[book_id] for book_id in read if book_id in facts), *unmatched], options
    )
    taken: set[str] = set()
    fitting = []
    for place, candidate in enumerate(candidates):
        book = facts.get(candidate.book_id, BookFacts())
        if candidate.book_id in read or book.series in taken:
            continue
        if not options.admits(candidate.book_id, book) or not history.admits(book):
            continue
        if book.series:
            taken.add(book.series)
        fitting.append(place)
    goes_on = [
        facts.get(candidates[place].book_id, BookFacts()).series in history.next_volumes
        for place in fitting
    ]
    return _fill(candidates, fitting, facts, goes_on, options, features, top)


@dataclass(frozen=True, slots=True)
class _History:
    """What follows from the books the reader has read."""

    languages: frozenset[str]
    finished: frozenset[str]
    next_volumes: Mapping[str, int | None]
    author_ids: frozenset[int]

    @classmethod
    def from_books(cls, books: Sequence[BookFacts], options: RerankOptions) -> "_History":
        volumes: dict[str, set[int]] = {}
        for book in books:
            if book.series:
                volumes.setdefault(book.series, set()).update(volumes_of(book))
        return cls(
            languages=_languages(books, options),
            finished=frozenset(
                book.series
                for book in books
                if book.is_collection and book.series and book.last_volume is None
            ),
            next_volumes={series: next_volume(read) for series, read in volumes.items()},
            author_ids=frozenset(author for book in books for author in book.author_ids),
        )

    def admits(self, book: BookFacts) -> bool:
        if self.languages and book.language and book.language not in self.languages:
            return False
        if book.is_collection and not book.series:
            return self.author_ids.isdisjoint(book.author_ids)
        begins_with = book.first_volume if book.is_collection else book.number
        if book.is_collection and begins_with is None:
            return book.series not in self.next_volumes
        if not book.series or begins_with is None:
            return True
        if book.series in self.finished:
            return False
        return begins_with == self.next_volumes.get(book.series, FIRST_VOLUME)


def _languages(books: Iterable[BookFacts], options: RerankOptions) -> frozenset[str]:
    """The languages that are offered; none where a filter asks for some."""
    if options.languages:
        return frozenset()
    return options.own_languages or reading_languages(books)


def volumes_of(book: BookFacts) -> set[int]:
    """The volumes that a book is, or the ends of the range it contains; none if nobody knows."""
    ends = (book.first_volume, book.last_volume) if book.is_collection else (book.number,) * 2
    first, last = (None if end is None else math.floor(end) for end in ends)
    if first is None or last is None:
        return set()
    return {first, max(first, last - 1), last}


def next_volume(read: Collection[int]) -> int | None:
    """The volume after the last one read, as volumes before that one are no news.

    None if the last one stands alone far behind the others: nobody can tell how its reader goes on.
    """
    if not read:
        return FIRST_VOLUME
    last = max(read)
    is_alone = last - 1 not in read and last - 2 not in read
    return None if is_alone and last != min(read) else last + 1


def _fill(
    candidates: Sequence[ScoredBook],
    fitting: list[int],
    facts: Mapping[int, BookFacts],
    goes_on: Sequence[bool],
    options: RerankOptions,
    features: CandidateFeatures | None,
    top: int | None,
) -> list[ScoredBook]:
    """Fill each place with the best book for which there is room.

    ``goes_on`` tells the volumes of series that the reader has begun.
    """
    relevances, weight = _relevances(candidates, fitting, options, features)
    order = sorted(range(len(fitting)), key=lambda index: -relevances[index])
    authors = [facts.get(candidates[place].book_id, BookFacts()).author_ids for place in fitting]
    nearest = np.zeros(len(fitting))
    chosen: list[ScoredBook] = []
    recent: deque[int] = deque(maxlen=options.window - 1)
    while order and (top is None or len(chosen) < top):
        open_to = _with_room(order, recent, authors, goes_on, options)
        if not open_to:
            break
        best = open_to[0]
        if weight < 1.0:
            marginal = weight * relevances[open_to] - (1.0 - weight) * nearest[open_to]
            best = open_to[int(marginal.argmax())]
        order.remove(best)
        recent.append(best)
        chosen.append(candidates[fitting[best]])
        if weight < 1.0 and features is not None:
            near = features.similarity(fitting[best])[fitting]
            nearest = np.maximum(nearest, near)
    return chosen


def _with_room(
    order: list[int],
    recent: Collection[int],
    authors: Sequence[tuple[int, ...]],
    goes_on: Sequence[bool],
    options: RerankOptions,
) -> list[int]:
    """Those of the books left for which the places before have room, in their order."""
    counts = Counter(author for index in recent for author in authors[index])
    full = {author for author, books in counts.items() if books >= options.per_author}
    free = [index for index in order if full.isdisjoint(authors[index])] if full else order
    limit = options.next_volumes
    if limit is None or sum(goes_on[index] for index in recent) < limit:
        return free
    return [index for index in free if not goes_on[index]] or free


def _relevances(
    candidates: Sequence[ScoredBook],
    fitting: list[int],
    options: RerankOptions,
    features: CandidateFeatures | None,
) -> tuple[FloatArray, float]:
    """Each book's relevance, and λ. With the dial at 0 they are the score and 1."""
    scores = np.array([candidates[place].score for place in fitting], dtype=np.float64)
    if features is None or not options.dial:
        # Candidates come best first, so of two with the same score the first stays ahead.
        return scores, 1.0
    return (
        relevance(scores, features.ratings[fitting], options.dial),
        relevance_weight(options.dial),
    )
