"""Writes the starter shelf as a folder in the format of goodbooks-10k."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from catalog.starter.books import StarterBook, read_books
from catalog.starter.readers import (
    DEFAULT_READERS,
    DEFAULT_SEED,
    Integers,
    Simulation,
    simulate_readers,
)

BOOK_COLUMNS = (
    "book_id",
    "goodreads_book_id",
    "best_book_id",
    "work_id",
    "books_count",
    "isbn",
    "isbn13",
    "authors",
    "original_publication_year",
    "original_title",
    "title",
    "language_code",
    "average_rating",
    "ratings_count",
    "work_ratings_count",
    "work_text_reviews_count",
    "ratings_1",
    "ratings_2",
    "ratings_3",
    "ratings_4",
    "ratings_5",
    "image_url",
    "small_image_url",
)

README = """\
Bookfold's starter shelf

A small catalog in the format of the goodbooks-10k data set. The books are real; their
descriptions were written for Bookfold. The readers are NOT real: {readers:,} readers and their
{ratings:,} ratings, shelves and to-read lists were simulated from the seed {seed}, so averages and
counts in these files describe nobody's opinion. Goodreads' numbers of books and works are left
empty.
"""


def write_starter_shelf(
    directory: Path, *, seed: int = DEFAULT_SEED, readers: int = DEFAULT_READERS
) -> None:
    """Write the shelf and its simulated readers to ``directory``, the same bytes for the same seed.

    Existing files are replaced. ``dataset.json`` comes last: a folder that has it is complete.
    """
    books = read_books()
    simulation = simulate_readers(books, seed=seed, readers=readers)
    stars = _stars_by_book(books, simulation)
    facts = {"seed": seed, "readers": readers, "ratings": len(simulation.ratings)}
    texts = {
        "books.csv": _csv(BOOK_COLUMNS, map(_book_row, books, stars.tolist())),
        "ratings.csv": _csv(("user_id", "book_id", "rating"), simulation.ratings.tolist()),
        "to_read.csv": _csv(("user_id", "book_id"), simulation.to_read.tolist()),
        "complete_users.csv": _csv(
            ("user_id",), ((user,) for user in simulation.complete_users.tolist())
        ),
        "descriptions.csv": _csv(
            ("book_id", "description", "source"),
            ((book.book_id, book.description, "Bookfold") for book in books),
        ),
        **_tag_files(books, stars.sum(axis=1).tolist()),
        "README.txt": README.format(**facts),
        "dataset.json": json.dumps(
            {"name": "Bookfold starter shelf", "simulated": True, "books": len(books), **facts},
            indent=2,
        )
        + "\n",
    }
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "dataset.json").unlink(missing_ok=True)
    for name, text in texts.items():
        _replace(directory / name, text)


def _stars_by_book(books: Sequence[StarterBook], simulation: Simulation) -> Integers:
    """How often each book got 1, 2, 3, 4 and 5 stars: (books, 5)."""
    counts = np.zeros((len(books), 5), dtype=np.int64)
    ids = np.array([book.book_id for book in books])
    rows = np.searchsorted(ids, simulation.ratings[:, 1])
    np.add.at(counts, (rows, simulation.ratings[:, 2] - 1), 1)
    return counts


def _book_row(book: StarterBook, stars: Sequence[int]) -> list[object]:
    ratings = sum(stars)
    total = sum(star * count for star, count in enumerate(stars, start=1))
    average = f"{total / ratings:.2f}" if ratings else ""
    unknown = ""
    return [
        book.book_id,
        unknown,
        unknown,
        unknown,
        1,
        book.isbn,
        book.isbn13,
        ", ".join(book.authors),
        book.year,
        book.original_title,
        book.title_with_series,
        book.language,
        average,
        ratings,
        ratings,
        0,
        *stars,
        unknown,
        unknown,
    ]


def _tag_files(books: Sequence[StarterBook], ratings: Sequence[int]) -> dict[str, str]:
    """The genres as readers' shelves: the earlier a genre is listed, the more readers used it."""
    genres = sorted({genre for book in books for genre in book.genres})
    number = {genre: place for place, genre in enumerate(genres, start=1)}
    rows = (
        (book.book_id, number[genre], 1 + count // (2 + place))
        for book, count in zip(books, ratings, strict=True)
        for place, genre in enumerate(book.genres)
    )
    return {
        "tags.csv": _csv(("tag_id", "tag_name"), ((number[g], _tag(g)) for g in genres)),
        "book_tags.csv": _csv(("book_id", "tag_id", "count"), rows),
    }


def _tag(genre: str) -> str:
    """A genre as Goodreads' readers spell a shelf: lower case, with hyphens, no apostrophe."""
    return genre.lower().replace("'", "").replace(" ", "-")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _replace(path: Path, text: str) -> None:
    """Write to another name and rename, so that an interrupted run leaves no partial file."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", newline="")
    part.replace(path)
