"""The export of a library that LibraryThing makes as tab-delimited text."""

from collections.abc import Mapping

from recommender.sources.base import UNREAD_SHELVES, BadRow, ShelfRow
from recommender.sources.export_file import ExportFile, key_of
from recommender.sources.values import (
    clean_text,
    first_name_first,
    read_export_date,
    read_isbns,
    read_shelf,
    read_stars,
    read_year,
)


class LibraryThingExport(ExportFile):
    """LibraryThing's file: tabs without quotes, half stars, brackets round ISBNs and dates."""

    name = "librarything_export"
    service = "LibraryThing"
    required = frozenset({"Title", "Primary Author", "Rating"})
    read = required | {
        "Book Id",
        "ISBN",
        "ISBNs",
        "Date",
        "Date Read",
        "Entry Date",
        "Collections",
    }

    def read_row(self, cells: Mapping[str, str], line: int) -> ShelfRow:
        def text(column: str) -> str:
            return cells.get(column, "")

        title = clean_text(text("Title"), longest=500)
        if not title:
            raise BadRow("There is no title in this line.")
        author = first_name_first(clean_text(text("Primary Author")))
        isbn10, isbn13 = read_isbns(text("ISBN"), *text("ISBNs").split(","))
        return ShelfRow(
            source_key=clean_text(text("Book Id"), longest=100) or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            work_id=None,
            edition_id=None,  # its numbers are LibraryThing's own
            stars=read_stars(text("Rating")),
            shelf=_shelf_of(text("Collections")),
            added_on=read_export_date(text("Entry Date")),
            read_on=read_export_date(text("Date Read")),
            year=read_year(text("Date")),
            line=line,
        )


def _shelf_of(collections: str) -> str:
    """The shelf that a book's collections tell of; a book that is merely owned counts as read."""
    shelves = {read_shelf(name) for name in collections.split(",")}
    telling = (*UNREAD_SHELVES, "did-not-finish")
    return next((shelf for shelf in telling if shelf in shelves), "read")
