"""The export of a library that every reader can download from Goodreads."""

from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
from recommender.sources.values import (
    clean_text,
    read_export_date,
    read_id,
    read_isbns,
    read_shelf,
    read_stars,
    read_year,
)


class GoodreadsExport(ExportFile):
    """Goodreads' own file, in each of its editions: 31, 24 or 23 columns, read by their names.

    Reviews, private notes and everything else that is not needed is not read.
    """

    name = "goodreads_export"
    service = "Goodreads"
    required = frozenset({"Title", "Author", "My Rating"})
    read = required | {
        "Book Id",
        "ISBN",
        "ISBN13",
        "Date Read",
        "Date Added",
        "Exclusive Shelf",
        "Original Publication Year",
        "Year Published",
    }

    def read_book(self, title: str, text: Cells) -> ShelfRow:
        author = clean_text(text("Author"))
        edition_id = read_id(text("Book Id"))
        isbn10, isbn13 = read_isbns(text("ISBN"), text("ISBN13"))
        return ShelfRow(
            source_key=str(edition_id) if edition_id else key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            edition_id=edition_id,
            stars=read_stars(text("My Rating")),
            shelf=read_shelf(text("Exclusive Shelf")),
            added_on=read_export_date(text("Date Added")),
            read_on=read_export_date(text("Date Read")),
            year=read_year(text("Original Publication Year")) or read_year(text("Year Published")),
        )
