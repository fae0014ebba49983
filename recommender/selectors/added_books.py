"""The books that the release in use lacks, as a process of the site knows them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Count, Max, QuerySet

from catalog.models import Book
from recommender.engine.book_content import BookContent
from recommender.engine.content import Links
from recommender.engine.release import Release
from recommender.engine.served import AddedBooks
from recommender.models import ContentLinks

#: Rows that are as old as this have been committed, whatever others are newer.
COMMITTED = timedelta(minutes=5)
#: How many readers would have shelved a book by what nobody has counted, about as many as of a
#: well-known book: by a genre that its subjects tell, and by a subject.
READERS_OF_A_GENRE, READERS_OF_A_SUBJECT = 1000.0, 30.0


class AddedBooksReader:
    """Keeps the links of the added books up to date; reads only what is new."""

    def __init__(self) -> None:
        self._links: dict[int, tuple[list[int], list[float]]] = {}
        self._seen: tuple[datetime | None, int] = (None, 0)
        self._release = ""

    def refresh(self, release: Release) -> AddedBooks | None:
        """The books that the release lacks; None if nothing has changed since the last call.

        One query finds out whether anything has; a second one reads it.
        """
        rows = ContentLinks.objects.exclude(book__goodbooks_id=None)
        state = rows.aggregate(Max("made_at"), Count("pk"))
        seen = (state["made_at__max"], state["pk__count"])
        if seen == self._seen and release.version == self._release:
            return None
        since = self._seen[0]
        self._links |= _links_in(rows.filter(made_at__gte=since - COMMITTED) if since else rows)
        if len(self._links) != seen[1]:  # some have gone, or have other numbers
            self._links = _links_in(rows)
        self._seen, self._release = seen, release.version
        return added_books(release, self._links)


def _links_in(rows: QuerySet[ContentLinks]) -> dict[int, tuple[list[int], list[float]]]:
    """Neighbors and their shares by the number of the book."""
    found = rows.values_list("book__goodbooks_id", "neighbours", "shares").iterator()
    return {number: (books, shares) for number, books, shares in found if number is not None}


def added_books(release: Release, links: dict[int, tuple[list[int], list[float]]]) -> AddedBooks:
    """Links as the engine takes them, without books that the release has.

    Parameters
    ----------
    links
        By the number of the book, its neighbors and their shares.
    """
    numbers = np.array(sorted(links), dtype=np.int64)
    numbers = numbers[release.rows_of(numbers) < 0] if len(numbers) else numbers
    made = []
    for number in numbers.tolist():
        books, shares = links[number]
        rows = release.rows_of(np.array(books, dtype=np.int64))
        order = np.argsort(rows)[np.count_nonzero(rows < 0) :]
        made.append((rows[order].astype(np.int32), np.array(shares, dtype=np.float32)[order]))
    return AddedBooks(numbers, Links.of(made))


def contents_of(books: Sequence[Book]) -> list[BookContent]:
    """What the catalog says of books that were read by `BookQuerySet.for_cards`."""
    return [
        BookContent(
            authors=tuple(book.author_names),
            series=book.series_name,
            tags=_tags_of(book),
            year=book.year if book.year and book.year > 0 else None,
            language=book.language,
            description=book.description,
        )
        for book in books
    ]


def _tags_of(book: Book) -> dict[str, float]:
    tags = dict.fromkeys(book.subjects, READERS_OF_A_SUBJECT)
    for shelving in book.shelvings.all():
        counted = READERS_OF_A_GENRE if shelving.is_derived else float(shelving.count)
        tags[shelving.genre.name] = counted
    return tags
