"""The shelves of the stand-in: a reader's ratings as Goodreads would show them."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from recsite.local.standins.folder import Book, GoodbooksFolder

_OTHER_EDITION = 1_000_000_000
_UNKNOWN_BOOK = 1_900_000_000
_NEWEST = datetime(2026, 6, 30, 20, 15, tzinfo=UTC)  # fixed, so that a shelf is always the same
_OFFSETS = tuple(timezone(timedelta(minutes=minutes)) for minutes in (-480, -420, -420, 60, 330))
# Books no catalog knows: every real shelf has some.
_UNKNOWN_BOOKS = (
    ("The Ferryman's Ledger", "Maren Aldous"),
    ("Notes from a Damp Allotment", "Piers Whitcombe"),
    ("Salt Roads (The Tidewright Papers, #1)", "Ottilie Brandt"),
    ("A Field Guide to Lost Umbrellas", "Kenji Arnaud"),
    ("Twelve Winters on the Slow Train", "Ilse Harmon"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a shelf; its texts are written unchanged, odd or not."""

    review_id: int
    edition_id: int | None
    work_id: int
    title: str
    author: str
    isbn: str
    stars: int
    added_at: datetime
    read_at: datetime | None
    year: int | None
    shelf: str = "read"
    user_shelves: str = ""
    in_cdata: bool = False


def shelf_items(
    folder: GoodbooksFolder, user_id: int, ratings: Mapping[int, int], shelf: str
) -> list[Item]:
    """A shelf, newest first, always the same for the same reader."""
    rng = random.Random(f"{user_id}/{shelf}")
    if shelf == "read":
        stars = _with_unrated(folder, ratings, rng)
    else:
        stars = dict.fromkeys(_unread(folder, user_id, ratings, shelf, rng), 0)
    books: list[Book | tuple[str, str]] = [
        folder.books[book] for book in stars if book in folder.books
    ]
    if shelf == "read":
        books += rng.sample(_UNKNOWN_BOOKS, rng.randint(1, 3))
    rng.shuffle(books)
    moments = _moments(len(books), rng)
    return [
        _item(book, stars, user_id * 1000 + place, moment, shelf, rng)
        for place, (book, moment) in enumerate(zip(books, moments, strict=True))
    ]


def _with_unrated(
    folder: GoodbooksFolder, ratings: Mapping[int, int], rng: random.Random
) -> dict[int, int]:
    """The ratings, and a few well-known books that were read but not rated."""
    popular = [book for book in list(folder.books)[:400] if book not in ratings]
    unrated = rng.sample(popular, min(len(popular), max(1, len(ratings) // 30)))
    return {**ratings, **dict.fromkeys(unrated, 0)}


def _unread(
    folder: GoodbooksFolder,
    user_id: int,
    ratings: Mapping[int, int],
    shelf: str,
    rng: random.Random,
) -> Iterable[int]:
    wanted = [book for book in folder.to_read_of(user_id) if book not in ratings]
    if not wanted:
        popular = [book for book in list(folder.books)[:600] if book not in ratings]
        wanted = rng.sample(popular, min(len(popular), rng.randint(10, 40)))
    return wanted[:2] if shelf == "currently-reading" else wanted[2:]


def _moments(count: int, rng: random.Random) -> list[datetime]:
    """When each book was added, newest first: a few a month, with long breaks."""
    moments = []
    moment = _NEWEST
    for _ in range(count):
        moment -= timedelta(days=rng.expovariate(1 / 12), minutes=rng.randint(3, 700))
        moments.append(moment.astimezone(rng.choice(_OFFSETS)).replace(microsecond=0))
    return moments


def _item(
    book: Book | tuple[str, str],
    stars: Mapping[int, int],
    review_id: int,
    moment: datetime,
    shelf: str,
    rng: random.Random,
) -> Item:
    if isinstance(book, tuple):
        number = _UNKNOWN_BOOK + _UNKNOWN_BOOKS.index(book)
        book = Book(number, (number,), number, book[0], book[1], "", 2021)
        rating = rng.randint(2, 5)
    else:
        rating = stars[book.book_id]
    # One in ten is another edition than in the data, to be found by title and author only.
    is_other = rng.random() < 0.1
    edition = _OTHER_EDITION + book.book_id * 10 + rng.randint(0, 9)
    return Item(
        review_id=review_id,
        edition_id=edition if is_other else rng.choice(book.editions),
        work_id=book.work_id,
        title=book.title,
        author=book.author.replace(" ", "  ", 1) if rng.random() < 0.1 else book.author,
        isbn="" if is_other or rng.random() < 0.2 else book.isbn,
        stars=rating,
        added_at=moment,
        read_at=moment if shelf == "read" and rng.random() < 0.6 else None,
        year=book.year,
        shelf=shelf,
        user_shelves=_user_shelves(shelf, rng),
        in_cdata=rng.random() < 0.5,
    )


def _user_shelves(shelf: str, rng: random.Random) -> str:
    """The shelves in the feed, which never lists ``read``."""
    own = ["favorites"] if rng.random() < 0.05 else []
    return ", ".join(own if shelf == "read" else [shelf, *own])
