"""The export of a library that StoryGraph makes."""

from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
from recommender.sources.values import (
    first_author,
    read_isbns,
    read_number,
    read_shelf,
)


class StorygraphExport(ExportFile):
    """StoryGraph's file: quarter stars, several authors in one cell.

    In 2021 two columns had other names.
    """

    name = "storygraph_export"
    service = "StoryGraph"
    required = (("Title",), ("Authors", "Author"), ("Read Status",), ("Star Rating",))
    dates = ("Date Added", "Last Date Read")
    optional = ("ISBN/UID", "ISBN")

    def read_book(self, title: str, cells: Cells) -> ShelfRow:
        text = cells.text
        author = first_author(text("Authors", "Author"))
        number = read_number(text("ISBN/UID", "ISBN"))
        isbn10, isbn13 = read_isbns(number)
        return ShelfRow(
            source_key=number or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            stars=cells.stars("Star Rating"),
            shelf=read_shelf(text("Read Status")),
            added_on=cells.date("Date Added"),
            read_on=cells.date("Last Date Read"),
            read_count=cells.count("Read Count"),
        )
