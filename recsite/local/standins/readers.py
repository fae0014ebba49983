"""Chooses sample readers of a folder of goodbooks-10k, real or simulated, for people to try."""

import statistics
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from recsite.local.standins.folder import GoodbooksFolder

MIN_RATINGS, MAX_RATINGS = 60, 350  # of a believable sample reader
LONG_SHELF_SIZE = 300
_CANDIDATES = 300
_LIKED = 4
# fmt: off
_NAMES = (
    "Ada", "Amir", "Anouk", "Bela", "Carmen", "Chidi", "Dora", "Edith", "Emre", "Fatima", "Finn",
    "Greta", "Hana", "Henrik", "Ines", "Ivo", "Jonas", "Judith", "Kofi", "Lena", "Luca", "Maeve",
    "Mateo", "Mina", "Nadia", "Noor", "Olga", "Oscar", "Paula", "Quentin", "Rosa", "Ruben", "Sanna",
    "Soren", "Tara", "Teo", "Uma", "Vera", "Wanda", "Yusuf", "Zora",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class SampleReader:
    """A reader whose number can be pasted into the site."""

    user_id: int
    name: str
    ratings: int
    favorites: tuple[str, ...]  # titles

    @property
    def vanity(self) -> str:
        return f"{self.name.lower()}{self.user_id}"


def sample_readers(data_dir: Path | str, count: int = 8) -> list[SampleReader]:
    """Readers with believable shelves and different tastes; always the same ones."""
    return choose_readers(GoodbooksFolder(Path(data_dir)), count)


def choose_readers(folder: GoodbooksFolder, count: int) -> list[SampleReader]:
    """The most typical candidate first, then always the one least similar to those chosen."""
    liked = _candidates(folder)
    if not liked:
        return []
    chosen = [_most_typical(folder, liked)]
    while len(chosen) < min(count, len(liked)):
        rest = [user for user in liked if user not in chosen]
        chosen.append(
            min(rest, key=lambda u: (max(_similarity(liked[u], liked[c]) for c in chosen), u))
        )
    return [describe(folder, user) for user in chosen]


def describe(folder: GoodbooksFolder, user_id: int) -> SampleReader:
    """A reader's number, name, ratings and favorites."""
    ratings = folder.ratings_of(user_id)
    best = sorted(ratings, key=lambda book: (-ratings[book], book))[:3]
    return SampleReader(
        user_id=user_id,
        name=name_of(user_id),
        ratings=len(ratings),
        favorites=tuple(folder.books[book].title for book in best if book in folder.books),
    )


def name_of(user_id: int) -> str:
    """An invented first name."""
    return _NAMES[user_id % len(_NAMES)]


def long_ratings(folder: GoodbooksFolder, size: int = LONG_SHELF_SIZE) -> dict[int, int]:
    """Exactly ``size`` ratings, if the folder has so many books, merged from similar readers.

    No reader of goodbooks-10k has more than 200, so the shelf of the most typical reader is
    extended with those of the most similar readers.
    """
    liked = _candidates(folder)
    if not liked:
        return {}
    first = _most_typical(folder, liked)
    ratings: dict[int, int] = {}
    for user in sorted(liked, key=lambda u: (-_similarity(liked[u], liked[first]), u)):
        for book, stars in folder.ratings_of(user).items():
            if len(ratings) == size:
                return ratings
            ratings.setdefault(book, stars)
    return ratings


def _candidates(folder: GoodbooksFolder) -> dict[int, set[int]]:
    """The liked books of believable readers: with enough ratings, and different stars."""
    counts = folder.rating_counts
    users = sorted(folder.complete_users & counts.keys() or counts)
    fitting = [user for user in users if MIN_RATINGS <= counts[user] <= MAX_RATINGS]
    if not fitting:  # a small folder
        fitting = sorted(users, key=lambda user: (-counts[user], user))
    liked: dict[int, set[int]] = {}
    for user in fitting[:: max(1, len(fitting) // _CANDIDATES)]:
        ratings = folder.ratings_of(user)
        if len(set(ratings.values())) >= 3:
            liked[user] = {book for book, stars in ratings.items() if stars >= _LIKED}
    return {user: books for user, books in liked.items() if books}


def _most_typical(folder: GoodbooksFolder, users: Collection[int]) -> int:
    """The reader whose number of ratings is nearest to the median."""
    counts = folder.rating_counts
    middle = statistics.median(counts[user] for user in users)
    return min(users, key=lambda user: (abs(counts[user] - middle), user))


def _similarity(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other)
