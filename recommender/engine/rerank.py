"""The rules after scoring: from the best-scored books to a list a reader would want."""

import math
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from recommender.engine.values import ScoredBook

FIRST_VOLUME = 1


@dataclass(frozen=True, slots=True)
class BookFacts:
    """What the rules have to know of a book; empty where it is not known."""

    author_ids: tuple[int, ...] = ()
    series: str = ""
    number: float | None = None
    language: str = ""
    is_box_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankOptions:
    """How strict the rules are.

    ``per_author`` books of one author may stand in any ``window`` places that follow each other.
    Languages count once the reader has read ``languages_from`` books whose language is known.
    """

    per_author: int = 2
    window: int = 10
    languages_from: int = 5


DEFAULT_OPTIONS = RerankOptions()


def rerank(
    candidates: Sequence[ScoredBook],
    facts: Mapping[int, BookFacts],
    read: Collection[int],
    options: RerankOptions = DEFAULT_OPTIONS,
) -> list[ScoredBook]:
    """Apply the rules to candidates, which come best first, and keep their order where possible.

    Left out are books that were read, books in languages the reader does not read, every volume
    of a series but the one to read next, and box sets of what was read. A book whose author has
    had his share of a window moves down to where he has it no longer, or drops out at the end.
    """
    history = _History.of(facts, read, options)
    taken: set[str] = set()
    fitting = []
    for candidate in candidates:
        book = facts.get(candidate.book_id, BookFacts())
        if candidate.book_id in read or not history.admits(book) or book.series in taken:
            continue
        if book.series:
            taken.add(book.series)
        fitting.append(candidate)
    return _spread_authors(fitting, facts, options)


@dataclass(frozen=True, slots=True)
class _History:
    """What the reader's own books mean for others."""

    languages: frozenset[str]
    finished: frozenset[str]
    next_volumes: Mapping[str, int]
    author_ids: frozenset[int]

    @classmethod
    def of(
        cls, facts: Mapping[int, BookFacts], read: Collection[int], options: RerankOptions
    ) -> "_History":
        books = [facts[book_id] for book_id in read if book_id in facts]
        spoken = Counter(book.language for book in books if book.language)
        volumes: dict[str, set[int]] = {}
        for book in books:
            if book.series:
                # A volume without a number says that the series was begun, if nothing more.
                volumes.setdefault(book.series, set()).add(math.floor(book.number or 0))
        return cls(
            languages=frozenset(spoken if spoken.total() >= options.languages_from else ()),
            finished=frozenset(book.series for book in books if book.is_box_set and book.series),
            next_volumes={series: _next_volume(read) for series, read in volumes.items()},
            author_ids=frozenset(author for book in books for author in book.author_ids),
        )

    def admits(self, book: BookFacts) -> bool:
        if self.languages and book.language and book.language not in self.languages:
            return False
        if book.is_box_set:
            if book.series:
                return book.series not in self.next_volumes
            return self.author_ids.isdisjoint(book.author_ids)
        if not book.series or book.number is None:
            return True
        if book.series in self.finished:
            return False
        return book.number == self.next_volumes.get(book.series, FIRST_VOLUME)


def _next_volume(read: set[int]) -> int:
    """The volume after those that follow each other from the first one that was read."""
    volume = min(read)
    while volume in read:
        volume += 1
    return volume


def _spread_authors(
    books: Sequence[ScoredBook], facts: Mapping[int, BookFacts], options: RerankOptions
) -> list[ScoredBook]:
    """Fill place after place with the best book whose authors still have room there."""
    waiting, chosen = list(books), []
    recent: deque[tuple[int, ...]] = deque(maxlen=options.window - 1)
    while waiting:
        crowd = Counter(author for author_ids in recent for author in author_ids)
        for place, candidate in enumerate(waiting):
            author_ids = facts.get(candidate.book_id, BookFacts()).author_ids
            if all(crowd[author] < options.per_author for author in author_ids):
                chosen.append(waiting.pop(place))
                recent.append(author_ids)
                break
        else:
            break
    return chosen
