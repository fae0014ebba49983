"""The rows of `spark.signals` other than ratings, without Spark: shelves, authors, series, tags.

They are for searches that train factors in one process.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from scipy.sparse import csr_array, diags_array, vstack

from recommender.engine.values import IntArray
from spark.bench.quality import Columns
from spark.factors import FactorSettings
from spark.signals import (
    AUTHORS_PER_BOOK,
    MAX_TAG_SHARE,
    MIN_TAG_BOOKS,
    SERIES,
    SideFiles,
)


def side_rows(
    folder: Path, ratings: Columns, training: csr_array, settings: FactorSettings
) -> csr_array:
    """All such rows × books, with the weight of each entry.

    Parameters
    ----------
    training
        Readers × books; a shelf is included if its reader has a rating in it.
    """
    files = SideFiles.beside(str(folder))
    rows: list[Any] = [csr_array((0, len(ratings.book_ids)), dtype=np.float32)]
    if files.to_read:
        shelves = _shelves(_read(files.to_read), ratings, training)
        rows.append(shelves * np.float32(settings.to_read))
    if files.books:
        books = _read(files.books)
        at = _places(books.column("book_id").to_numpy(), ratings.book_ids)
        authors = (
            (name, place)
            for names, place in zip(books.column("authors").to_pylist(), at, strict=True)
            for name in (names or "").split(", ")[:AUTHORS_PER_BOOK]
        )
        rows.append(_groups(authors, ratings) * np.float32(settings.authors))
        titles = zip(books.column("title").to_pylist(), at, strict=True)
        series = ((_series(title or ""), place) for title, place in titles)
        rows.append(_groups(series, ratings) * np.float32(settings.series))
        if files.book_tags:
            tags = _tags(_read(files.book_tags), books, at, len(ratings.book_ids))
            rows.append(tags * np.float32(settings.tags))
    return csr_array(vstack(rows, format="csr"))


def _read(path: str) -> pa.Table:
    return pyarrow.csv.read_csv(
        path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True)
    )


def _places(wanted: Any, known: IntArray) -> IntArray:
    """The index of each id among the known ones (ascending), -1 if it is not there."""
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[places] == wanted, places, -1)


def _series(title: str) -> str:
    found = re.search(SERIES, title.lower())
    return found.group(1).strip() if found else ""


def _groups(named: Iterable[tuple[str, int]], ratings: Columns) -> csr_array:
    """A row of ones for every name."""
    members: dict[str, set[int]] = {}
    for name, place in named:
        if name and place >= 0:
            members.setdefault(name, set()).add(int(place))
    books = [sorted(group) for group in members.values()]
    bounds = np.cumsum([0, *map(len, books)])
    flat = np.array([place for group in books for place in group], dtype=np.int64)
    ones = np.ones(len(flat), dtype=np.float32)
    return csr_array((ones, flat, bounds), shape=(len(books), len(ratings.book_ids)))


def _shelves(table: pa.Table, ratings: Columns, training: csr_array) -> csr_array:
    reader = _places(table.column("user_id").to_numpy(), ratings.reader_ids)
    book = _places(table.column("book_id").to_numpy(), ratings.book_ids)
    taking_part = (reader >= 0) & (book >= 0) & (np.diff(training.indptr)[reader] > 0)
    pairs = np.unique(np.stack([reader[taking_part], book[taking_part]]), axis=1)
    ones = np.ones(pairs.shape[1], dtype=np.float32)
    return csr_array((ones, (pairs[0], pairs[1])), shape=training.shape)


def _tags(table: pa.Table, books: pa.Table, at: IntArray, count: int) -> csr_array:
    key = "book_id" if "book_id" in table.column_names else "goodreads_book_id"
    ids = books.column(key).to_numpy()
    order = np.argsort(ids)
    found = _places(table.column(key).to_numpy(), ids[order])
    known = found >= 0
    book = at[order[found[known]]]
    tag = np.unique(table.column("tag_id").to_numpy()[known], return_inverse=True)[1]
    often = np.log1p(np.maximum(table.column("count").to_numpy()[known].astype(np.float64), 1.0))
    spread = np.bincount(tag)[tag]
    informative = (spread >= MIN_TAG_BOOKS) & (spread <= count * MAX_TAG_SHARE) & (book >= 0)
    strength = (often * np.log(count / spread))[informative].astype(np.float32)
    shape = (int(tag.max(initial=-1)) + 1, count)
    rows = csr_array((strength, (tag[informative], book[informative])), shape=shape)
    lengths = np.sqrt(np.asarray(rows.power(2).sum(axis=0)))
    scaled: csr_array = csr_array(rows @ diags_array(1.0 / np.maximum(lengths, 1e-12)))
    return scaled
