"""The export of a library that LibraryThing makes as tab-delimited text."""

from functools import lru_cache

from recommender import shelves
from recommender.shelves import Shelf, is_unread
from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
from recommender.sources.values import (
    clean_text,
    first_name_first,
    read_isbns,
    read_number,
    read_shelf,
    read_year,
)


class LibraryThingExport(ExportFile):
    """LibraryThing's file: tabs without quotes, half stars, brackets round ISBNs and dates.

    Its numbers of books are its own.
    """

    name = "librarything_export"
    service = "LibraryThing"
    required = (("Title",), ("Primary Author",), ("Rating",))
    dates = ("Date Read", "Entry Date")
    optional = ("Book Id", "ISBN", "ISBNs", "Date", "Collections")

    def read_book(self, title: str, cells: Cells) -> ShelfRow:
        text = cells.text
        author = first_name_first(clean_text(text("Primary Author")))
        isbn10, isbn13 = read_isbns(text("ISBN"), *text("ISBNs").split(","))
        return ShelfRow(
            source_key=read_number(text("Book Id")) or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            stars=cells.stars("Rating"),
            shelf=_shelf_of(clean_text(text("Collections"))),
            added_on=cells.date("Entry Date"),
            read_on=cells.date("Date Read"),
            year=read_year(text("Date")),
        )


@lru_cache(1000)
def _shelf_of(collections: str) -> str:
    """The shelf that a book's collections tell of; a book that is merely owned counts as read."""
    named = [read_shelf(name) for name in collections.split(",")]
    for shelf in (*shelves.UNREAD, Shelf.DID_NOT_FINISH):
        if shelf in named:
            return shelf
    return next((name for name in named if is_unread(name)), Shelf.READ)
