"""Draws ratings of any number, to measure builds with: the skew of goodbooks-10k, and tastes.

``python -m spark.bench.drawn FOLDER --ratings 6000000 --books 10000`` writes ``ratings.csv``. Books
are numbered by fame, as in goodbooks-10k, where it falls from 22,806 ratings of the first book to
some 200 of the five-thousandth. Each book belongs to one taste, and each reader to three.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from recommender.engine.values import FloatArray, IntArray

# Fitted to the counts of goodbooks-10k: 22,806 · ((1 + 60) / (place + 60)) ** 1.07.
FAME_OFFSET, FAME_POWER, FAME_OF = 60.0, 1.07, 10_000
MEAN_LENGTH, LEAST_LENGTH, MOST_LENGTH = 112.0, 19, 1_000
TASTES, TASTES_OF_A_READER, OWN_TASTES_SHARE = 20, 3, 0.6
READERS_AT_ONCE = 20_000
DRAWN_TWICE = 1.6  # drawn for each one that is kept
SCHEMA = pa.schema([("user_id", pa.int64()), ("book_id", pa.int64()), ("rating", pa.int8())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is drawn. The number of ratings is met to within a few percent."""

    ratings: int
    books: int = FAME_OF
    seed: int = 1


def fame(books: int) -> FloatArray:
    """Shape (books,): the share of all ratings that each book has, the first most."""
    places = np.arange(books) * (FAME_OF / books)
    weights = (places + FAME_OFFSET) ** -FAME_POWER
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def draw_ratings(drawn: Drawn) -> Iterator[pa.Table]:
    """Tables of ``user_id, book_id, rating``, each pair once, ids from 1 on."""
    random = np.random.default_rng(drawn.seed)
    chances = fame(drawn.books)
    taste_of = random.integers(0, TASTES, drawn.books)
    by_taste = np.argsort(taste_of, kind="stable")
    ends = np.cumsum(np.bincount(taste_of, minlength=TASTES))
    sums = np.cumsum(chances[by_taste])
    readers = max(1, round(drawn.ratings / MEAN_LENGTH))
    for first in range(0, readers, READERS_AT_ONCE):
        count = min(READERS_AT_ONCE, readers - first)
        lengths = _lengths(random, count, most=drawn.books // 2)
        # Books that were drawn twice are dropped, so that some more are drawn.
        users = np.repeat(np.arange(count), (lengths * DRAWN_TWICE).astype(int))
        own = random.integers(0, TASTES, (count, TASTES_OF_A_READER))
        taste = own[users, random.integers(0, TASTES_OF_A_READER, len(users))]
        by_own = random.random(len(users)) < OWN_TASTES_SHARE
        low = np.where(by_own & (taste > 0), sums[ends[taste - 1] - 1], 0.0)
        high = np.where(by_own, sums[ends[taste] - 1], sums[-1])
        at = np.searchsorted(sums, low + random.random(len(users)) * (high - low), side="right")
        books = by_taste[np.minimum(at, drawn.books - 1)]
        users, books = _without_doubles(users, books, lengths)
        matches = (own[users] == taste_of[books][:, None]).any(axis=1)
        stars = random.normal(3.5 + 0.6 * matches, 0.9).round().clip(1, 5)
        yield pa.table(
            {
                "user_id": first + users + 1,
                "book_id": books + 1,
                "rating": stars.astype(np.int8),
            },
            schema=SCHEMA,
        )


def _lengths(random: np.random.Generator, count: int, *, most: int) -> IntArray:
    """How many books each reader has rated: a long tail around the mean."""
    shape = 3.0
    lengths = LEAST_LENGTH + random.gamma(shape, (MEAN_LENGTH - LEAST_LENGTH) / shape, count)
    return np.asarray(lengths.clip(1, min(most, MOST_LENGTH)), dtype=np.int64)


def _without_doubles(
    users: IntArray, books: IntArray, lengths: IntArray
) -> tuple[IntArray, IntArray]:
    """The pairs without those drawn before, no more of each reader than the length."""
    pairs = users * (int(books.max()) + 1) + books
    first = np.sort(np.unique(pairs, return_index=True)[1])
    users, books = users[first], books[first]
    starts = np.searchsorted(users, np.arange(len(lengths)))
    kept = np.arange(len(users)) - starts[users] < lengths[users]
    return users[kept], books[kept]


def write_ratings(folder: Path, drawn: Drawn) -> int:
    """Write ``ratings.csv`` into the folder; return how many ratings there are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    with pa.csv.CSVWriter(folder / "ratings.csv", SCHEMA) as writer:
        for table in draw_ratings(drawn):
            writer.write_table(table)
            written += table.num_rows
    return written


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m spark.bench.drawn")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ratings", type=int, default=6_000_000)
    parser.add_argument("--books", type=int, default=FAME_OF)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    drawn = Drawn(ratings=options.ratings, books=options.books, seed=options.seed)
    sys.stdout.write(f"{write_ratings(options.folder, drawn):,} ratings\n")


if __name__ == "__main__":
    main()
