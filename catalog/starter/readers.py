"""Simulates readers of the starter shelf: their tastes, what they read, and how they rate it.

A reader mixes two kinds of taste and some random variation. How much readers like a book depends
on its genres, its author's style and its time. They pick books they would like and famous books,
follow a series volume by volume while they enjoy it, and give stars by their liking, the book's
quality, their own leniency and chance. Everything is drawn from one seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.starter.books import StarterBook
from catalog.starter.tastes import TASTES, Taste

DEFAULT_SEED = 20_260_101
DEFAULT_READERS = 2400

MIN_RATINGS, MAX_RATINGS, TYPICAL_RATINGS = 25, 120, 46
COMPLETE_READERS = 120
STYLES = 8

# How strongly liking and fame decide what is read, relative to the Gumbel noise of the choice.
LIKING_IN_CHOICE, FAME_IN_CHOICE = 1.7, 0.7
# How strongly liking decides the stars, and the spread of everything else.
MEAN_STARS, LIKING_IN_STARS, CHANCE_IN_STARS = 3.35, 0.55, 0.7
MILDNESS, QUALITY = 0.35, 0.22
# The chance of going on with a series after giving a volume 1, 2, 3, 4 or 5 stars.
CONTINUES = np.array([0.03, 0.1, 0.4, 0.8, 0.93])
# The chance of entering a series at a later volume, and what each step of fame above the first
# volume adds to it.
STARTS_LATER, STARTS_LATER_BY_FAME = 0.08, 0.25

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the simulated readers did; users count from 1.

    Attributes
    ----------
    ratings : rows of (user_id, book_id, stars), by user, then in the order of reading
    to_read : rows of (user_id, book_id), never a book the reader has rated
    complete_users : ids of the readers set aside for evaluation, ascending
    """

    ratings: Integers
    to_read: Integers
    complete_users: Integers


def simulate_readers(
    books: Sequence[StarterBook],
    *,
    seed: int = DEFAULT_SEED,
    readers: int = DEFAULT_READERS,
) -> Simulation:
    """Draw ``readers`` readers and what they read; the same seed gives the same result."""
    if readers < 1:
        raise ValueError("A starter shelf needs at least one reader.")
    random = np.random.default_rng(seed)
    liking = _liking(books, readers, random)
    stars = _stars(liking, random)
    fame = np.array([book.fame for book in books], dtype=np.float64)
    # Adding Gumbel noise and taking the largest draws without replacement from a softmax.
    appeal = LIKING_IN_CHOICE * liking + FAME_IN_CHOICE * fame + random.gumbel(size=liking.shape)
    wanted = np.clip(
        np.round(random.lognormal(np.log(TYPICAL_RATINGS), 0.45, readers)),
        MIN_RATINGS,
        MAX_RATINGS,
    ).astype(np.int64)
    continues = random.random(liking.shape) < CONTINUES[stars - 1]
    series = _series(books)
    first_fame = fame[[volumes[0] for volumes in series]]
    later = STARTS_LATER + STARTS_LATER_BY_FAME * np.maximum(0.0, fame - first_fame)
    starts_here = random.random(liking.shape) < later
    to_read_counts = random.integers(0, 25, readers)

    ids = np.array([book.book_id for book in books], dtype=np.int64)
    rated: list[Integers] = []
    to_read: list[Integers] = []
    for reader in range(readers):
        order = np.argsort(-appeal[reader], kind="stable")
        read = _read(order, series, continues[reader], starts_here[reader], int(wanted[reader]))
        unread = order[~np.isin(order, read)][: to_read_counts[reader]]
        user = np.full(len(read), reader + 1)
        rated.append(np.column_stack([user, ids[read], stars[reader, read]]))
        to_read.append(np.column_stack([np.full(len(unread), reader + 1), ids[unread]]))
    chosen = random.choice(readers, size=min(COMPLETE_READERS, readers), replace=False) + 1
    return Simulation(np.concatenate(rated), np.concatenate(to_read), np.sort(chosen))


def _liking(books: Sequence[StarterBook], readers: int, random: np.random.Generator) -> Floats:
    """How much each reader would like each book: (readers, books), standardized by reader."""
    genres = sorted({genre for book in books for genre in book.genres})
    features = _genre_features(books, genres)
    shares = np.array([taste.share for taste in TASTES])
    kinds = random.choice(len(TASTES), size=(readers, 2), p=shares / shares.sum())
    first = random.beta(5.0, 2.0, size=(readers, 1))
    by_genre = np.array([[taste.genres.get(genre, 0.0) for genre in genres] for taste in TASTES])
    by_time = np.array([_fondness_of_time(taste, books) for taste in TASTES])

    likes = first * by_genre[kinds[:, 0]] + (1 - first) * by_genre[kinds[:, 1]]
    likes += random.normal(0.0, 0.2, likes.shape)
    time = first * by_time[kinds[:, 0]] + (1 - first) * by_time[kinds[:, 1]]
    style = random.normal(size=(readers, STYLES)) @ _styles(books, random).T / np.sqrt(STYLES)
    liking = likes @ features.T + time + 0.3 * style
    liking -= liking.mean(axis=1, keepdims=True)
    return np.asarray(liking / liking.std(axis=1, keepdims=True))


def _genre_features(books: Sequence[StarterBook], genres: Sequence[str]) -> Floats:
    """Unit rows over the genres; a rare genre says more about a book than a common one."""
    column = {genre: place for place, genre in enumerate(genres)}
    features = np.zeros((len(books), len(genres)))
    for row, book in enumerate(books):
        features[row, [column[genre] for genre in book.genres]] = 1.0
    features *= np.log(1.0 + len(books) / features.sum(axis=0))
    return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True))


def _fondness_of_time(taste: Taste, books: Sequence[StarterBook]) -> Floats:
    """At most 0, and down to -0.6 for books far from the taste's favorite years."""
    if taste.year is None:
        return np.zeros(len(books))
    years = np.array([book.year for book in books], dtype=np.float64)
    return -np.minimum(0.6, ((years - taste.year) / 80.0) ** 2)


def _styles(books: Sequence[StarterBook], random: np.random.Generator) -> Floats:
    """A hidden style for every book, most of it its first author's: (books, STYLES)."""
    authors = sorted({book.authors[0] for book in books})
    row = {author: place for place, author in enumerate(authors)}
    by_author = random.normal(size=(len(authors), STYLES))
    own = random.normal(size=(len(books), STYLES))
    return by_author[[row[book.authors[0]] for book in books]] + 0.3 * own


def _stars(liking: Floats, random: np.random.Generator) -> Integers:
    """The stars each reader would give each book, 1 to 5: (readers, books)."""
    readers, books = liking.shape
    stars = (
        MEAN_STARS
        + LIKING_IN_STARS * liking
        + random.normal(0.0, MILDNESS, (readers, 1))
        + random.normal(0.0, QUALITY, (1, books))
        + random.normal(0.0, CHANCE_IN_STARS, (readers, books))
    )
    return np.clip(np.round(stars), 1, 5).astype(np.int64)


def _series(books: Sequence[StarterBook]) -> list[list[int]]:
    """For every book, the rows of its series in the order of the volumes, itself included."""
    volumes: dict[str, list[int]] = {}
    for row, book in enumerate(books):
        volumes.setdefault(book.series or f"{book.book_id}", []).append(row)
    for rows in volumes.values():
        rows.sort(key=lambda row: books[row].number or 0)
    return [volumes[book.series or f"{book.book_id}"] for book in books]


def _read(
    order: Integers,
    series: Sequence[Sequence[int]],
    continues: NDArray[np.bool_],
    starts_here: NDArray[np.bool_],
    wanted: int,
) -> Integers:
    """The rows of the books one reader reads: by appeal, and a series in order once begun."""
    read: list[int] = []
    started: set[int] = set()
    for row in order.tolist():
        volumes = series[row]
        if volumes[0] in started or not (row == volumes[0] or starts_here[row]):
            continue
        started.add(volumes[0])
        for volume in volumes[volumes.index(row) :]:
            read.append(volume)
            if len(read) == wanted:
                return np.array(read)
            if not continues[volume]:
                break
    return np.array(read)
