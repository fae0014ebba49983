"""A goodbooks-shaped folder, small and made up, with what the official one has of oddities."""

import csv
import gzip
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

BOOKS, READERS = 420, 60
COMPLETE_READERS = range(1, 41)


def write_tiny_folder(folder: Path) -> Path:
    """Four tastes: a reader of one of them reads mostly books of it. Always the same."""
    rng = random.Random(5)
    folder.mkdir(parents=True, exist_ok=True)
    columns = ["book_id", "best_book_id", "goodreads_book_id", "work_id", "isbn", "authors"]
    columns += ["original_publication_year", "title"]
    _write(folder / "books.csv", columns, (_book(number) for number in range(1, BOOKS + 1)))
    ratings = [
        (reader, book, rng.choice((2, 3, 4, 4, 5)))
        for reader in range(READERS, 0, -1)  # not in the order of the readers
        for book in _read_by(reader, rng)
    ]
    with gzip.open(folder / "ratings.csv.gz", "wt", newline="") as lines:
        csv.writer(lines).writerows([("user_id", "book_id", "rating"), *ratings])
    _write(folder / "complete_users.csv", ["user_id"], ([reader] for reader in COMPLETE_READERS))
    to_read = ((1, book) for book in range(400, 411))
    _write(folder / "to_read.csv", ["user_id", "book_id"], to_read)
    return folder


def _book(number: int) -> Sequence[object]:
    edition = "" if number % 50 == 0 else 1000 + number  # the starter shelf knows no editions
    isbn = "439554934" if number == 1 else ""  # its zero in front is lost
    return [
        number,
        edition,
        edition,
        5000 + number if edition else "",
        isbn,
        f"Author {number % 70}, Second Author",
        "1997.0" if number % 7 else "",
        f"Book {number} (Series {number % 9}, #{number % 5})" if number % 2 else f"Book {number}",
    ]


def _read_by(reader: int, rng: random.Random) -> list[int]:
    taste = reader % 4
    own = rng.sample([book for book in range(1, BOOKS + 1) if book % 4 == taste], 60)
    return own + rng.sample([book for book in range(1, BOOKS + 1) if book % 4 != taste], 15)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows([columns, *rows])
