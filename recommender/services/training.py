"""Ratings for the next training: those of readers who agreed to it, and nothing else about them."""

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

#: Readers with fewer ratings say too little about which books belong together.
FEWEST_RATINGS = 5
ROWS_AT_ONCE = 2_000

# The ratings are those that count for their reader's own lists (`LibraryEntryQuerySet.counting`).
# Readers get new random numbers in the statement itself, so they are stored nowhere, and the rows
# are in the order of these numbers: PostgreSQL takes a version 4 UUID from the system's secure
# source. Halves and quarters of stars are kept, as training interpolates between whole stars; half
# a star is the least it takes.
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
    """Write the ratings that training may use into a folder, for ``spark.build --own``.

    Each file of an earlier export is replaced as a whole, or not at all if it can't be written.
    Raises `OSError` then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _replacing(folder / RATINGS) as ratings_file, _replacing(folder / BOOKS) as books_file:
        readers, books, count = _write_ratings(ratings_file)
        _write_books(books_file, books)
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


def _write_ratings(path: Path) -> tuple[int, set[int], int]:
    """Write all ratings; return how many readers, of which books, and how many ratings."""
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


def _write_books(path: Path, numbers: set[int]) -> None:
    """Write titles with their series, and authors, for books no other data set describes."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("book_id", "title", "authors"))
        books = Book.objects.known_as(numbers).prefetch_related("credits__author")
        for book in books.order_by("goodbooks_id").iterator(chunk_size=ROWS_AT_ONCE):
            writer.writerow((book.goodbooks_id, _title(book), ", ".join(book.author_names)))


def _title(book: Book) -> str:
    """The title as goodbooks writes it, with the series in brackets."""
    if not book.series_name:
        return book.title
    return f"{book.title} ({book.series_name}, #{float(book.series_number or 0):g})"


def _rows() -> Iterator[tuple[int, int, float]]:
    """Number of the reader, number of the book and stars, in the order of the first two."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_SHARED, {"fewest": FEWEST_RATINGS, "first": FIRST_READER})
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from ((reader, book, float(stars)) for reader, book, stars in rows)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A temporary file, readable by its owner only, which replaces the file when complete."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
