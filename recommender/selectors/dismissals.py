"""What a reader does not want, and how that affects a list."""

from dataclasses import dataclass, replace

from recommender.engine.rerank import RerankOptions
from recommender.models import Dismissal, Reader


@dataclass(frozen=True, slots=True)
class Dismissed:
    """The books, by `Book.goodbooks_id`, the authors and the genres that a reader has dismissed.

    `not_for_me` are those of the books that are not the reader's kind: books like them fall a
    little.
    """

    books: frozenset[int] = frozenset()
    authors: frozenset[int] = frozenset()
    genres: frozenset[int] = frozenset()
    not_for_me: frozenset[int] = frozenset()

    def left_out_of(self, options: RerankOptions) -> RerankOptions:
        """The options, with all of this excluded."""
        return replace(
            options,
            without_books=options.without_books | self.books,
            without_authors=options.without_authors | self.authors,
            without_genres=options.without_genres | self.genres,
        )


def dismissed_by(reader: Reader) -> Dismissed:
    """What the reader has dismissed and not taken back, in one query."""
    standing = Dismissal.objects.standing().filter(reader=reader)
    rows = list(standing.values_list("book__goodbooks_id", "author", "genre", "reason"))
    return Dismissed(
        frozenset(book for book, *_ in rows if book is not None),
        frozenset(author for _, author, *_ in rows if author),
        frozenset(genre for _, _, genre, _ in rows if genre),
        frozenset(
            book
            for book, _, _, reason in rows
            if book is not None and reason == Dismissal.Reason.NOT_FOR_ME
        ),
    )
