"""What differs between two saved lists, and why."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils.text import capfirst

from catalog.models import Book, BookGenre
from recommender import shelves
from recommender.models import Dismissal, LibraryEntry, Recommendation, RemovedEntry, Run
from recommender.selectors.wording import describe_filters

NAMED = 3
#: The parameter that tells from which day on books counted.
SINCE = "since"
#: What can be dismissed, in the words of a reason.
DISMISSED_WORDS = {"book": "it", "author": "its author", "genre": "its genre"}

Targets = Collection[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A book that only one of two lists has, with what is known of the reasons."""

    book: Book
    rank: int
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two lists of one reader, the older first."""

    older: Run
    newer: Run
    gone: list[Difference]
    new: list[Difference]
    stayed: int
    #: What changed for all books at once: the model, what was asked for, the ratings.
    circumstances: list[str]


def compare(older: Run, newer: Run) -> Comparison:
    """Compare two lists in a constant number of queries; their releases come along with them."""
    places: dict[object, list[Recommendation]] = {older.pk: [], newer.pk: []}
    rows = Recommendation.objects.filter(run__in=[older, newer]).select_related("book")
    for row in rows.prefetch_related("book__credits__author"):
        places[row.run_id].append(row)
    before, after = places[older.pk], places[newer.pk]
    had, has = {row.book_id for row in before}, {row.book_id for row in after}
    gone = [row for row in before if row.book_id not in has]
    new = [row for row in after if row.book_id not in had]
    between = _between(older, newer, [row.book for row in [*gone, *new]])
    return Comparison(
        older,
        newer,
        gone=[Difference(row.book, row.rank, between.why_gone(row)) for row in gone],
        new=[Difference(row.book, row.rank, between.why_new(row)) for row in new],
        stayed=len(had & has),
        circumstances=list(_circumstances(older, newer)),
    )


@dataclass(frozen=True, slots=True)
class Between:
    """What happened between two lists, as far as it touches books that only one of them has."""

    older: Run
    newer: Run
    entries: Mapping[int | None, LibraryEntry]
    genres: Mapping[int, set[int]]
    #: What stood dismissed when the newer list was made, and what had stood before, but no more.
    dismissed: Targets
    readmitted: Targets
    #: Books that the reader took out of the library in between.
    removed: Collection[int]

    def why_gone(self, row: Recommendation) -> str:
        """The one thing that explains best why a book is not on the newer list."""
        book, stars = row.book, _stars(self.newer)
        if kind := self._touched(book, self.dismissed):
            return f"you dismissed {DISMISSED_WORDS[kind]}"
        if book.goodbooks_id is not None and book.goodbooks_id in stars:
            return f"you have rated it since, with {stars[book.goodbooks_id]:g} stars"
        if entry := self.entries.get(book.pk):
            read = entry.shelf not in shelves.UNREAD
            return "you have read it since" if read else "it is on your to-read shelf"
        if book.status != Book.Status.ACTIVE:
            return "it is recommended to nobody any more"
        if named := _reasons_that_differ(row, stars, lost=True):
            return f"your rating of {named} no longer counts"
        if named := _reasons_that_differ(row, stars):
            return f"you have changed your stars for {named}"
        return self._circumstance() or "others took its place"

    def why_new(self, row: Recommendation) -> str:
        """The one thing that explains best why a book was not on the older list."""
        stars = _stars(self.older)
        if kind := self._touched(row.book, self.readmitted):
            return f"you no longer dismiss {DISMISSED_WORDS[kind]}"
        if row.book_id in self.removed:
            return "you have removed it from your library"
        if named := _reasons_that_differ(row, stars, lost=True):
            return f"your rating of {named} is new"
        if named := _reasons_that_differ(row, stars):
            return f"you have changed your stars for {named}"
        return self._circumstance() or "it moved up to a place that became free"

    def _touched(self, book: Book, targets: Targets) -> str:
        own = [("book", book.pk)]
        own += [("author", credit.author_id) for credit in book.credits.all()]
        own += [("genre", genre) for genre in self.genres.get(book.pk, ())]
        return next((kind for kind, key in own if (kind, key) in targets), "")

    def _circumstance(self) -> str:
        older, newer = self.older, self.newer
        if older.release_id != newer.release_id:
            return "the model is another"
        if _asked(older) != _asked(newer):
            return "you asked for something else"
        if older.parameters.get("top") != newer.parameters.get("top"):
            return "you asked for another number of books"
        return "your other ratings changed" if _stars(older) != _stars(newer) else ""


def _between(older: Run, newer: Run, books: list[Book]) -> Between:
    reader, moment = newer.reader_id, newer.created_at
    known_then = Q(created_at__isnull=True) | Q(created_at__lte=moment)
    entries = LibraryEntry.objects.filter(known_then, reader=reader, book__in=books)
    removed = RemovedEntry.objects.filter(
        reader=reader, book__in=books, removed_at__range=(older.created_at, moment)
    )
    genres: dict[int, set[int]] = {}
    through = BookGenre.objects.filter(book__in=books)
    for book_id, genre_id in through.values_list("book_id", "genre_id"):
        genres.setdefault(book_id, set()).add(genre_id)
    standing_then: set[tuple[str, int]] = set()
    standing_before: set[tuple[str, int]] = set()
    for dismissal in Dismissal.objects.filter(reader=reader, created_at__lte=moment):
        for target in _targets(dismissal):
            if _stood(dismissal, newer):
                standing_then.add(target)
            if _stood(dismissal, older):
                standing_before.add(target)
    return Between(
        older,
        newer,
        entries={entry.book_id: entry for entry in entries},
        genres=genres,
        dismissed=standing_then,
        readmitted=standing_before - standing_then,
        removed={book for book in removed.values_list("book", flat=True) if book is not None},
    )


def _targets(dismissal: Dismissal) -> Iterator[tuple[str, int]]:
    for kind in DISMISSED_WORDS:
        if key := getattr(dismissal, f"{kind}_id"):
            yield kind, key


def _stood(dismissal: Dismissal, run: Run) -> bool:
    """Whether something was dismissed when a list was made."""
    undone = dismissal.undone_at
    return dismissal.created_at <= run.created_at and (undone is None or undone > run.created_at)


def _circumstances(older: Run, newer: Run) -> Iterator[str]:
    since = newer.parameters.get(SINCE)
    if older.parameters.get(SINCE) != since:
        [rule] = (
            describe_filters({SINCE: since}) if since else ["all that you read, whenever it was,"]
        )
        yield f"{capfirst(rule)} counts now."
    if older.release_id != newer.release_id:
        yield f"The model is another: release {newer.release} instead of {older.release}."
    asked, asks = _asked(older), _asked(newer)
    if asked != asks:
        yield (
            f"You asked for {', '.join(asks) or 'the list as it comes'} instead of "
            f"{', '.join(asked) or 'the list as it comes'}."
        )
    if older.parameters.get("top") != newer.parameters.get("top"):
        yield "You asked for another number of books."
    before, after = _stars(older), _stars(newer)
    counts = {
        "added": sum(number not in before for number in after),
        "changed": sum(after.get(number, stars) != stars for number, stars in before.items()),
        "no longer counted": sum(number not in after for number in before),
    }
    said = [f"{count} {what}" for what, count in counts.items() if count]
    if said:
        yield f"Your ratings changed: {', '.join(said)}."


def _asked(run: Run) -> list[str]:
    """What a list was asked for; since when books count is no wish for one list."""
    return describe_filters({name: what for name, what in run.parameters.items() if name != SINCE})


def _reasons_that_differ(
    row: Recommendation, other: Mapping[int, float], *, lost: bool = False
) -> str:
    """The books behind a place that the other list's ratings lack (`lost`) or have otherwise."""
    titles = []
    for reason in row.reasons:
        stars = other.get(reason.get("book_id", 0))
        if (stars is None) if lost else (stars is not None and stars != reason["stars"]):
            titles.append(str(reason["title"]))
    return " and ".join(titles[:NAMED])


def _stars(run: Run) -> dict[int, float]:
    return {int(number): float(stars) for number, stars in run.ratings_used}
