"""Series: their volumes in order, and how far a reader has come."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from catalog.models import Book
from catalog.normalize import series_key
from recommender.engine.model import Scores
from recommender.engine.rerank import (
    FIRST_VOLUME,
    BookFacts,
    next_volume,
    volumes_of,
)
from recommender.models import LibraryEntry, Reader
from recommender.selectors.book_facts import HISTORY_COLUMNS, history_facts
from recommender.selectors.browse import scores_of
from recommender.selectors.dismissals import dismissed_by
from recommender.selectors.known_works import KnownWorks
from recommender.selectors.recommendations import Taste


@dataclass(frozen=True, slots=True)
class Series:
    """A series, and what of it a reader has read.

    `volumes` are its works by number, `others` its collections and what has no number. `read` are
    the numbers read, some of which may be of books that the catalog lacks.
    """

    name: str
    volumes: Sequence[Book]
    others: Sequence[Book] = ()
    read: frozenset[int] = frozenset()
    read_on: date | None = None
    goes_on_with: Book | None = None

    @property
    def main_volumes(self) -> list[Book]:
        """The volumes with whole numbers, each number once: without novellas between them."""
        by_number: dict[int, Book] = {}
        for book in self.volumes:
            if (number := _whole(book)) is not None:
                by_number.setdefault(number, book)
        return list(by_number.values())

    @property
    def gaps(self) -> list[Book]:
        """The volumes before the last one read that were not read."""
        last = max(self.read, default=0)
        return [book for book in self.unread if (_whole(book) or 0) < last]

    @property
    def unread(self) -> list[Book]:
        """The volumes not read yet."""
        return [book for book in self.main_volumes if _whole(book) not in self.read]

    @property
    def read_here(self) -> int:
        """How many of the volumes were read."""
        return len(self.main_volumes) - len(self.unread)

    @property
    def any_book(self) -> Book:
        """A book of the series, by which its page is known."""
        return [*self.volumes, *self.others][0]

    @property
    def has_several(self) -> bool:
        """Whether it has more than one book."""
        return len(self.volumes) + len(self.others) > 1


@dataclass(slots=True)
class _Progress:
    numbers: set[int] = field(default_factory=set)
    read_on: date | None = None

    def add(self, facts: BookFacts, read_on: date | None = None) -> None:
        if facts.is_collection and facts.first_volume and facts.last_volume:
            self.numbers.update(range(int(facts.first_volume), int(facts.last_volume) + 1))
        else:
            self.numbers.update(volumes_of(facts))
        if read_on and (self.read_on is None or read_on > self.read_on):
            self.read_on = read_on


def series_of(*, book: Book, taste: Taste | None) -> Series:
    """The series that a book belongs to; `taste` says what its reader has read of it."""
    key = series_key(book.series_name)
    progress = _Progress()
    for facts in (
        [*taste.read.values(), *KnownWorks.of_lines(taste.lines).unmatched] if taste else ()
    ):
        if facts.series == key:
            progress.add(facts)
    books = Book.objects.active().filter(series_name=book.series_name).for_cards()
    return _series(book.series_name, books, progress)


@dataclass(frozen=True, slots=True)
class BegunSeries:
    """The series a reader has begun; authors and genres of their books are not fetched.

    `going_on` have a next volume, best fitting first; of the `others` the reader has all, or the
    catalog has no next one.
    """

    going_on: Sequence[Series]
    others: Sequence[Series]


def begun_series(*, reader: Reader, taste: Taste, scores: Scores | None) -> BegunSeries:
    """The series that the reader has begun, in three queries.

    Left out are those whose next volume the reader has dismissed.
    """
    names, progress = _progress_of(reader, taste)
    by_name: defaultdict[str, list[Book]] = defaultdict(list)
    books = Book.objects.active().filter(series_name__in=names).defer("description", "subjects")
    for book in books:
        by_name[book.series_name].append(book)
    found = [_series(name, books, progress[names[name]]) for name, books in by_name.items()]
    found = [one for one in found if one.has_several and one.read]
    found.sort(key=lambda one: (one.read_on or date.min, one.name), reverse=True)
    without = dismissed_by(reader).books
    following = [(one.goes_on_with.goodbooks_id or 0, one) for one in found if one.goes_on_with]
    fits = scores_of(scores, [number for number, _ in following]) if scores else {}
    following.sort(key=lambda pair: -fits.get(pair[0], 0.0))
    return BegunSeries(
        [one for number, one in following if number not in without],
        [one for one in found if one.goes_on_with is None],
    )


def with_cards(series: Sequence[Series]) -> list[Series]:
    """The series, with all that a page shows of their next volumes, in three queries."""
    numbers = [one.goes_on_with.pk for one in series if one.goes_on_with]
    cards = {book.pk: book for book in Book.objects.filter(pk__in=numbers).for_cards()}
    return [
        replace(one, goes_on_with=cards.get(one.goes_on_with.pk) if one.goes_on_with else None)
        for one in series
    ]


def _progress_of(reader: Reader, taste: Taste) -> tuple[dict[str, str], dict[str, _Progress]]:
    """The keys of the names of the series begun, and by these what was read to its end of each."""
    entries = LibraryEntry.objects.filter(reader=reader).exclude(book=None)
    entries = entries.exclude(book__series_name="").select_related("book")
    columns = [f"book__{name}" for name in HISTORY_COLUMNS]
    names: dict[str, str] = {}
    progress: defaultdict[str, _Progress] = defaultdict(_Progress)
    for entry in entries.only("stars", "shelf", "read_count", "read_on", *columns):
        if entry.book and entry.is_read and entry.reading != "unfinished":
            facts = history_facts(*(getattr(entry.book, name) for name in HISTORY_COLUMNS))
            names[entry.book.series_name] = facts.series
            progress[facts.series].add(facts, entry.read_on)
    for facts in KnownWorks.of_lines(taste.lines).unmatched:
        if facts.series in progress:
            progress[facts.series].add(facts)
    return names, progress


def _series(name: str, books: Iterable[Book], progress: _Progress) -> Series:
    found = sorted(books, key=lambda book: (book.series_number or 0, -book.ratings_count, book.pk))
    volumes = [one for one in found if one.kind == Book.Kind.WORK and one.series_number is not None]
    others = [one for one in found if one not in volumes]
    read = frozenset(progress.numbers)
    following = next_volume(read) if read else FIRST_VOLUME
    goes_on_with = next((one for one in volumes if _whole(one) == following), None)
    return Series(name, volumes, others, read, progress.read_on, goes_on_with)


def _whole(book: Book) -> int | None:
    """The number of a volume, if it is a whole one from 1 on."""
    number = book.series_number
    if number is None or number < FIRST_VOLUME or number != int(number):
        return None
    return int(number)
