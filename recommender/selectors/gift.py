"""Books to give to somebody of whom a few loved books are known."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from catalog.models import Book
from catalog.normalize import series_key
from catalog.search import search
from recommender.engine.rerank import RerankOptions
from recommender.selectors.book_facts import facts_of_history
from recommender.selectors.known_works import KnownWorks, line_of
from recommender.selectors.recommendations import Pick, pick

LOVED_STARS = 5.0
BOOKS = 10
#: Further volumes of what they loved are no surprise, and give their places to others.
SPARE = 10


def book_meant(text: str) -> Book | None:
    """The book that a title, with its author or without, most probably means."""
    return next(iter(search(text, limit=1)), None)


def gifts(*, loved: Sequence[Book], options: RerankOptions) -> list[Pick]:
    """What who loved these books would probably love too, but not the next volumes of them.

    Raises `NothingToRecommendFrom` and `NoRelease`.
    """
    numbers = [book.goodbooks_id for book in loved if book.goodbooks_id is not None]
    lines = [
        line_of(
            book.goodbooks_id,
            next(iter(book.author_names), ""),
            book.title,
            book.original_title,
            is_read=True,
            series=book.series_name,
            volume=book.series_number,
        )
        for book in loved
    ]
    picks = pick(
        ratings=dict.fromkeys(numbers, LOVED_STARS),
        read=facts_of_history(book_ids=numbers),
        known=numbers,
        works=KnownWorks.of_lines(lines),
        top=BOOKS + SPARE,
        options=options,
    )
    return _first(picks.chosen, begun={series_key(book.series_name) for book in loved} - {""})


def _first(picks: Iterable[Pick], *, begun: set[str]) -> list[Pick]:
    new = [one for one in picks if series_key(one.book.series_name) not in begun]
    return [replace(one, rank=rank) for rank, one in enumerate(new[:BOOKS], start=1)]
