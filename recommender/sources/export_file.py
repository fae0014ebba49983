"""Export files, row by row.

Another service's export is a subclass of `ExportFile` with its columns and its ``read_book``, and
an entry in `recommender.sources.exports.EXPORTS`.
"""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from sys import getsizeof
from typing import BinaryIO, ClassVar

from recommender.sources.base import BadRow, RowProblem, ShelfPage, ShelfRow
from recommender.sources.dates import DateOrder, DoubtfulDate
from recommender.sources.preference import Rank, preference
from recommender.sources.stars import NotStars, parse_stars
from recommender.sources.upload import NoRows, TooManyRows, Unclosed
from recommender.sources.values import clean_text
from recsite.common.tables import Heading, Row, TooManyEmptyLines, UnreadableTable, rows

#: The largest libraries we know of have some twenty thousand books.
MOST_ROWS = 50_000
ROWS_A_PAGE = 2_000
#: Bytes of rows that are kept, so that they need not be read again; those of large libraries are.
MOST_KEPT = 32 << 20
_ROW_BYTES = 400  # of a row besides its title and author

#: A row, or why it can't be read.
_Line = tuple[ShelfRow | None, RowProblem | None]
_ASCII_LETTER = re.compile("[A-Za-z]")

#: Names of one column, which editions of a file call differently.
Names = tuple[str, ...]


class Places(dict[Names, tuple[int, ...]]):
    """Where in a row the columns of some names stand, looked up once for the whole file."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._by_name = {column.casefold(): place for place, column in enumerate(columns)}

    def __missing__(self, names: Names) -> tuple[int, ...]:
        found = (self._by_name.get(name.casefold()) for name in names)
        places = self[names] = tuple(place for place in found if place is not None)
        return places


@dataclass(slots=True)
class Cells:
    """The cells of one row by the names of their columns, in any case.

    A cell that can't be read counts as empty, and `notes` says so.
    """

    values: Sequence[str]
    places: Places
    dates: DateOrder
    notes: list[str] = field(default_factory=list)

    def text(self, *names: str) -> str:
        """The text under the first of these names that has any; empty where none has."""
        for place in self.places[names]:
            if place < len(self.values):
                text = self.values[place]
                if text and not text.isspace():
                    return text
        return ""

    def stars(self, *names: str) -> float | None:
        """The rating, None for an unrated book."""
        text = self.text(*names)
        try:
            return parse_stars(text)
        except NotStars:
            self.notes.append(f"“{clean_text(text, 20)}” is not a rating we can read.")
            return None

    def date(self, *names: str) -> date | None:
        """The day, None where there is none or it can't be told."""
        text = self.text(*names)
        try:
            return self.dates.read(text)
        except DoubtfulDate:
            day = clean_text(text, 20)
            self.notes.append(f"“{day}” could be either of two days, so it is left out.")
            return None

    def count(self, *names: str) -> int:
        """A whole number from 0 to 1,000; 0 for anything else."""
        text = self.text(*names).strip()
        return min(int(text), 1000) if text.isascii() and text.isdecimal() else 0


class ExportFile(ABC):
    """An uploaded file as a `ShelfSource`; rows come in pages of 2,000.

    Parameters
    ----------
    file : BinaryIO
        The file, which is read from its start whenever rows are asked for.
    heading : Heading
        One of `recsite.common.tables.headings`, of which `fits` is true.
    is_guessed : bool
        Whether its encoding is a guess.
    """

    name: str
    service: ClassVar[str]
    title: ClassVar[Names] = ("Title",)
    #: Columns without which a file is none of this service, each under any of its names.
    required: ClassVar[tuple[Names, ...]]
    #: Columns with dates.
    dates: ClassVar[Names] = ()
    #: All other columns that ``read_book`` looks at.
    optional: ClassVar[Names] = ()

    def __init__(self, file: BinaryIO, heading: Heading, *, is_guessed: bool = False) -> None:
        self._file = file
        self.is_guessed = is_guessed
        self._heading = heading
        self._columns = [column.casefold() for column in heading.columns]
        self._places = Places(heading.columns)

    @classmethod
    def fits(cls, columns: Sequence[str]) -> bool:
        """Whether a heading has all the columns that are required, in any case and order."""
        there = {column.casefold() for column in columns}
        return all(any(name.casefold() in there for name in names) for names in cls.required)

    @property
    def encoding(self) -> str:
        return self._heading.encoding

    @abstractmethod
    def read_book(self, title: str, cells: Cells) -> ShelfRow:
        """The row of a book from its other cells; raises `BadRow`."""

    def pages(self) -> Iterator[ShelfPage]:
        """All rows, and for each row that can't be read its line and the reason.

        Of several rows with the same key, the best one counts (`preference`); the others are
        listed apart. Raises `NoRows`, `TooManyRows`, or `Unclosed`.
        """
        survey = self._take_survey()
        if not survey.rows:
            raise NoRows
        best, kept = self._best_lines(survey)
        page = _Page()
        number = 1
        for row, problem in kept or self._read(survey):
            if problem:
                page.problems.append(problem)
            elif row and best[row.source_key] == row.line:
                page.rows.append(row)
            elif row:
                page.repeated.append(
                    row._replace(note=f"Line {best[row.source_key]} says more about the same book.")
                )
            if page.size == ROWS_A_PAGE:
                yield page.finish(number, survey.rows)
                page, number = _Page(), number + 1
        yield page.finish(number, survey.rows, complete=True)

    def _take_survey(self) -> "_Survey":
        """Read the file once, to see how it writes dates and where its numbers are."""
        dates = [self._columns.index(name.casefold()) for name in self.dates if self._has(name)]
        survey = _Survey(without_letters=set(range(len(self._columns))))
        for row in self._rows():
            survey.rows += 1
            if survey.rows > MOST_ROWS:
                raise TooManyRows
            survey.dates.learn(row.cells[place] for place in dates if place < len(row.cells))
            if not self._surplus(row):
                survey.learn_letters(row.cells)
        return survey

    def _best_lines(self, survey: "_Survey") -> tuple[dict[str, int], "list[_Line]"]:
        """The line of the best row of each key; and all rows, unless they are too large to keep."""
        best: dict[str, tuple[Rank, int]] = {}
        kept: list[_Line] = []
        size = 0
        for row, problem in self._read(survey):
            size += _ROW_BYTES
            if row:
                size += getsizeof(row.title) + getsizeof(row.author)
            if size < MOST_KEPT:
                kept.append((row, problem))
            if row is None or row.line is None:
                continue
            rank = preference(row)
            if row.source_key not in best or rank > best[row.source_key][0]:
                best[row.source_key] = (rank, row.line)
        lines = {key: line for key, (_, line) in best.items()}
        return lines, kept if size < MOST_KEPT else []

    def _surplus(self, row: Row) -> bool:
        """Whether there is something after the last column of the heading."""
        return len(row.cells) > len(self._columns) and any(
            cell.strip() for cell in row.cells[len(self._columns) :]
        )

    def _has(self, name: str) -> bool:
        return name.casefold() in self._columns

    def _rows(self) -> Iterator[Row]:
        try:
            yield from rows(self._file, self._heading)
        except TooManyEmptyLines as error:
            raise TooManyRows from error
        except UnreadableTable as error:
            raise Unclosed from error

    def _read(self, survey: "_Survey") -> "Iterator[_Line]":
        last = self._last_column()
        for row in self._rows():
            cells = Cells(row.cells, self._places, survey.dates)
            try:
                self._check_length(row, survey, last)
                yield self._book(row, cells), None
            except BadRow as error:
                text = clean_text(cells.text(*self.title)) or f"line {row.line}"
                yield None, RowProblem(row.line, text, str(error))

    def _check_length(self, row: Row, survey: "_Survey", last: int) -> None:
        if len(row.cells) <= last:
            raise BadRow("The line is cut short.")
        if self._surplus(row) and survey.is_shifted(row.cells):
            raise BadRow("The line has more cells than the heading.")

    def _book(self, row: Row, cells: Cells) -> ShelfRow:
        title = clean_text(cells.text(*self.title), longest=500)
        if not title:
            raise BadRow("There is no title in this line.")
        book = self.read_book(title, cells)
        return book._replace(line=row.line, note=" ".join(cells.notes))

    def _last_column(self) -> int:
        """The index of the last column that is read; a line may break off after it."""
        named = {name for names in (*self.required, self.dates, self.optional) for name in names}
        read = {name.casefold() for name in named}
        return max(place for place, column in enumerate(self._columns) if column in read)


@dataclass(slots=True)
class _Survey:
    """What has to be known of a whole file before its rows can be read."""

    #: The indexes of columns in which no ordinary row has a letter: numbers, dates.
    without_letters: set[int]
    dates: DateOrder = field(default_factory=DateOrder)
    rows: int = 0

    def learn_letters(self, cells: Sequence[str]) -> None:
        """Drop the columns in which this row has letters; most rows have none there."""
        try:
            if not _has_letter("".join(map(cells.__getitem__, self.without_letters))):
                return
        except IndexError:
            pass  # the row breaks off
        self.without_letters.difference_update(self._lettered(cells))

    def is_shifted(self, cells: Sequence[str]) -> bool:
        """Whether a row has words where all others have numbers, as after a stray comma."""
        return bool(self._lettered(cells))

    def _lettered(self, cells: Sequence[str]) -> list[int]:
        there = (place for place in self.without_letters if place < len(cells))
        return [place for place in there if _has_letter(cells[place])]


def _has_letter(text: str) -> bool:
    if text.isascii():
        return _ASCII_LETTER.search(text) is not None
    return any(character.isalpha() for character in text)


@dataclass(slots=True)
class _Page:
    rows: list[ShelfRow] = field(default_factory=list)
    repeated: list[ShelfRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.rows) + len(self.repeated) + len(self.problems)

    def finish(self, number: int, total: int, *, complete: bool = False) -> ShelfPage:
        return ShelfPage(
            number=number,
            rows=tuple(self.rows),
            problems=tuple(self.problems),
            repeated=tuple(self.repeated),
            total=total,
            complete=complete,
        )


#: How keys begin that are made of title and author.
KEY_BY_TITLE = "title:"


def key_of(title: str, author: str) -> str:
    """The same for the same book in every file, where the file gives no number."""
    digest = hashlib.sha256(f"{title}\n{author}".casefold().encode()).hexdigest()
    return f"{KEY_BY_TITLE}{digest[:24]}"
