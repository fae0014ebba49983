"""The export of a library that BookWyrm makes."""

from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
from recommender.sources.values import (
    clean_text,
    first_author,
    read_id,
    read_isbns,
    read_shelf,
)


class BookwyrmExport(ExportFile):
    """BookWyrm's file: the numbers other services know a book by, Goodreads' among them.

    Until 2023 it named no shelf; what was rated has been read.
    """

    name = "bookwyrm_export"
    service = "BookWyrm"
    required = (("title",), ("author_text",), ("rating",))
    dates = ("finish_date", "shelf_date")
    optional = ("remote_id", "goodreads_key", "isbn_10", "isbn_13", "shelf")

    def read_book(self, title: str, cells: Cells) -> ShelfRow:
        text = cells.text
        author = first_author(text("author_text"))
        isbn10, isbn13 = read_isbns(text("isbn_10"), text("isbn_13"))
        return ShelfRow(
            source_key=clean_text(text("remote_id"), longest=200) or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            edition_id=read_id(text("goodreads_key")),
            stars=cells.stars("rating"),
            shelf=read_shelf(text("shelf")),
            added_on=cells.date("shelf_date"),
            read_on=cells.date("finish_date"),
        )
