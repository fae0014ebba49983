"""The export of a library that BookWyrm makes."""

from collections.abc import Mapping

from recommender.sources.base import BadRow, ShelfRow
from recommender.sources.export_file import ExportFile, key_of
from recommender.sources.values import (
    clean_text,
    first_author,
    read_export_date,
    read_id,
    read_isbns,
    read_shelf,
    read_stars,
)


class BookwyrmExport(ExportFile):
    """BookWyrm's file: the numbers other services know a book by, Goodreads' among them."""

    name = "bookwyrm_export"
    service = "BookWyrm"
    title = "title"
    required = frozenset({"title", "author_text", "rating", "shelf"})
    read = required | {
        "remote_id",
        "goodreads_key",
        "isbn_10",
        "isbn_13",
        "finish_date",
        "shelf_date",
    }

    def read_row(self, cells: Mapping[str, str], line: int) -> ShelfRow:
        def text(column: str) -> str:
            return cells.get(column, "")

        title = clean_text(text("title"), longest=500)
        if not title:
            raise BadRow("There is no title in this line.")
        author = first_author(text("author_text"))
        isbn10, isbn13 = read_isbns(text("isbn_10"), text("isbn_13"))
        return ShelfRow(
            source_key=clean_text(text("remote_id"), longest=200) or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            work_id=None,
            edition_id=read_id(text("goodreads_key")),
            stars=read_stars(text("rating")),
            shelf=read_shelf(text("shelf")),
            added_on=read_export_date(text("shelf_date")),
            read_on=read_export_date(text("finish_date")),
            year=None,
            line=line,
        )
