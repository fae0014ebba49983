"""The CSV file of curated fields: its columns, its lines, how it is parsed; without Django."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.curation import cells
from recsite.common.spreadsheets import BOM, escape_formula, unescape_formula
from recsite.common.tables import Heading, UnreadableTable, find_encoding, headings, rows

#: Which book a line is about; the second is read-only, and must be right where it is given.
ID, NUMBER = "id", "goodbooks_id"
COLUMNS = (ID, NUMBER, *cells.PARSERS)
MAX_LINES = 20_000

_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class UnusableFile(ValueError):
    """The file is not a CSV file of curated fields; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: its number, and its cells by column, formulas unescaped."""

    number: int
    cells: Mapping[str, str]
    is_too_long: bool = False


def header_line() -> str:
    """The first line of a file, with the byte order mark before it."""
    return BOM + _line(COLUMNS)


def book_line(pk: int, book: Mapping[str, Any]) -> str:
    """The line of a book, from its values in `catalog.curation.acts.snapshots`."""
    return _line([str(pk), cells.format_cell(NUMBER, book[NUMBER]), *_cells_of(book)])


def parse(data: bytes) -> list[Line]:
    """The lines of an uploaded file, without empty ones; raises `UnusableFile`."""
    file = io.BytesIO(data)
    heading = _heading(file)
    _check_columns(heading.columns)
    lines: list[Line] = []
    try:
        for row in rows(file, heading):
            lines.append(_parse_line(row.line, heading.columns, row.cells))
            if len(lines) > MAX_LINES:
                raise UnusableFile(
                    f"This file has more than {MAX_LINES:,} lines. Upload it in parts."
                )
    except UnreadableTable as error:
        raise UnusableFile(
            f"This file can't be read as CSV ({error}). Save the table as “CSV UTF-8”."
        ) from error
    if not lines:
        raise UnusableFile("This file has no books.")
    return lines


def _cells_of(book: Mapping[str, Any]) -> Iterator[str]:
    for column in cells.PARSERS:
        text = cells.format_cell(column, book[column])
        # Negative numbers begin with a minus, but spreadsheets don't run them as formulas.
        yield escape_formula(text) if isinstance(book[column], str | list) else text


def _line(row: Iterable[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(row)
    return line.getvalue()


def _heading(file: io.BytesIO) -> Heading:
    if file.getvalue().startswith(_SPREADSHEETS):
        raise UnusableFile("This is a spreadsheet. Save it as “CSV UTF-8” and upload that file.")
    encoding = find_encoding(file)
    if encoding is None:
        raise UnusableFile("The text of this file can't be decoded. Save it as “CSV UTF-8”.")
    for heading in headings(file, encoding.name):
        if ID in heading.columns:
            return heading
    raise UnusableFile(
        "The first line of this file has no column “id”. Export the books here, change the "
        "cells, and keep the first line as it is."
    )


def _check_columns(columns: Sequence[str]) -> None:
    named = [column for column in columns if column]
    unknown = [column for column in named if column not in COLUMNS]
    if unknown:
        names = ", ".join(f"“{column[:40]}”" for column in unknown[:5])
        raise UnusableFile(
            f"Unknown column {names}. The columns are {', '.join(COLUMNS)}; remove the others."
        )
    if twice := next((column for column in named if named.count(column) > 1), None):
        raise UnusableFile(f"The column “{twice}” is in this file twice; remove one.")


def _parse_line(number: int, columns: Sequence[str], row: list[str]) -> Line:
    # Spreadsheets leave out empty cells at the end of a line; a missing cell changes nothing.
    named = {name: unescape_formula(cell) for name, cell in zip(columns, row, strict=False) if name}
    return Line(number, named, is_too_long=any(cell.strip() for cell in row[len(columns) :]))
