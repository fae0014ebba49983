"""The export of a library that Hardcover makes."""

from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
from recommender.sources.values import first_author, read_isbns, read_number, read_shelf


class HardcoverExport(ExportFile):
    """Hardcover's file: half stars, several authors in one cell, numbers of its own."""

    name = "hardcover_export"
    service = "Hardcover"
    required = (("Title",), ("Author",), ("Status",), ("Rating",))
    dates = ("Date Added", "Date Finished")
    optional = ("Hardcover Book ID", "ISBN 10", "ISBN 13", "ISBN")

    def read_book(self, title: str, cells: Cells) -> ShelfRow:
        text = cells.text
        author = first_author(text("Author"))
        isbn10, isbn13 = read_isbns(text("ISBN 10"), text("ISBN 13"), text("ISBN"))
        return ShelfRow(
            source_key=read_number(text("Hardcover Book ID")) or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            stars=cells.stars("Rating"),
            shelf=read_shelf(text("Status")),
            added_on=cells.date("Date Added"),
            read_on=cells.date("Date Finished"),
        )
