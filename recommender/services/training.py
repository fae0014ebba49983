"""Ratings for the next training: those of readers who agreed to it, and nothing else of them."""

import csv
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from catalog.models import Book
from recommender.engine.own_ratings import (
    BOOKS,
    EXPORT,
    FIRST_READER,
    RATINGS,
    OwnRatings,
    hashes,
)

#: Readers with fewer ratings tell next to nothing of what goes together.
FEWEST_RATINGS = 5
ROWS_AT_ONCE = 2_000

# Each rating counts that counts for its own reader's lists (`LibraryEntryQuerySet.counting`).
# Numbers are drawn in the statement that reads, so that none is kept anywhere, and the rows come in
# their order: PostgreSQL takes the bits of a version 4 UUID from the system's secure source. Stars
# stay as finely divided as they were given, as training weighs halves and quarters on the line
# between whole stars; half a star is the lowest it takes.
_SHARED = """
    WITH shared AS (
        SELECT reader.id AS reader, book.goodbooks_id AS book, greatest(entry.stars, 0.5) AS stars
        FROM recommender_reader reader
        JOIN recommender_libraryentry entry ON entry.reader_id = reader.id
        JOIN catalog_book book ON book.id = entry.book_id
        WHERE reader.shares_ratings AND reader.user_id IS NOT NULL
            AND entry.stars IS NOT NULL AND NOT entry.is_left_out
            AND book.goodbooks_id IS NOT NULL
            AND (coalesce(entry.read_on, entry.added_on) < reader.read_since) IS NOT TRUE
    ), drawn AS MATERIALIZED (
        SELECT reader, row_number() OVER (ORDER BY gen_random_uuid()) AS place
        FROM shared GROUP BY reader HAVING count(*) >= %(fewest)s
    )
    SELECT drawn.place + %(first)s - 1, shared.book, shared.stars
    FROM drawn JOIN shared USING (reader) ORDER BY drawn.place, shared.book"""


def export_ratings(*, folder: Path) -> OwnRatings:
    """Write the ratings that may be learned from into a folder, for ``spark.build --own``.

    An export that is there is replaced at once or, if anything fails, not at all; raises `OSError`
    where the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _replacing(folder / RATINGS) as ratings, _replacing(folder / BOOKS) as described:
        readers, books, count = _write(ratings)
        _describe(described, books)
    export = OwnRatings(
        exported_at=timezone.now().isoformat(timespec="seconds"),
        readers=readers,
        ratings=count,
        books=len(books),
        sha256=hashes(folder),
    )
    with _replacing(folder / EXPORT) as manifest:
        manifest.write_bytes(export.to_bytes())
    return export


def _write(path: Path) -> tuple[int, set[int], int]:
    """Write all rows; how many readers and ratings they were, and of which books."""
    count, readers = 0, 0
    books: set[int] = set()
    last = None
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("user_id", "book_id", "rating"))
        for reader, book, stars in _rows():
            writer.writerow((reader, book, f"{stars:g}"))
            readers += reader != last
            last = reader
            books.add(book)
            count += 1
    return readers, books, count


def _describe(path: Path, numbers: set[int]) -> None:
    """Titles with their series, and authors: for books that no other set of ratings describes."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("book_id", "title", "authors"))
        books = Book.objects.known_as(numbers).prefetch_related("credits__author")
        for book in books.order_by("goodbooks_id").iterator(chunk_size=ROWS_AT_ONCE):
            writer.writerow((book.goodbooks_id, _title(book), ", ".join(book.author_names)))


def _title(book: Book) -> str:
    """As goodbooks writes it, with the series behind."""
    if not book.series_name:
        return book.title
    return f"{book.title} ({book.series_name}, #{float(book.series_number or 0):g})"


def _rows() -> Iterator[tuple[int, int, float]]:
    """Number of the reader, number of the book and stars, by the first two, as they are read."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_SHARED, {"fewest": FEWEST_RATINGS, "first": FIRST_READER})
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from ((reader, book, float(stars)) for reader, book, stars in rows)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside, readable by its owner only, which takes the place of another when whole."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
