"""The export of a library that every reader can download from Goodreads."""

from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
from recommender.sources.values import (
    clean_text,
    read_id,
    read_isbns,
    read_shelf,
    read_year,
)


class GoodreadsExport(ExportFile):
    """Goodreads' own file, in each of its editions: 31, 24 or 23 columns, read by their names.

    Reviews, private notes and everything else that is not needed is not read.
    """

    name = "goodreads_export"
    service = "Goodreads"
    required = (("Title",), ("Author",), ("My Rating",))
    dates = ("Date Read", "Date Added")
    optional = (
        "Book Id",
        "ISBN",
        "ISBN13",
        "Exclusive Shelf",
        "Original Publication Year",
        "Year Published",
    )

    def read_book(self, title: str, cells: Cells) -> ShelfRow:
        text = cells.text
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
            stars=cells.stars("My Rating"),
            shelf=read_shelf(text("Exclusive Shelf")),
            added_on=cells.date("Date Added"),
            read_on=cells.date("Date Read"),
            year=read_year(text("Original Publication Year")) or read_year(text("Year Published")),
            read_count=cells.count("Read Count"),
        )
