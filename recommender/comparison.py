"""What differs between two saved lists, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from catalog.models import Book, BookGenre
from recommender.forms import in_words
from recommender.models import Dismissal, LibraryEntry, Recommendation, Run
from recommender.sources.base import UNREAD_SHELVES

NAMED = 3


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
    circumstances = list(_circumstances(older, newer))
    return Comparison(
        older,
        newer,
        gone=_gone(older, newer, [row for row in before if row.book_id not in has]),
        new=_new(older, [row for row in after if row.book_id not in had]),
        stayed=len(had & has),
        circumstances=circumstances,
    )


def _circumstances(older: Run, newer: Run) -> Iterator[str]:
    if older.release_id != newer.release_id:
        yield f"The model is another: release {newer.release} instead of {older.release}."
    asked, asks = in_words(older.parameters), in_words(newer.parameters)
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


def _gone(older: Run, newer: Run, rows: list[Recommendation]) -> list[Difference]:
    """Books that left, with what the reader has done about them since."""
    books = [row.book for row in rows]
    entries = {
        entry.book_id: entry
        for entry in LibraryEntry.objects.filter(reader=newer.reader_id, book__in=books)
    }
    dismissed: set[tuple[str, int | None]] = set()
    for dismissal in Dismissal.objects.filter(
        reader=newer.reader_id, created_at__lte=newer.created_at
    ).exclude(undone_at__lte=newer.created_at):
        for kind in ("book", "author", "genre"):
            dismissed.add((kind, getattr(dismissal, f"{kind}_id")))
    genres = _genres(books)
    return [
        Difference(
            row.book, row.rank, _why_gone(row.book, entries, dismissed, genres, _stars(newer))
        )
        for row in rows
    ]


def _genres(books: list[Book]) -> Mapping[int, set[int]]:
    found: dict[int, set[int]] = {}
    through = BookGenre.objects.filter(book__in=books)
    for book_id, genre_id in through.values_list("book_id", "genre_id"):
        found.setdefault(book_id, set()).add(genre_id)
    return found


def _why_gone(
    book: Book,
    entries: Mapping[int | None, LibraryEntry],
    dismissed: set[tuple[str, int | None]],
    genres: Mapping[int, set[int]],
    stars: Mapping[int, float],
) -> str:
    if ("book", book.pk) in dismissed:
        return "you dismissed it"
    if any(("author", credit.author_id) in dismissed for credit in book.credits.all()):
        return "you dismissed its author"
    if any(("genre", genre) in dismissed for genre in genres.get(book.pk, ())):
        return "you dismissed its genre"
    if book.goodbooks_id is not None and book.goodbooks_id in stars:
        return f"you have rated it since, with {stars[book.goodbooks_id]:g} stars"
    if entry := entries.get(book.pk):
        read = entry.shelf not in UNREAD_SHELVES
        return "you have read it since" if read else "it is on your to-read shelf"
    return ""


def _new(older: Run, rows: list[Recommendation]) -> list[Difference]:
    """Books that came, with the ratings behind them that the older list did not have."""
    before = _stars(older)
    return [
        Difference(
            row.book,
            row.rank,
            _why_new(
                [
                    str(reason["title"])
                    for reason in row.reasons
                    if before.get(reason.get("book_id", 0)) != reason["stars"]
                ]
            ),
        )
        for row in rows
    ]


def _why_new(titles: list[str]) -> str:
    return f"your rating of {' and '.join(titles[:NAMED])} is new" if titles else ""


def _stars(run: Run) -> dict[int, float]:
    return {int(number): float(stars) for number, stars in run.ratings_used}
