"""What readers upload: the text of it, or why it is no export and what to do instead."""

import io
import zipfile
from typing import BinaryIO

from recommender.sources.base import SourceError

MAX_BYTES = 20 * 1024 * 1024
_HOW_TO = (
    "In Goodreads, open “My Books”, then “Import and export” (under “Tools”), press “Export "
    "library” and upload the file goodreads_library_export.csv just as it comes."
)


class ExportRefused(SourceError):
    code = "export_refused"
    default = f"This file is not an export of a library. {_HOW_TO}"


class EmptyFile(ExportRefused):
    code = "export_empty"
    default = f"This file is empty. Perhaps the download was interrupted. {_HOW_TO}"


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
    default = f"This file is compressed. Unpack it and upload the .csv file in it. {_HOW_TO}"


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


class LibraryThingJson(ExportRefused):
    code = "export_json"
    default = (
        "This is LibraryThing's export as JSON. Choose “tab-delimited text” on the same page of "
        "LibraryThing, and upload that file."
    )


class WrongColumns(ExportRefused):
    code = "export_columns"
    default = f"This file does not have the columns of a library export. {_HOW_TO}"

    @classmethod
    def found(cls, found: list[str], expected: str) -> "WrongColumns":
        """Say which columns there are, and which there should be."""
        named = ", ".join(f"“{column[:30]}”" for column in found[:8])
        more = " and others" if len(found) > len(found[:8]) else ""
        return cls(
            f"We do not know the columns of this file. It has {named}{more}; we look for "
            f"{expected}. Upload the export just as your service made it, or copy your books "
            "into our template."
        )


class TooManyRows(ExportRefused):
    code = "export_too_many_rows"
    default = (
        "This file has more than 50,000 rows, which is more than any library we know of. If you "
        "have that many books, upload them in parts."
    )


class Unclosed(ExportRefused):
    code = "export_unclosed"
    default = (
        "A quotation mark in this file is opened and never closed, so we can't tell one row from "
        f"the next. Download your export once more. {_HOW_TO}"
    )


class NoRows(ExportRefused):
    code = "export_no_rows"
    default = (
        "There is not a single book in this export. Put some books on your shelves and rate them, "
        "then export your library again."
    )


def check_file(file: BinaryIO, *, limit: int) -> None:
    """Raise `ExportRefused` where a file is empty, too large, or plainly of another kind."""
    size = file.seek(0, io.SEEK_END)
    if size > limit:
        raise FileTooLarge
    file.seek(0)
    start = file.read(4096)
    if not start.strip() and not file.read().strip():
        raise EmptyFile
    if (refused := _kind_of_file(file, start)) is not None:
        raise refused


def _kind_of_file(file: BinaryIO, data: bytes) -> ExportRefused | None:
    """Why a file of another kind is refused, told by its first bytes; None for text."""
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data.startswith(b"PK\x03\x04"):
        return _kind_of_archive(file)
    if data.startswith(b"%PDF"):
        return PdfFile()
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # a spreadsheet of before 2007
        return Spreadsheet()
    if data.startswith((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")):
        return PackedFile()
    if start.startswith((b"<!doctype html", b"<html")):
        return WebPage()
    if start.startswith((b"{", b"[")):
        return LibraryThingJson() if b'"books_id"' in data else PrivacyArchive()
    return None


def _kind_of_archive(file: BinaryIO) -> ExportRefused:
    try:
        with zipfile.ZipFile(file) as archive:
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
