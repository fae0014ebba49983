"""What the two pulls from Goodreads share: reading XML safely, and walking through its pages."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

import defusedxml
from defusedxml.ElementTree import fromstring

from recommender.sources.base import (
    BadRow,
    MalformedFeed,
    RowProblem,
    ShelfPage,
    ShelfRow,
    UnsafeFeed,
)
from recommender.sources.values import clean_text

PER_PAGE = 200  # the most Goodreads gives
MAX_PAGES = 100
# Characters XML forbids, which Goodreads passes on from what its readers typed.
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """The items of one page, in the order they came, before repeats are dropped."""

    rows: tuple[ShelfRow, ...]
    problems: tuple[RowProblem, ...] = ()
    total: int | None = None
    at_end: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.rows and not self.problems


def parse_xml(body: bytes) -> Element:
    """The root of a document without a DTD; raises `UnsafeFeed` or `MalformedFeed`."""
    try:
        return fromstring(_FORBIDDEN.sub(b" ", body), forbid_dtd=True)
    except defusedxml.DefusedXmlException:
        raise UnsafeFeed from None
    except (ParseError, LookupError, ValueError) as error:
        raise MalformedFeed from error


def parse_items(
    items: list[Element], read_item: Callable[[Element], ShelfRow], *, title_path: str
) -> tuple[tuple[ShelfRow, ...], tuple[RowProblem, ...]]:
    """Read every item; a bad one is set aside with the reason and does not stop the others."""
    rows: list[ShelfRow] = []
    problems: list[RowProblem] = []
    for item in items:
        try:
            rows.append(read_item(item))
        except BadRow as error:
            title = clean_text(item.findtext(title_path)) or "a book without title"
            problems.append(RowProblem(line=None, text=title, reason=str(error)))
    return tuple(rows), tuple(problems)


def walk(read_page: Callable[[int], tuple[ParsedPage, str]], max_pages: int) -> Iterator[ShelfPage]:
    """Fetch page after page until one proves the end, dropping what came before.

    Short pages and pages of one item occur in the middle of a shelf: only an empty page, or a page
    that says so itself, is the end. A page that comes a second time, and ``max_pages``, stop the
    walk without proof.

    Parameters
    ----------
    read_page : callable
        From the page's number, counted from 1, to its items and its ETag.
    max_pages : int
        The last page asked for.
    """
    seen_keys: set[str | int] = set()
    seen_reviews: set[str | int] = set()
    seen_pages: set[tuple[str, ...]] = set()
    for number in range(1, max_pages + 1):
        page, etag = read_page(number)
        fingerprint = (*(row.source_key for row in page.rows), *(p.text for p in page.problems))
        if not page.is_empty and fingerprint in seen_pages:
            return
        seen_pages.add(fingerprint)
        fresh = [
            row
            for row in page.rows
            if _is_new(row.source_key, seen_keys) and _is_new(row.review_id, seen_reviews)
        ]
        # Where the source tells how many there are, an empty page before their end proves nothing.
        complete = page.at_end or (page.is_empty and page.total is None)
        yield ShelfPage(
            number=number,
            rows=tuple(fresh),
            problems=page.problems,
            repeats=len(page.rows) - len(fresh),
            total=page.total,
            etag=etag,
            complete=complete,
        )
        if complete or page.is_empty:
            return


def _is_new(key: str | int | None, seen: set[str | int]) -> bool:
    """Whether a key was not seen before; it is from now on. No key at all is always new."""
    if key is None:
        return True
    if key in seen:
        return False
    seen.add(key)
    return True
