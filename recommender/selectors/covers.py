"""Drawn covers, as HTML for pages."""

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from catalog.models import Book
from recommender.drawing import covers

#: How many covers a process caches, at about 900 bytes each: all of goodbooks-10k.
COVERS_CACHED = 12_000


def book_cover(*, book: Book) -> SafeString:
    """The drawn cover of a book of the catalog; prefetch `credits` first."""
    author = next(iter(book.author_names), "")
    return cached_cover(number=book.goodbooks_id or book.pk, title=book.title, author=author)


@lru_cache(maxsize=COVERS_CACHED)
def cached_cover(*, number: int, title: str, author: str) -> SafeString:
    """The cover of a book of the catalog; covers of readers' own entries are not cached."""
    return drawn_cover(number=number, title=title, author=author)


def drawn_cover(*, number: int, title: str, author: str) -> SafeString:
    """A cover as an SVG element."""
    cover = covers.draw(number=number, title=title, author=author)
    return render_to_string("recommender/_cover.html", {"drawn": cover})
