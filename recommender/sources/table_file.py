"""A table of books that a reader wrote, in the columns of the template."""

from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
from recommender.sources.values import (
    clean_text,
    first_name_first,
    read_isbns,
    read_shelf,
)

#: An example in each column, for readers to write over.
TEMPLATE = (
    ("Title", "Author", "ISBN", "Stars", "Shelf", "Date read"),
    ("A Wizard of Earthsea", "Ursula K. Le Guin", "", "4.5", "read", "2026-03-14"),
    ("The Left Hand of Darkness", "Ursula K. Le Guin", "9780441478125", "", "to-read", ""),
)


class TableFile(ExportFile):
    """The template filled in: title and author are enough, everything else may be empty."""

    name = "table_file"
    service = "our template"
    required = (("Title",), ("Author",), ("Stars",))
    dates = ("Date read",)
    optional = ("ISBN", "Shelf")

    def read_book(self, title: str, cells: Cells) -> ShelfRow:
        text = cells.text
        author = first_name_first(clean_text(text("Author")))
        isbn10, isbn13 = read_isbns(text("ISBN"))
        return ShelfRow(
            source_key=key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            stars=cells.stars("Stars"),
            shelf=read_shelf(text("Shelf")),
            read_on=cells.date("Date read"),
        )
