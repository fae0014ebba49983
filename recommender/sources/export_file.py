"""Export files: recognizing what is none, and reading the rows of what is one.

Another service's export is a subclass of `ExportFile` with its columns and its ``read_row``, and an
entry in `recommender.sources.exports.EXPORTS`.
"""

import csv
import io
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

from recommender.sources.base import BadRow, RowProblem, ShelfPage, ShelfRow, SourceError
from recommender.sources.values import clean_text

MAX_BYTES = 20 * 1024 * 1024
_DELIMITERS = ",;\t"  # spreadsheets of some countries write semicolons
_HOW_TO = (
    "In Goodreads, open “My Books”, then “Import and export” (under “Tools”), press “Export "
    "library” and upload the file goodreads_library_export.csv just as it comes."
)


class ExportRefused(SourceError):
    code = "export_refused"
    default = f"This file is not an export of a library. {_HOW_TO}"


class EmptyFile(ExportRefused):
    code = "export_empty"
    default = f"This file is empty. Perhaps the download broke off. {_HOW_TO}"


class FileTooLarge(ExportRefused):
    code = "export_too_large"
    default = f"This file is larger than any library we know of. {_HOW_TO}"


class PrivacyArchive(ExportRefused):
    code = "export_privacy_archive"
    default = (
        "This is the archive of all your data, which Goodreads sends when you request it. We need "
        f"the export of your library instead, which is ready in minutes. {_HOW_TO}"
    )


class PackedFile(ExportRefused):
    code = "export_packed"
    default = f"This file is packed. Unpack it and upload the .csv file in it. {_HOW_TO}"


class PdfFile(ExportRefused):
    code = "export_pdf"
    default = f"This is a PDF, in which we cannot tell one column from another. {_HOW_TO}"


class Spreadsheet(ExportRefused):
    code = "export_spreadsheet"
    default = (
        "This is a spreadsheet. Save it as “CSV UTF-8” and upload that file, or download your "
        f"export once more. {_HOW_TO}"
    )


class WebPage(ExportRefused):
    code = "export_web_page"
    default = f"This is a saved web page, not the export itself. {_HOW_TO}"


class WrongEncoding(ExportRefused):
    code = "export_encoding"
    default = (
        "This file was saved by another program with letters we cannot read. Save it as “CSV "
        f"UTF-8”, or download your export once more. {_HOW_TO}"
    )


class WrongColumns(ExportRefused):
    code = "export_columns"
    default = f"This file does not have the columns of a library export. {_HOW_TO}"


class NoRows(ExportRefused):
    code = "export_no_rows"
    default = (
        "There is not a single book in this export. Put some books on your shelves and rate them, "
        "then export your library again."
    )


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
    title: ClassVar[str] = "Title"
    required: ClassVar[frozenset[str]]
    read: ClassVar[frozenset[str]]  # every column that ``read_row`` looks at

    def __init__(self, data: bytes, *, limit: int = MAX_BYTES) -> None:
        self._text = read_text(data, limit=limit)
        delimiter = delimiter_of(self._text, self.required)
        if delimiter is None:
            raise WrongColumns
        self._delimiter = delimiter

    @abstractmethod
    def read_row(self, cells: Mapping[str, str], line: int) -> ShelfRow:
        """A row from its cells by column; raises `BadRow`."""

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
        return self.read_row(cells, line)

    def _cells(self) -> Iterator[tuple[int, dict[str, str], bool]]:
        """Line, cells by column, and whether the row has all the cells that are read."""
        # A review may be longer than the 128 KB the csv module allows a cell by default.
        csv.field_size_limit(max(csv.field_size_limit(), len(self._text)))
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self._delimiter)
        columns = [column.strip() for column in next(reader)]
        last = max(index for index, column in enumerate(columns) if column in self.read)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                named = dict(zip(columns, cells, strict=False))
                yield line, named, last < len(cells) <= len(columns)
            line = reader.line_num + 1


def read_text(data: bytes, *, limit: int) -> str:
    """The text of a file; raises `ExportRefused` where it is not text or too much of it."""
    if not data.strip():
        raise EmptyFile
    if len(data) > limit:
        raise FileTooLarge
    if (refused := _kind_of_file(data)) is not None:
        raise refused
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongEncoding from None


def delimiter_of(text: str, columns: frozenset[str]) -> str | None:
    """What stands between the cells of a heading with all ``columns``; None without them."""
    heading = text.partition("\n")[0].strip()
    for delimiter in _DELIMITERS:
        cells = next(csv.reader([heading], delimiter=delimiter), [])
        if columns <= {cell.strip() for cell in cells}:
            return delimiter
    return None


def _kind_of_file(data: bytes) -> ExportRefused | None:
    """Why a file of another kind is refused, told by its first bytes; None for text."""
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data.startswith(b"PK\x03\x04"):
        return _kind_of_archive(data)
    if data.startswith(b"%PDF"):
        return PdfFile()
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # a spreadsheet of before 2007
        return Spreadsheet()
    if data.startswith((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")):
        return PackedFile()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        return WrongEncoding()
    if start.startswith((b"<!doctype html", b"<html")):
        return WebPage()
    if start.startswith((b"{", b"[")):
        return PrivacyArchive()
    return None


def _kind_of_archive(data: bytes) -> ExportRefused:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return PackedFile()
    if any(name in {"xl/workbook.xml", "content.xml", "Index/Document.iwa"} for name in names):
        return Spreadsheet()
    if any(name.lower().endswith(".csv") for name in names):
        return PackedFile()
    if any(name.lower().endswith(".json") for name in names):
        return PrivacyArchive()
    return PackedFile()
