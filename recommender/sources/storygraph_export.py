"""The export of a library that StoryGraph makes."""

from recommender.sources.base import ShelfRow
from recommender.sources.export_file import Cells, ExportFile, key_of
from recommender.sources.values import (
    clean_text,
    first_author,
    read_export_date,
    read_isbns,
    read_shelf,
    read_stars,
)


class StorygraphExport(ExportFile):
    """StoryGraph's file: comma-separated, quarter stars, several authors in one cell."""

    name = "storygraph_export"
    service = "StoryGraph"
    required = frozenset({"Title", "Authors", "Read Status", "Star Rating"})
    read = required | {"ISBN/UID", "Date Added", "Last Date Read"}

    def read_book(self, title: str, text: Cells) -> ShelfRow:
        author = first_author(text("Authors"))
        number = clean_text(text("ISBN/UID"), longest=100)
        isbn10, isbn13 = read_isbns(number)
        return ShelfRow(
            source_key=number or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            stars=read_stars(text("Star Rating")),
            shelf=read_shelf(text("Read Status")),
            added_on=read_export_date(text("Date Added")),
            read_on=read_export_date(text("Last Date Read")),
        )
