"""The largest files that get through an upload, and some that should not get far."""

import csv
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

from recommender.sources.export_file import MOST_ROWS
from tests.addresses.world import FILE

SAMPLES = Path(__file__).parents[1] / "recommender" / "sources" / "fixtures"
FULL = (
    "bookwyrm.csv",
    "goodreads_23.csv",
    "goodreads_31.csv",
    "goodreads_semicolons.csv",
    "librarything.tsv",
    "storygraph.csv",
)
#: Columns with a book's own number.
NUMBERS = ("Book Id", "remote_id", "goodreads_key", "ISBN/UID")
HARDCOVER = "Title,Author,Status,Rating,Date Added,Date Finished,Hardcover Book ID\n"
LONG_ROW = f"{'x' * 400},{'y' * 200},5,9,read\n"


def full(sample: str) -> bytes:
    """An export with as many rows as may be, in which no book is there twice."""
    text = (SAMPLES / sample).read_text("utf-8-sig")
    if sample.endswith(".tsv"):
        names, *books = (line.split("\t") for line in text.splitlines() if line.strip())
        lines = ["\t".join(cells) for cells in numbered(names, books)]
        return "\n".join(["\t".join(names), *lines]).encode()
    delimiter = max(",;", key=text.partition("\n")[0].count)
    names, *books = (row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row)
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows([names, *numbered(names, books)])
    return written.getvalue().encode()


def numbered(names: list[str], books: list[list[str]]) -> list[list[str]]:
    """As many rows as may be, made of some books, each with a title and a number of its own."""
    title = [name.casefold() for name in names].index("title")
    numbers = [names.index(name) for name in NUMBERS if name in names]
    made = []
    for number in range(MOST_ROWS):
        cells = list(books[number % len(books)])
        cells[title] += f" {number}"
        for place in numbers:
            cells[place] = str(100_000_000 + number)
        made.append(cells)
    return made


def rows(most: int, end: str = "read\n") -> str:
    """Lines of so many books."""
    lines = (f"Book {n},Author {n % 999},{n % 6},{n},{end}" for n in range(100, most))
    return "".join(lines)


def hardcover() -> bytes:
    lines = (f"Book {n},Author {n % 999},Read,4.5,2024-05-30,,{n}\n" for n in range(MOST_ROWS))
    return (HARDCOVER + "".join(lines)).encode()


LARGE: dict[str, Callable[[], bytes]] = {
    **{f"50,000 rows of {name}": partial(full, name) for name in FULL},
    "50,000 rows of Hardcover": hardcover,
    "as many rows as may be": lambda: bytes(FILE + rows(49_900), "utf-8"),
    "more rows than may be": lambda: bytes(FILE + rows(200_000), "utf-8"),
    "rows with long cells": lambda: bytes(FILE + LONG_ROW * 30_000, "utf-8"),
    "one long line": lambda: FILE.encode() + b"z" * 20_000_000,
    "one long quote": lambda: FILE.encode() + b'"' + b"z\n" * 9_000_000,
    "many columns": lambda: b"Title,Author,My Rating,Book Id," + b"a," * 5_000_000 + b"\nA,B,5,1\n",
    "nothing but breaks": lambda: FILE.encode() + b"\n" * 20_000_000,
    "UTF-16": lambda: bytes(FILE + rows(49_900), "utf-16"),
    "Latin letters of old": lambda: (FILE + rows(40_000, "lu, é, ü\n")).encode("cp1252"),
}
