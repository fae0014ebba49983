"""The export of a library that BookWyrm makes."""

from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
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

    def read_book(self, title: str, text: Cells) -> ShelfRow:
        author = first_author(text("author_text"))
        isbn10, isbn13 = read_isbns(text("isbn_10"), text("isbn_13"))
        return ShelfRow(
            source_key=clean_text(text("remote_id"), longest=200) or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            edition_id=read_id(text("goodreads_key")),
            stars=read_stars(text("rating")),
            shelf=read_shelf(text("shelf")),
            added_on=read_export_date(text("shelf_date")),
            read_on=read_export_date(text("finish_date")),
        )
