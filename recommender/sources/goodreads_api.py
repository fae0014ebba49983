"""A reader's shelf from Goodreads' legacy API, for operators who still hold a key."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from recommender import shelves
from recommender.shelves import Shelf
from recommender.sources.base import (
    BadRow,
    MalformedFeed,
    ShelfPage,
    ShelfRow,
    UnknownShelf,
)
from recommender.sources.fetcher import Fetcher
from recommender.sources.paging import MAX_PAGES, PER_PAGE, ParsedPage, parse_items, parse_xml, walk
from recommender.sources.values import (
    clean_text,
    read_api_date,
    read_id,
    read_isbns,
    read_stars,
    read_year,
)


class GoodreadsApi:
    """One shelf of one reader as a `ShelfSource`; it alone knows the number of the work.

    Parameters
    ----------
    fetcher : Fetcher
        The way to Goodreads; it holds the operator's key.
    user_id : int
        The reader's number at Goodreads.
    shelf : str
        `Shelf.READ` or one of `shelves.FURTHER`; nothing a reader types becomes part of an address.
    max_pages : int
        The last page asked for.
    """

    name = "goodreads_api"

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        user_id: int,
        shelf: str = Shelf.READ,
        max_pages: int = MAX_PAGES,
    ) -> None:
        if shelf not in (Shelf.READ, *shelves.FURTHER):
            raise UnknownShelf
        self._fetcher = fetcher
        self._user_id = user_id
        self._shelf = shelf
        self._max_pages = max_pages

    def pages(self) -> Iterator[ShelfPage]:
        return walk(self._read_page, self._max_pages)

    def _read_page(self, number: int) -> tuple[ParsedPage, str]:
        return self._fetcher.read(
            f"/review/list/{self._user_id:d}.xml",
            {"v": 2, "shelf": self._shelf, "page": number, "per_page": PER_PAGE},
            parse=lambda body: parse_reviews(body, self._shelf),
        )


def parse_reviews(body: bytes, shelf: str) -> ParsedPage:
    """The reviews of one answer of the API; raises `MalformedFeed` where it holds none."""
    reviews = parse_xml(body).find("reviews")
    if reviews is None:
        raise MalformedFeed
    try:
        end, total = int(reviews.get("end", "")), int(reviews.get("total", ""))
    except ValueError:
        raise MalformedFeed from None
    rows, problems = parse_items(
        reviews.findall("review"), lambda review: _read_review(review, shelf), title_path=".//title"
    )
    return ParsedPage(rows=rows, problems=problems, total=total, at_end=end >= total)


def _read_review(review: Element, shelf: str) -> ShelfRow:
    def text(path: str) -> str:
        return review.findtext(path) or ""

    edition_id = read_id(text("book/id"))
    title = clean_text(text("book/title"), longest=500)
    if edition_id is None:
        raise BadRow("Goodreads gives no number for this book.")
    if not title:
        raise BadRow("Goodreads gives no title for this book.")
    isbn10, isbn13 = read_isbns(text("book/isbn"), text("book/isbn13"))
    exclusive = review.find("shelves/shelf[@exclusive='true']")
    return ShelfRow(
        source_key=str(edition_id),
        title=title,
        author=clean_text(text("book/authors/author/name")),
        isbn10=isbn10,
        isbn13=isbn13,
        work_id=read_id(text("book/work/id")),
        edition_id=edition_id,
        stars=read_stars(text("rating")),
        shelf=(clean_text(exclusive.get("name"), 100) if exclusive is not None else "") or shelf,
        added_on=read_api_date(text("date_added")),
        read_on=read_api_date(text("read_at")),
        year=read_year(text("book/work/original_publication_year") or text("book/published")),
        review_id=read_id(text("id")),
    )
