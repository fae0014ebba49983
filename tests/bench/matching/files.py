"""Lines of a shelf, written as each service writes its export."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from catalog.normalize import isbn13_of
from recommender.sources.table_file import TEMPLATE
from recsite.local.standins.shelves import Item
from tests.bench.matching.lines import Line

_NEWEST = datetime(2026, 6, 30, 20, 15, tzinfo=UTC)

GOODREADS = (
    "Book Id",
    "Title",
    "Author",
    "Author l-f",
    "Additional Authors",
    "ISBN",
    "ISBN13",
    "My Rating",
    "Average Rating",
    "Publisher",
    "Binding",
    "Number of Pages",
    "Year Published",
    "Original Publication Year",
    "Date Read",
    "Date Added",
    "Bookshelves",
    "Bookshelves with positions",
    "Exclusive Shelf",
    "My Review",
    "Spoiler",
    "Private Notes",
    "Read Count",
    "Owned Copies",
)
GOODREADS_23 = tuple(name for name in GOODREADS if name != "Average Rating")
GOODREADS_31 = (
    *GOODREADS[:-1],
    "Recommended For",
    "Recommended By",
    "Owned Copies",
    "Original Purchase Date",
    "Original Purchase Location",
    "Condition",
    "Condition Description",
    "BCID",
)
STORYGRAPH = (
    "Title",
    "Authors",
    "Contributors",
    "ISBN/UID",
    "Format",
    "Read Status",
    "Date Added",
    "Last Date Read",
    "Dates Read",
    "Read Count",
    "Moods",
    "Pace",
    "Character- or Plot-Driven?",
    "Strong Character Development?",
    "Loveable Characters?",
    "Diverse Characters?",
    "Flawed Characters?",
    "Star Rating",
    "Review",
    "Content Warnings",
    "Content Warning Description",
    "Tags",
    "Owned?",
)
LIBRARYTHING = (
    "Book Id",
    "Title",
    "Sort Character",
    "Primary Author",
    "Primary Author Role",
    "Secondary Author",
    "Secondary Author Roles",
    "Publication",
    "Date",
    "Review",
    "Rating",
    "Comment",
    "Private Comment",
    "Summary",
    "Media",
    "Physical Description",
    "Weight",
    "Height",
    "Thickness",
    "Length",
    "Dimensions",
    "Page Count",
    "LCCN",
    "Acquired",
    "Date Started",
    "Date Read",
    "Barcode",
    "BCID",
    "Tags",
    "Collections",
    "Languages",
    "Original Languages",
    "LC Classification",
    "ISBN",
    "ISBNs",
    "Subjects",
    "Dewey Decimal",
    "Dewey Wording",
    "Other Call Number",
    "Copies",
    "Source",
    "Entry Date",
    "From Where",
    "OCLC",
    "Work id",
)
BOOKWYRM = (
    "title",
    "author_text",
    "remote_id",
    "openlibrary_key",
    "finna_key",
    "inventaire_id",
    "librarything_key",
    "goodreads_key",
    "bnf_id",
    "viaf",
    "wikidata",
    "asin",
    "aasin",
    "isfdb",
    "isbn_10",
    "isbn_13",
    "oclc_number",
    "start_date",
    "finish_date",
    "stopped_date",
    "rating",
    "review_name",
    "review_cw",
    "review_content",
    "review_published",
    "shelf",
    "shelf_name",
    "shelf_date",
)


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and on which of its lines each line of the shelf begins."""

    content: bytes
    starts: dict[int, Line]


Writer = Callable[[Sequence[Line], Random], Written]


def goodreads(columns: tuple[str, ...]) -> Writer:
    """Goodreads' own file with these columns."""

    def cells(line: Line, rng: Random) -> dict[str, str]:
        return {
            "Book Id": str(line.edition_id),
            "Title": line.title,
            "Author": line.author,
            "Author l-f": _last_first(line.author),
            "Additional Authors": ", ".join(line.authors[1:]),
            "ISBN": f'="{line.isbn}"',
            "ISBN13": f'="{isbn13_of(line.isbn)}"',
            "My Rating": str(line.stars),
            "Average Rating": "3.98",
            "Binding": "Paperback",
            "Original Publication Year": str(line.year or ""),
            "Date Added": _day(line).replace("-", "/"),
            "Exclusive Shelf": "read",
            # Reviews have lines of their own, commas and quotes.
            "My Review": 'Read aloud,<br/>twice.\nA second "line".' if rng.random() < 0.1 else "",
            "Read Count": "1",
            "Owned Copies": "0",
        }

    return lambda lines, rng: _written(columns, [(line, cells(line, rng)) for line in lines])


def storygraph(lines: Sequence[Line], rng: Random) -> Written:
    """Several authors in one cell, either ISBN or a number of its own, quarter stars."""
    rows = [
        (
            line,
            {
                "Title": line.title,
                "Authors": ", ".join(line.authors),
                "ISBN/UID": _either_isbn(line, rng) or f"uid{line.number:08}",
                "Format": "paperback",
                "Read Status": "read",
                "Date Added": _day(line).replace("-", "/"),
                "Read Count": "1",
                "Star Rating": f"{max(line.stars - 0.25, 0) or ''}",
                "Owned?": "No",
            },
        )
        for line in lines
    ]
    return _written(STORYGRAPH, rows)


def librarything(lines: Sequence[Line], rng: Random) -> Written:
    """Tabs without quotes, the surname first, ISBNs in brackets, half stars."""
    rows = [
        (
            line,
            {
                "Book Id": str(193_000_000 + line.number),
                "Title": line.title,
                "Primary Author": _last_first(line.author),
                "Secondary Author": "|".join(map(_last_first, line.authors[1:])),
                "Date": str(line.year or ""),
                "Rating": str(line.stars - 0.5) if line.stars else "",
                "Collections": "Your library",
                "ISBN": f"[{line.isbn}]",
                "ISBNs": f"{line.isbn}, {isbn13_of(line.isbn)}" if line.isbn else "",
                "Entry Date": f"[{_day(line)}]",
                "Work id": str(line.number),
            },
        )
        for line in lines
    ]
    return _written(LIBRARYTHING, rows, delimiter="\t")


def bookwyrm(lines: Sequence[Line], rng: Random) -> Written:
    """Goodreads' number of two books in five, and either ISBN."""
    rows = []
    for line in lines:
        cells = {
            "title": line.title,
            "author_text": ", ".join(line.authors),
            "remote_id": f"https://books.example.org/book/{line.number}",
            "goodreads_key": str(line.edition_id) if rng.random() < 0.4 else "",
            "isbn_10": line.isbn if rng.random() < 0.5 else "",
            "rating": f"{line.stars:.2f}" if line.stars else "",
            "shelf": "read",
            "shelf_name": "Read",
            "shelf_date": _day(line),
        }
        cells["isbn_13"] = "" if cells["isbn_10"] else isbn13_of(line.isbn)
        rows.append((line, cells))
    return _written(BOOKWYRM, rows)


def table(lines: Sequence[Line], rng: Random) -> Written:
    """The site's template, as people fill it in: most leave the ISBN out."""
    rows = [
        (
            line,
            {
                "Title": line.title,
                "Author": _by_hand(line, rng),
                "ISBN": _either_isbn(line, rng) if rng.random() < 0.3 else "",
                "Stars": str(line.stars or ""),
                "Shelf": "read",
            },
        )
        for line in lines
    ]
    return _written(TEMPLATE[0], rows)


def items(lines: Iterable[Line], rng: Random) -> list[Item]:
    """The lines as the stand-in for Goodreads tells them, in its feed and its API."""
    return [
        Item(
            review_id=line.number,
            edition_id=line.edition_id,
            work_id=line.work_id,
            title=line.title,
            author=line.author,
            isbn=line.isbn,
            stars=line.stars,
            added_at=_NEWEST - timedelta(days=line.number),
            read_at=None,
            year=line.year,
            in_cdata=rng.random() < 0.5,
        )
        for line in lines
    ]


def _written(
    columns: Sequence[str], rows: Iterable[tuple[Line, Mapping[str, str]]], *, delimiter: str = ","
) -> Written:
    text = io.StringIO(newline="")
    # LibraryThing writes its tabs without quotes.
    dialect: dict[str, Any] = {"quoting": csv.QUOTE_NONE, "quotechar": None}
    writer = csv.writer(
        text, delimiter=delimiter, lineterminator="\n", **dialect if delimiter == "\t" else {}
    )
    writer.writerow(columns)
    starts, place = {}, 2
    for line, cells in rows:
        starts[place] = line
        row = [cells.get(column, "") for column in columns]
        writer.writerow(row)
        place += 1 + sum(cell.count("\n") for cell in row)
    return Written(text.getvalue().encode(), starts)


def _day(line: Line) -> str:
    return f"{_NEWEST - timedelta(days=line.number):%Y-%m-%d}"


def _last_first(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{last}, {first.strip()}" if first else last


def _either_isbn(line: Line, rng: Random) -> str:
    return line.isbn if rng.random() < 0.3 else isbn13_of(line.isbn)


def _by_hand(line: Line, rng: Random) -> str:
    way = rng.random()
    if way < 0.1:
        return " & ".join(line.authors[:2])
    return _last_first(line.author) if way < 0.2 else line.author


#: Each format that is a file: how it is written, and whether it writes series behind titles.
FILES: dict[str, tuple[Writer, bool]] = {
    "Goodreads, 23 columns": (goodreads(GOODREADS_23), True),
    "Goodreads, 24 columns": (goodreads(GOODREADS), True),
    "Goodreads, 31 columns": (goodreads(GOODREADS_31), True),
    "StoryGraph": (storygraph, False),
    "LibraryThing": (librarything, False),
    "BookWyrm": (bookwyrm, False),
    "our template": (table, False),
}
