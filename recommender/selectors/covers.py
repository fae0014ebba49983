"""Drawn covers as pages show them."""

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog.models import Book
from recommender.drawing import covers

#: Covers that a process keeps written down, at about 900 bytes each: they depend on nothing else.
COVERS_KEPT = 4096


def book_cover(book: Book) -> SafeString:
    """The drawn cover of a book of the catalog; prefetch `credits` first."""
    author = next(iter(book.author_names), "")
    return kept_cover(number=book.goodbooks_id or book.pk, title=book.title, author=author)


@lru_cache(maxsize=COVERS_KEPT)
def kept_cover(*, number: int, title: str, author: str) -> SafeString:
    """The cover of a book of the catalog; nothing that is a reader's own is kept in a process."""
    return drawn_cover(number=number, title=title, author=author)


def drawn_cover(*, number: int, title: str, author: str) -> SafeString:
    """A cover as an SVG element."""
    cover = covers.draw(number=number, title=title, author=author)
    return render_to_string("recommender/_cover.html", {"drawn": cover})
