"""Shelves for the command line: they are read and matched, but not stored."""

import csv
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from catalog.matching import Match, Wanted, match
from catalog.models import Book
from catalog.normalize import isbn13_of
from catalog.probable import propose
from recommender.engine.values import Reading
from recommender.selectors.known_works import KnownLine, KnownWorks, line_of
from recommender.services import staging
from recommender.shelves import how_read
from recommender.sources.base import ShelfRow
from recommender.sources.exports import open_export
from recommender.sources.preference import preference
from recommender.sources.profile import parse_profile

RATING_COLUMNS = {"book_id", "rating"}
LONGEST_HEADING = 1000  # bytes
LARGEST_BOOK_ID = 2**63 - 1  # what a release can name


class UnreadableFile(Exception):
    """The file is not a list of ratings; the message says why."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A shelf whose books are named as ratings and releases name them (`Book.goodbooks_id`)."""

    rows: int
    ratings: dict[int, float]
    readings: dict[int, Reading]
    known: frozenset[int]
    works: KnownWorks

    @property
    def read(self) -> frozenset[int]:
        """The books that were read, with stars or without."""
        return frozenset({*self.ratings, *self.readings})


def from_file(path: Path) -> Shelf:
    """Read a Goodreads export, or ratings of one reader with the columns `book_id,rating`.

    Raises `UnreadableFile` or `SourceError` with a sentence that says what is wrong.
    """
    try:
        with path.open("rb") as file:
            if _columns(file) >= RATING_COLUMNS:
                return _from_ratings(path, file.read().decode("utf-8-sig", "replace").splitlines())
            pages = open_export(file, limit=settings.IMPORT_MAX_BYTES).pages()
            return _matched(row for page in pages for row in page.rows)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error


def from_goodreads(text: str) -> Shelf:
    """Pull the shelf that a number or a profile address names. Raises `SourceError`."""
    account = staging.account_number(str(parse_profile(text)))
    pages = staging.source_of(kind=staging.kind_of_pull(), account=account).pages()
    return _matched(row for page in pages for row in page.rows)


def _columns(file: BinaryIO) -> set[str]:
    """The names in the heading, quoted or not; none if the file is of another kind."""
    start = file.read(LONGEST_HEADING).decode("utf-8-sig", "replace")
    file.seek(0)
    return set(next(csv.reader(start.splitlines()[:1], skipinitialspace=True), []))


def _from_ratings(path: Path, lines: list[str]) -> Shelf:
    ratings: dict[int, float] = {}
    readers: set[str] = set()
    rows = csv.DictReader(lines, skipinitialspace=True)
    for row in rows:
        where = f"{path}, line {rows.line_num}"
        try:
            book_id, stars = int(row["book_id"]), float(row["rating"])
        except (TypeError, ValueError) as error:
            raise UnreadableFile(f"{where}: book_id and rating are numbers.") from error
        if not 0 < book_id <= LARGEST_BOOK_ID:
            raise UnreadableFile(f"{where}: there is no book with the number {book_id}.")
        if not 0 <= stars <= 5:
            raise UnreadableFile(f"{where}: a rating of {stars:g} is not 0 to 5 stars.")
        readers.add(row.get("user_id") or "")
        ratings[book_id] = stars
    if len(readers) > 1:
        raise UnreadableFile(f"{path} holds ratings of {len(readers)} readers; give those of one.")
    rated = {book_id: stars for book_id, stars in ratings.items() if stars}
    known = frozenset(ratings)
    works = KnownWorks.of_lines(
        [
            KnownLine(
                (book.title, book.original_title),
                "",
                book.pk,
                series=book.series_name,
                number=book.series_number,
            )
            for book in Book.objects.known_as(known)
        ]
    )
    readings: dict[int, Reading] = dict.fromkeys(known, "once")
    return Shelf(len(ratings), rated, readings, known=known, works=works)


def _matched(shelf_rows: Iterable[ShelfRow]) -> Shelf:
    rows = list(shelf_rows)
    wanted = [
        Wanted(
            place,
            row.edition_id,
            row.work_id,
            row.isbn13 or isbn13_of(row.isbn10),
            row.title,
            row.author,
        )
        for place, row in enumerate(rows)
    ]
    found = match(wanted)
    probable = {one.book_id for one in propose(wanted, found).values()}
    books = Book.objects.filter(
        pk__in=probable | {match.book_id for match in found.values() if match.book_id},
        goodbooks_id__isnull=False,
    )
    numbers = {book.pk: book.goodbooks_id for book in books if book.goodbooks_id is not None}
    best: dict[int, ShelfRow] = {}
    for place, row in enumerate(rows):
        number = numbers.get(found[place].book_id or 0)
        if number is not None and (
            number not in best or preference(row) > preference(best[number])
        ):
            best[number] = row
    return Shelf(
        len(rows),
        ratings={number: row.stars for number, row in best.items() if row.stars is not None},
        readings={
            number: reading
            for number, row in best.items()
            if (reading := how_read(row.shelf, read_count=row.read_count))
        },
        known=frozenset(best) | {numbers[book_id] for book_id in probable if book_id in numbers},
        works=_known_works(rows, found),
    )


def _known_works(rows: list[ShelfRow], found: Mapping[Hashable, Match]) -> KnownWorks:
    """The works that the rows name, by the titles of their books too."""
    books = Book.objects.in_bulk({match.book_id for match in found.values() if match.book_id})
    lines = []
    for place, row in enumerate(rows):
        book = books.get(found[place].book_id or 0)
        reading = how_read(row.shelf, read_count=row.read_count)
        is_read = row.stars is not None or reading is not None
        if book is None:
            lines.append(line_of(None, row.author, row.title, is_read=is_read))
            continue
        lines.append(
            line_of(
                book.pk,
                row.author,
                *(row.title, book.title, book.original_title),
                is_read=is_read,
                series=book.series_name,
                volume=book.series_number,
            )
        )
    return KnownWorks.of_lines(lines)
