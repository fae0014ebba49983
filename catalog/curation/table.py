"""The table of curated fields as a CSV file; without Django."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.curation import cells
from recsite.common.spreadsheets import BOM, as_meant, decode, delimiter_of, harmless

#: Which book a line is about; the second is there to read, and has to be right where it is given.
ID, NUMBER = "id", "goodbooks_id"
COLUMNS = (ID, NUMBER, *cells.READERS)
MOST_LINES = 20_000

_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class UnusableFile(ValueError):
    """The file is no table of curated fields; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: its number in the file, and what its cells mean, by column."""

    number: int
    cells: Mapping[str, str]
    is_too_long: bool = False


def heading() -> str:
    """The first line of a file, with the mark that tells its encoding."""
    return BOM + _line(COLUMNS)


def line_of(pk: int, book: Mapping[str, Any]) -> str:
    """The line of a book, from its values as `catalog.curation.acts.snapshots` has them."""
    return _line([str(pk), cells.write(NUMBER, book[NUMBER]), *_cells(book)])


def lines_in(data: bytes) -> list[Line]:
    """The lines of an uploaded file but for empty ones; raises `UnusableFile`."""
    text = _text(data)
    delimiter = delimiter_of(text, frozenset({ID}))
    if delimiter is None:
        raise UnusableFile(
            "This file has no column “id” in its first line. Export the books here, change the "
            "cells, and keep the first line as it is."
        )
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lines: list[Line] = []
    try:
        columns = [column.strip() for column in next(rows)]
        _check_columns(columns)
        start = rows.line_num + 1
        for row in rows:
            if any(cell.strip() for cell in row):
                lines.append(_read_line(start, columns, row))
            start = rows.line_num + 1
            if len(lines) > MOST_LINES:
                raise UnusableFile(
                    f"This file has more than {MOST_LINES:,} lines. Upload it in parts."
                )
    except csv.Error as error:
        raise UnusableFile(
            f"Line {rows.line_num} can't be read as CSV ({error}). Save the table as “CSV UTF-8”."
        ) from error
    if not lines:
        raise UnusableFile("This file has no line of a book.")
    return lines


def _cells(book: Mapping[str, Any]) -> Iterator[str]:
    for column in cells.READERS:
        text = cells.write(column, book[column])
        # A number may be less than nothing, which no spreadsheet runs.
        yield harmless(text) if isinstance(book[column], str | list) else text


def _line(row: Iterable[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(row)
    return line.getvalue()


def _text(data: bytes) -> str:
    if data.startswith(_SPREADSHEETS):
        raise UnusableFile("This is a spreadsheet. Save it as “CSV UTF-8”, and upload that file.")
    text = decode(data)
    if text is None or "\0" in text:
        raise UnusableFile("The letters of this file can't be read. Save it as “CSV UTF-8”.")
    return text


def _check_columns(columns: list[str]) -> None:
    named = [column for column in columns if column]
    unknown = [column for column in named if column not in COLUMNS]
    if unknown:
        names = ", ".join(f"“{column[:40]}”" for column in unknown[:5])
        raise UnusableFile(
            f"There is no column {names}. The columns are {', '.join(COLUMNS)}; leave out the rest."
        )
    if twice := next((column for column in named if named.count(column) > 1), None):
        raise UnusableFile(f"The column “{twice}” stands in this file twice; leave one.")


def _read_line(number: int, columns: list[str], row: list[str]) -> Line:
    # Spreadsheets leave out empty cells at the end of a line: what is not there changes nothing.
    named = {name: as_meant(cell) for name, cell in zip(columns, row, strict=False) if name}
    return Line(number, named, is_too_long=any(cell.strip() for cell in row[len(columns) :]))
