"""The export of a library that LibraryThing makes as tab-delimited text."""

from recommender import shelves
from recommender.shelves import Shelf
from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
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
    """LibraryThing's file: tabs without quotes, half stars, brackets round ISBNs and dates.

    Its numbers of books are its own.
    """

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

    def read_book(self, title: str, text: Cells) -> ShelfRow:
        author = first_name_first(clean_text(text("Primary Author")))
        isbn10, isbn13 = read_isbns(text("ISBN"), *text("ISBNs").split(","))
        return ShelfRow(
            source_key=clean_text(text("Book Id"), longest=100) or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            stars=read_stars(text("Rating")),
            shelf=_shelf_of(text("Collections")),
            added_on=read_export_date(text("Entry Date")),
            read_on=read_export_date(text("Date Read")),
            year=read_year(text("Date")),
        )


def _shelf_of(collections: str) -> str:
    """The shelf that a book's collections tell of; a book that is merely owned counts as read."""
    named = {read_shelf(name) for name in collections.split(",")}
    unfinished = (*shelves.UNREAD, Shelf.DID_NOT_FINISH)
    return next((shelf for shelf in unfinished if shelf in named), Shelf.READ)
