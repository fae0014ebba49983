"""Parses and repairs a line of books.csv."""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from catalog.credits import Role, split_credit
from catalog.editions import split_book_title, without_edition
from catalog.goodbooks.table import Row, Table
from catalog.languages import language_code
from catalog.normalize import (
    SplitTitle,
    is_isbn13,
    isbn13_of,
    padded_isbn10,
)

# The starter shelf's numbers begin here, far above those of goodbooks-10k.
FIRST_STARTER_ID = 1_000_001
# The numbers of books that readers or curators added, from a sequence of the database.
FIRST_ADDED_ID = 2_000_001
# The numbers of other data sets (spark.convert) begin here, so that none is one of goodbooks-10k.
FIRST_OTHER_ID = 100_000_001
BOOK_COLUMNS = ("book_id", "title", "authors")
MORE_BOOK_COLUMNS = (
    "goodreads_book_id",
    "best_book_id",
    "work_id",
    "isbn",
    "isbn13",
    "original_publication_year",
    "original_title",
    "language_code",
    "average_rating",
    "ratings_count",
    "work_ratings_count",
)
NUL = "\x00"  # PostgreSQL cannot store it in a text
MAX_TITLE_LENGTH = 500
MAX_NAME_LENGTH = 300
MAX_INTEGER = 2**31 - 1
MAX_BIG_INTEGER = 2**63 - 1
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_BETWEEN_NAMES = re.compile(r",(?![^()]*\))")  # not within brackets


class WrongRow(Exception):
    """The line is unusable; the message says why."""


@dataclass(frozen=True, slots=True)
class BookRow:
    """One line of books.csv, repaired."""

    line: int
    book_id: int
    title: SplitTitle
    original_title: str
    authors: tuple[str, ...]
    roles: tuple[Role | None, ...]  # of the authors, where the line says so
    year: int | None
    language: str
    isbn13: str
    work_id: int | None
    edition_ids: tuple[int, ...]
    ratings_count: int
    average_rating: Decimal | None


@dataclass(slots=True)
class BookParser:
    """Parses the cells of one line; an unusable cell is reported and left out."""

    table: Table
    row: Row
    cells: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        names = (*BOOK_COLUMNS, *MORE_BOOK_COLUMNS)
        self.cells = dict(zip(names, self.row.values, strict=True))

    def parse(self) -> BookRow:
        book_id = self.cells["book_id"]
        if any(NUL in cell for cell in self.row.values):
            raise WrongRow("a null character")
        if not is_integer(book_id, 1, MAX_INTEGER):
            raise WrongRow(f"book_id is {book_id!r}, not the number of a book")
        credited = self._credits()
        return BookRow(
            line=self.row.line,
            book_id=int(book_id),
            title=self._title(),
            original_title=without_edition(self._shortened("original_title", MAX_TITLE_LENGTH)),
            authors=tuple(credited),
            roles=tuple(credited.values()),
            year=self._year(),
            language=self._language(),
            isbn13=self._isbn13(),
            work_id=self._number("work_id", MAX_BIG_INTEGER),
            edition_ids=self._edition_ids(),
            ratings_count=self._ratings_count(),
            average_rating=self._average_rating(),
        )

    def _wrong(self, reason: str) -> None:
        self.table.wrong(self.row.line, reason)

    def _title(self) -> SplitTitle:
        title = split_book_title(self._shortened("title", MAX_TITLE_LENGTH))
        if not title.title:
            raise WrongRow("the title is empty")
        return title

    def _shortened(self, column: str, max_length: int) -> str:
        text = " ".join(self.cells[column].split())
        if len(text) > max_length:
            self._wrong(f"{column} is cut to {max_length} characters")
        return text[:max_length].strip()

    def _credits(self) -> dict[str, Role | None]:
        """Everybody who is named, with the role that stands after the name, if any."""
        credited: dict[str, Role | None] = {}
        for text in _BETWEEN_NAMES.split(self.cells["authors"]):
            name, role = split_credit(text)
            if name:
                credited.setdefault(name[:MAX_NAME_LENGTH].rstrip(), role)
        if not credited:
            self._wrong("no author is named")
        return credited

    def _number(self, column: str, maximum: int) -> int | None:
        """A whole number above zero; some tools write it with a decimal point."""
        text = re.sub(r"\.0+$", "", self.cells[column])
        if not text:
            return None
        if not is_integer(text, 1, maximum):
            self._wrong(f"{column} is {text!r}, not a number; it is left out")
            return None
        return int(text)

    def _edition_ids(self) -> tuple[int, ...]:
        columns = ("goodreads_book_id", "best_book_id")
        ids = (self._number(column, MAX_BIG_INTEGER) for column in columns)
        return tuple(dict.fromkeys(number for number in ids if number is not None))

    def _year(self) -> int | None:
        text = re.sub(r"\.0+$", "", self.cells["original_publication_year"])
        if not text:
            return None
        if not is_integer(text, -5000, 2200) or int(text) == 0:
            self._wrong(f"original_publication_year is {text!r}, not a year; it is left out")
            return None
        return int(text)

    def _language(self) -> str:
        code = language_code(self.cells["language_code"])
        if code is None:
            self._wrong(
                f"language_code is {self.cells['language_code']!r}, not a known code; "
                "it is left out"
            )
        return code or ""

    def _isbn13(self) -> str:
        """From `isbn`, which lacks leading zeros; most of `isbn13` lack their last digits."""
        text = self.cells["isbn"]
        if text:
            isbn13 = isbn13_of(padded_isbn10(text))
            if isbn13:
                return isbn13
            self._wrong(f"isbn {text!r} fails its check digit; it is left out")
        isbn13 = _full_isbn13(self.cells["isbn13"])
        return isbn13 if is_isbn13(isbn13) else ""

    def _ratings_count(self) -> int:
        counts = ("work_ratings_count", "ratings_count")
        column = next((name for name in counts if self.cells[name]), None)
        if column is None or is_integer(self.cells[column], 0, 0):
            return 0
        return self._number(column, MAX_INTEGER) or 0

    def _average_rating(self) -> Decimal | None:
        text = self.cells["average_rating"]
        if not text:
            return None
        try:
            average = Decimal(text)
        except InvalidOperation:
            average = Decimal(-1)
        if not (average.is_finite() and 0 <= average <= 5):
            self._wrong(f"average_rating is {text!r}, not 0 to 5 stars; it is left out")
            return None
        return average.quantize(Decimal("0.01"))


def is_starter_id(number: int) -> bool:
    """Whether this is a number of the starter shelf."""
    return FIRST_STARTER_ID <= number < FIRST_ADDED_ID


def is_integer(text: str, minimum: int, maximum: int) -> bool:
    return bool(_INTEGER.fullmatch(text)) and minimum <= int(text) <= maximum


def _full_isbn13(text: str) -> str:
    """An ISBN-13 that may be written as a float, if that kept all thirteen digits."""
    mantissa = re.fullmatch(r"(9)\.([0-9]{12})e\+12", text, re.IGNORECASE)
    return mantissa[1] + mantissa[2] if mantissa else re.sub(r"\.0+$", "", text)
