"""The export of a library that StoryGraph makes."""

from collections.abc import Mapping

from recommender.sources.base import BadRow, ShelfRow
from recommender.sources.export_file import ExportFile, key_of
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

    def read_row(self, cells: Mapping[str, str], line: int) -> ShelfRow:
        def text(column: str) -> str:
            return cells.get(column, "")

        title = clean_text(text("Title"), longest=500)
        if not title:
            raise BadRow("There is no title in this line.")
        author = first_author(text("Authors"))
        number = clean_text(text("ISBN/UID"), longest=100)
        isbn10, isbn13 = read_isbns(number)
        return ShelfRow(
            source_key=number or key_of(title, author),
            title=title,
            author=author,
            isbn10=isbn10,
            isbn13=isbn13,
            work_id=None,
            edition_id=None,
            stars=read_stars(text("Star Rating")),
            shelf=read_shelf(text("Read Status")),
            added_on=read_export_date(text("Date Added")),
            read_on=read_export_date(text("Last Date Read")),
            year=None,
            line=line,
        )
