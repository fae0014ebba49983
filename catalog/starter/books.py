"""The books of the starter shelf, read from ``books.csv`` beside this file."""

import csv
from dataclasses import dataclass
from pathlib import Path

BOOKS_FILE = Path(__file__).with_name("books.csv")


@dataclass(frozen=True, slots=True)
class StarterBook:
    """Facts about one work.

    ``fame`` (1 to 10) is a rough guess at how widely the book is read; only the simulation of
    readers uses it.
    """

    book_id: int
    title: str
    original_title: str
    authors: tuple[str, ...]
    year: int
    series: str
    number: int | None
    language: str
    genres: tuple[str, ...]
    fame: int
    isbn: str
    description: str

    @property
    def title_with_series(self) -> str:
        """The title as goodbooks-10k writes it: ``Title (Series, #1)``."""
        if not self.series:
            return self.title
        return f"{self.title} ({self.series}, #{self.number})"

    @property
    def isbn13(self) -> str:
        """The ISBN-13 of the same edition, empty if no ISBN is known."""
        if not self.isbn:
            return ""
        digits = "978" + self.isbn[:9]
        total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
        return digits + str(-total % 10)


def read_books(path: Path = BOOKS_FILE) -> list[StarterBook]:
    """All books of the shelf in the order of their ids."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_book(row) for row in csv.DictReader(file)]


def _book(row: dict[str, str]) -> StarterBook:
    return StarterBook(
        book_id=int(row["book_id"]),
        title=row["title"],
        original_title=row["original_title"] or row["title"],
        authors=tuple(row["authors"].split("; ")),
        year=int(row["year"]),
        series=row["series"],
        number=int(row["number"]) if row["number"] else None,
        language=row["language"],
        genres=tuple(row["genres"].split("; ")),
        fame=int(row["fame"]),
        isbn=row["isbn"],
        description=row["description"],
    )
