"""Export files, row by row.

Another service's export is a subclass of `ExportFile` with its columns and its ``read_book``, and
an entry in `recommender.sources.exports.EXPORTS`.
"""

import csv
import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Literal

from recommender.sources.base import BadRow, RowProblem, ShelfPage, ShelfRow
from recommender.sources.upload import MAX_BYTES, NoRows, WrongColumns, read_text
from recommender.sources.values import clean_text
from recsite.common.spreadsheets import DELIMITERS, delimiter_of

#: The text in a column, empty where there is none.
Cells = Callable[[str], str]


class ExportFile(ABC):
    """An uploaded file as a `ShelfSource` of one page.

    Parameters
    ----------
    data : bytes
        The file.
    limit : int
        The most bytes it may have.

    Raises
    ------
    ExportRefused
        One of its kinds, when the file is none of this service; it says what to do instead.
    """

    name: str
    service: ClassVar[str]
    title: ClassVar[str] = "Title"
    required: ClassVar[frozenset[str]]
    read: ClassVar[frozenset[str]]  # every column that ``read_book`` looks at

    def __init__(self, data: bytes, *, limit: int = MAX_BYTES) -> None:
        self._text = read_text(data, limit=limit)
        delimiter = delimiter_of(self._text, self.required)
        if delimiter is None:
            raise WrongColumns
        self._delimiter = delimiter

    @abstractmethod
    def read_book(self, title: str, text: Cells) -> ShelfRow:
        """The row of a book from its other cells; raises `BadRow`."""

    def pages(self) -> Iterator[ShelfPage]:
        """All rows as one page. Rows that cannot be read are told with their lines."""
        rows: dict[str, ShelfRow] = {}
        problems: list[RowProblem] = []
        count = 0
        for line, cells, is_whole in self._cells():
            count += 1
            try:
                row = self._row(cells, line, is_whole=is_whole)
            except BadRow as error:
                text = clean_text(cells.get(self.title)) or f"line {line}"
                problems.append(RowProblem(line, text, str(error)))
            else:
                rows.setdefault(row.source_key, row)
        if not count:
            raise NoRows
        yield ShelfPage(
            number=1,
            rows=tuple(rows.values()),
            problems=tuple(problems),
            repeats=count - len(rows) - len(problems),
            total=count,
            complete=True,
        )

    def _row(self, cells: Mapping[str, str], line: int, *, is_whole: bool) -> ShelfRow:
        if not is_whole:
            raise BadRow("The line breaks off, or has more cells than the heading.")
        title = clean_text(cells.get(self.title), longest=500)
        if not title:
            raise BadRow("There is no title in this line.")
        row = self.read_book(title, lambda column: cells.get(column, ""))
        return replace(row, line=line)

    def _quoting(self) -> Literal[0, 3]:
        """Tab-separated files are written without quotes, unless their heading has some."""
        is_bare = self._delimiter == "\t" and '"' not in self._text.partition("\n")[0]
        return csv.QUOTE_NONE if is_bare else csv.QUOTE_MINIMAL

    def _cells(self) -> Iterator[tuple[int, dict[str, str], bool]]:
        """Line, cells by column, and whether the row has all the cells that are read."""
        # A review may be longer than the 128 KB the csv module allows a cell by default.
        csv.field_size_limit(max(csv.field_size_limit(), len(self._text)))
        reader = csv.reader(
            io.StringIO(self._text, newline=""), delimiter=self._delimiter, quoting=self._quoting()
        )
        columns = [column.strip() for column in next(reader)]
        last = max(index for index, column in enumerate(columns) if column in self.read)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                named = dict(zip(columns, cells, strict=False))
                yield line, named, last < len(cells) <= len(columns)
            line = reader.line_num + 1


def key_of(title: str, author: str) -> str:
    """The same for the same book in every file, where the file gives no number."""
    digest = hashlib.sha256(f"{title}\n{author}".casefold().encode()).hexdigest()
    return f"title:{digest[:24]}"


def columns_of(text: str) -> list[str]:
    """The cells of the heading, split by whatever splits it most."""
    heading = text.lstrip().partition("\n")[0].strip()
    rows = [next(csv.reader([heading], delimiter=mark), []) for mark in DELIMITERS]
    return [cell.strip() for cell in max(rows, key=len) if cell.strip()]
