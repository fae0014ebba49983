"""Reads what a stand-in needs from a folder in the format of goodbooks-10k."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyarrow import csv as arrow_csv

_SYNTHETIC_EDITION = 900_000_000  # beyond any number Goodreads had given out when the data was made

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Book:
    """A book of the folder as Goodreads would show it."""

    book_id: int
    editions: tuple[int, ...]
    work_id: int
    title: str
    author: str
    isbn: str
    year: int | None
    co_authors: tuple[str, ...] = ()
    original_title: str = ""


class GoodbooksFolder:
    """Books, ratings and to-read shelves of a folder; each file is read when it is needed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def books(self) -> dict[int, Book]:
        """All books by their number, the best known first."""
        return {book.book_id: book for book in map(_book, self._rows("books.csv"))}

    @cached_property
    def descriptions(self) -> dict[int, str]:
        """Descriptions by book number; empty if the folder has none."""
        if not self._find("descriptions.csv"):
            return {}
        rows = self._rows("descriptions.csv")
        return {int(row["book_id"]): row["description"] for row in rows}

    @cached_property
    def complete_users(self) -> set[int]:
        """Readers whose complete history is in the folder; empty if it has no list of them."""
        if not self._find("complete_users.csv"):
            return set()
        return {int(row["user_id"]) for row in self._rows("complete_users.csv")}

    @cached_property
    def rating_counts(self) -> dict[int, int]:
        """How many ratings each reader has given."""
        users, _, _ = self._ratings
        starts = np.flatnonzero(np.diff(users, prepend=-1))
        counts = np.diff(starts, append=len(users))
        return dict(zip(users[starts].tolist(), counts.tolist(), strict=True))

    def ratings_of(self, user_id: int) -> dict[int, int]:
        """Stars by book number."""
        users, books, stars = self._ratings
        start, end = np.searchsorted(users, [user_id, user_id + 1])
        return dict(zip(books[start:end].tolist(), stars[start:end].tolist(), strict=True))

    def to_read_of(self, user_id: int) -> list[int]:
        """The numbers of the books on the reader's to-read shelf."""
        users, books = self._to_read
        start, end = np.searchsorted(users, [user_id, user_id + 1])
        return [int(book) for book in books[start:end]]

    @cached_property
    def _ratings(self) -> tuple[Ints, Ints, Ints]:
        users, books, stars = self._columns("ratings.csv", "user_id", "book_id", "rating")
        return users, books, stars

    @cached_property
    def _to_read(self) -> tuple[Ints, Ints]:
        if not self._find("to_read.csv"):
            return np.empty(0, np.int32), np.empty(0, np.int32)
        users, books = self._columns("to_read.csv", "user_id", "book_id")
        return users, books

    def _columns(self, name: str, *columns: str) -> list[Ints]:
        """Columns of whole numbers, in the order of the first one."""
        options = arrow_csv.ConvertOptions(
            include_columns=list(columns), column_types=dict.fromkeys(columns, "int32")
        )
        table = arrow_csv.read_csv(str(self._existing(name)), convert_options=options)
        arrays: list[Ints] = [table[column].to_numpy() for column in columns]
        if np.all(arrays[0][:-1] <= arrays[0][1:]):
            return arrays
        order = np.argsort(arrays[0], kind="stable")
        return [array[order] for array in arrays]

    def _rows(self, name: str) -> Iterator[dict[str, str]]:
        path = self._existing(name)
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)

    def _find(self, name: str) -> Path | None:
        paths = (self._path / name, self._path / f"{name}.gz")
        return next((path for path in paths if path.is_file()), None)

    def _existing(self, name: str) -> Path:
        if path := self._find(name):
            return path
        raise FileNotFoundError(f"{self._path} has no {name}: name a folder of goodbooks-10k.")


def _book(row: dict[str, str]) -> Book:
    book_id = int(row["book_id"])
    known = [_integer(row.get(column)) for column in ("best_book_id", "goodreads_book_id")]
    editions = tuple(dict.fromkeys(number for number in known if number))
    isbn = (row.get("isbn") or "").strip()
    author, *co_authors = (name.strip() for name in row["authors"].split(","))
    return Book(
        book_id=book_id,
        editions=editions or (_SYNTHETIC_EDITION + book_id,),
        work_id=_integer(row.get("work_id")) or _SYNTHETIC_EDITION + book_id,
        title=row["title"],
        author=author,
        isbn=isbn.zfill(10) if isbn else "",  # the data has lost leading zeros
        year=_integer(row.get("original_publication_year")),
        co_authors=tuple(co_authors),
        original_title=(row.get("original_title") or "").strip(),
    )


def _integer(text: str | None) -> int | None:
    return int(float(text)) if text and text.strip() else None
