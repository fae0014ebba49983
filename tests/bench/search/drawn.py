"""Books that do not exist, in the likeness of those in the database.

Titles are drawn word by word, each word from those that follow the one before in real titles;
authors are given names and surnames of real ones, mixed. The drawn books are less known than the
real ones, as books outside the best known ten thousand are.
"""

from collections import defaultdict
from itertools import pairwise
from random import Random

from catalog.models import Author, Book, BookAuthor
from catalog.normalize import surname_key, title_key

SEED, BATCH = 10, 5_000
MOST_WORDS = 12
BOOKS_OF_AN_AUTHOR = 3
IN_A_SERIES, VOLUMES = 0.4, 5


def draw(*, up_to: int) -> None:
    """Add drawn books until there are so many."""
    random = Random(SEED)
    number = up_to - Book.objects.count()
    fame = sorted(Book.objects.values_list("ratings_count", flat=True))[0]
    authors = _authors(random, max(1, number // BOOKS_OF_AN_AUTHOR))
    titles = _Titles(random)
    for begin in range(0, number, BATCH):
        books = Book.objects.bulk_create(
            _book(titles, random, most_ratings=fame) for _ in range(min(BATCH, number - begin))
        )
        BookAuthor.objects.bulk_create(
            BookAuthor(book=book, author=random.choice(authors), position=1) for book in books
        )


def _book(titles: "_Titles", random: Random, *, most_ratings: int) -> Book:
    title = titles.draw()
    is_volume = random.random() < IN_A_SERIES
    return Book(
        title=title[:500],
        title_key=title_key(title)[:500],
        language="eng",
        series_name=titles.draw()[:300] if is_volume else "",
        series_number=random.randint(1, VOLUMES) if is_volume else None,
        ratings_count=int(most_ratings * random.random() ** 2),
    )


def _authors(random: Random, number: int) -> list[Author]:
    names = [name.split() for name in Author.objects.order_by("pk").values_list("name", flat=True)]
    whole = [name for name in names if len(name) > 1]
    drawn = {
        f"{' '.join(random.choice(whole)[:-1])} {random.choice(whole)[-1]}"[:300]
        for _ in range(number)
    }
    Author.objects.bulk_create(
        (Author(name=name, surname_key=surname_key(name)) for name in sorted(drawn)),
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    return list(Author.objects.filter(name__in=drawn).order_by("pk"))


class _Titles:
    """Draws titles; the words of each come from real ones."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._next: defaultdict[str, list[str]] = defaultdict(list)
        for title in Book.objects.order_by("pk").values_list("title", flat=True):
            words = ["", *title.split(), ""]
            for word, following in pairwise(words):
                self._next[word].append(following)

    def draw(self) -> str:
        words: list[str] = []
        while len(words) < MOST_WORDS:
            word = self._random.choice(self._next[words[-1] if words else ""])
            if not word:
                break
            words.append(word)
        return " ".join(words)
