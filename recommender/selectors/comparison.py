"""What differs between two saved lists, and why."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.text import capfirst

from catalog.models import Book, BookGenre
from recommender.models import Dismissal, LibraryEntry, Recommendation, RemovedEntry, Run
from recommender.selectors.wording import DIAL_WORDS, describe_filters, sentence_list
from recommender.shelves import is_unread

BOOKS_NAMED = 3
#: What a list without filters is called.
UNFILTERED = DIAL_WORDS[0]
#: The parameter that says from which day on books count.
SINCE = "since"
#: What can be dismissed, as a sentence names it.
DISMISSED_WORDS = {"book": "it", "author": "its author", "genre": "its genre"}

Targets = Collection[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A book that is on only one of two lists, and why."""

    book: Book
    rank: int
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two lists of one reader, the older first."""

    older: Run
    newer: Run
    dropped: list[Difference]
    added: list[Difference]
    stayed: int
    #: What changed for all books at once: the model, the filters, the books that count.
    circumstances: list[str]


def compare(*, older: Run, newer: Run) -> Comparison:
    """Compare two lists in a constant number of queries; select their releases first."""
    places: dict[object, list[Recommendation]] = {older.pk: [], newer.pk: []}
    rows = Recommendation.objects.filter(run__in=[older, newer]).select_related("book")
    for row in rows.prefetch_related("book__credits__author"):
        places[row.run_id].append(row)
    before, after = places[older.pk], places[newer.pk]
    ids_before, ids_after = {row.book_id for row in before}, {row.book_id for row in after}
    dropped = [row for row in before if row.book_id not in ids_after]
    added = [row for row in after if row.book_id not in ids_before]
    explainer = _explainer(older, newer, [row.book for row in [*dropped, *added]])
    return Comparison(
        older,
        newer,
        dropped=[Difference(row.book, row.rank, explainer.why_dropped(row)) for row in dropped],
        added=[Difference(row.book, row.rank, explainer.why_added(row)) for row in added],
        stayed=len(ids_before & ids_after),
        circumstances=list(_circumstances(older, newer)),
    )


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the differences between two lists by what happened between them."""

    older: Run
    newer: Run
    entries: Mapping[int | None, LibraryEntry]
    genres: Mapping[int, set[int]]
    #: What was dismissed when the newer list was made.
    dismissed: Targets
    #: What was dismissed when the older list was made, but no longer for the newer one.
    readmitted: Targets
    #: Books that the reader removed from the library in between.
    removed: Collection[int]

    def why_dropped(self, row: Recommendation) -> str:
        """The best single explanation why a book is not on the newer list."""
        book, used = row.book, _used(self.newer)
        if kind := self._kind_of_target(book, self.dismissed):
            return f"you dismissed {DISMISSED_WORDS[kind]}"
        if (stars := used.get(book.goodbooks_id or 0)) is not None:
            return f"you have rated it since, with {stars:g} stars"
        if entry := self.entries.get(book.pk):
            is_read = not is_unread(entry.shelf)
            return "you have read it since" if is_read else "you want to read it"
        if book.status != Book.Status.ACTIVE:
            return "it is no longer recommended to anyone"
        if titles := _titles_of_lost_reasons(row, used):
            return f"your {titles} no longer counts"
        if titles := _titles_of_changed_reasons(row, used):
            return f"you have changed your stars for {titles}"
        return self._circumstance() or "other books took its place"

    def why_added(self, row: Recommendation) -> str:
        """The best single explanation why a book was not on the older list."""
        used = _used(self.older)
        if kind := self._kind_of_target(row.book, self.readmitted):
            return f"you no longer dismiss {DISMISSED_WORDS[kind]}"
        if row.book_id in self.removed:
            return "you have removed it from your library"
        if titles := _titles_of_lost_reasons(row, used):
            return f"your {titles} is new"
        if titles := _titles_of_changed_reasons(row, used):
            return f"you have changed your stars for {titles}"
        return self._circumstance() or "it moved up when a place became free"

    def _kind_of_target(self, book: Book, targets: Targets) -> str:
        """Which of the book, its authors and its genres is among the targets; empty if none is."""
        candidates = [("book", book.pk)]
        candidates += [("author", credit.author_id) for credit in book.author_credits]
        candidates += [("genre", genre) for genre in self.genres.get(book.pk, ())]
        return next((kind for kind, pk in candidates if (kind, pk) in targets), "")

    def _circumstance(self) -> str:
        older, newer = self.older, self.newer
        if older.release_id != newer.release_id:
            return "the model has changed"
        if _filters(older) != _filters(newer):
            return "you asked for something else"
        if older.parameters.get("top") != newer.parameters.get("top"):
            return "you asked for a different number of books"
        return "your other books changed" if _used(older) != _used(newer) else ""


def _explainer(older: Run, newer: Run, books: list[Book]) -> Explainer:
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
    dismissed_for_newer: set[tuple[str, int]] = set()
    dismissed_for_older: set[tuple[str, int]] = set()
    for dismissal in Dismissal.objects.filter(reader=reader, created_at__lte=moment):
        for target in _targets(dismissal):
            if _was_standing(dismissal, newer):
                dismissed_for_newer.add(target)
            if _was_standing(dismissal, older):
                dismissed_for_older.add(target)
    return Explainer(
        older,
        newer,
        entries={entry.book_id: entry for entry in entries},
        genres=genres,
        dismissed=dismissed_for_newer,
        readmitted=dismissed_for_older - dismissed_for_newer,
        removed={book for book in removed.values_list("book", flat=True) if book is not None},
    )


def _targets(dismissal: Dismissal) -> Iterator[tuple[str, int]]:
    for kind in DISMISSED_WORDS:
        if pk := getattr(dismissal, f"{kind}_id"):
            yield kind, pk


def _was_standing(dismissal: Dismissal, run: Run) -> bool:
    """Whether the dismissal stood when the list was made."""
    undone = dismissal.undone_at
    return dismissal.created_at <= run.created_at and (undone is None or undone > run.created_at)


def _circumstances(older: Run, newer: Run) -> Iterator[str]:
    since = newer.parameters.get(SINCE)
    if older.parameters.get(SINCE) != since:
        [rule] = describe_filters({SINCE: since}) if since else ["everything you have read"]
        yield f"{capfirst(rule)} counts now."
    if older.release_id != newer.release_id:
        day = date_format(newer.release.built_at, "F j, Y")
        yield f"The model has changed: the newer list comes from one built on {day}."
    before, after = _filters(older), _filters(newer)
    if before != after:
        yield (
            f"You asked for {', '.join(after) or UNFILTERED} instead of "
            f"{', '.join(before) or UNFILTERED}."
        )
    if older.parameters.get("top") != newer.parameters.get("top"):
        yield "You asked for a different number of books."
    used_before, used_after = _used(older), _used(newer)
    counts = {
        "added": sum(number not in used_before for number in used_after),
        "changed": sum(used_after.get(one, stars) != stars for one, stars in used_before.items()),
        "no longer counted": sum(number not in used_after for number in used_before),
    }
    changes = [f"{count} {what}" for what, count in counts.items() if count]
    if changes:
        yield f"Your books changed: {', '.join(changes)}."


def _filters(run: Run) -> list[str]:
    """The filters of a list in words; from when on books count is no filter of one list."""
    return describe_filters(
        {name: value for name, value in run.parameters.items() if name != SINCE}
    )


def _titles_of_lost_reasons(row: Recommendation, other: Mapping[int, float | None]) -> str:
    """What a recommendation comes from and the other list was not made from: rating of …"""
    lost = [reason for reason in row.reasons if reason.get("book_id", 0) not in other]
    if not lost:
        return ""
    what = "reading" if lost[0]["stars"] is None else "rating"
    return f"{what} of {_titles(lost)}"


def _titles_of_changed_reasons(row: Recommendation, other: Mapping[int, float | None]) -> str:
    """The titles behind a recommendation that have other stars in the other list."""
    return _titles(
        [
            reason
            for reason in row.reasons
            if other.get(reason.get("book_id", 0), reason["stars"]) != reason["stars"]
        ]
    )


def _titles(reasons: list[dict[str, Any]]) -> str:
    return sentence_list([str(reason["title"]) for reason in reasons[:BOOKS_NAMED]])


def _used(run: Run) -> dict[int, float | None]:
    """The books that a list was made from, with their stars; None for those without."""
    return {
        int(number): None if stars is None else float(stars) for number, stars in run.ratings_used
    }
