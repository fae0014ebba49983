"""What the books of a release are about, and which rated books speak for those with few ratings."""

import csv
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.book_content import BookContent
from recommender.engine.publish import Part
from recommender.engine.values import IntArray
from spark.remote import opened
from spark.signals import SideFiles

_SERIES = re.compile(r"\(([^()]*?),? #[\d.\-–&]+[^()]*\)\s*$")


def read_contents(files: SideFiles) -> dict[int, BookContent]:
    """What the files beside the ratings say of each book, by its id."""
    tags = _tags(files)
    contents: dict[int, BookContent] = {}
    for path in (files.own_books, files.books):  # the data set's own word counts for more
        for row in _rows(path):
            number = int(row["book_id"])
            series = _SERIES.search(row["title"])
            contents[number] = BookContent(
                authors=tuple(name for name in row["authors"].split(", ") if name),
                series=series[1] if series else "",
                # The official file of tags has edition ids; the starter shelf has none.
                tags=tags.get(int(row.get("goodreads_book_id") or number), {}),
                year=_year(row.get("original_publication_year") or ""),
                language=row.get("language_code") or "",
                description=row.get("description") or "",
            )
    return contents


def with_unrated(part: Part, rows: IntArray, books: int) -> Part:
    """A part that was trained on some books of a release, with empty rows for the others.

    Parameters
    ----------
    rows
        Shape (trained,): the rows of the trained books in the release.
    books
        How many books the release has.
    """
    tensors: dict[str, NDArray[Any]] = {}
    for name, tensor in part.tensors.items():
        if name == "starts":
            lengths = np.zeros(books + 1, dtype=tensor.dtype)
            lengths[rows + 1] = np.diff(tensor)
            tensors[name] = np.cumsum(lengths)
        elif name == "targets":
            tensors[name] = rows[tensor].astype(tensor.dtype)
        elif len(tensor) == len(rows) and name != "values":
            tensors[name] = np.zeros((books, *tensor.shape[1:]), dtype=tensor.dtype)
            tensors[name][rows] = tensor
        else:
            tensors[name] = tensor
    return Part(tensors, part.settings)


def listed_books(files: SideFiles) -> frozenset[int]:
    """The books of the data set, rated or not; none of those that only the site's readers have."""
    return frozenset(int(row["book_id"]) for row in _rows(files.books))


def _tags(files: SideFiles) -> dict[int, dict[str, float]]:
    names = {row["tag_id"]: row["tag_name"] for row in _rows(files.tags)}
    tags: dict[int, dict[str, float]] = {}
    for row in _rows(files.book_tags):
        book = int(row.get("goodreads_book_id") or row["book_id"])
        name = names.get(row["tag_id"], row["tag_id"])
        tags.setdefault(book, {})[name] = float(row["count"])
    return tags


def _year(text: str) -> int | None:
    """The year of a book, without what are no years of books (some are before Christ)."""
    try:
        year = int(float(text))
    except ValueError:
        return None
    return year if year > 0 else None


def _rows(path: str | None) -> Iterator[dict[str, str]]:
    if path is None:
        return
    with opened(path) as file:
        yield from csv.DictReader(file)
