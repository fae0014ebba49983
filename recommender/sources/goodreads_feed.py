"""A reader's shelf from Goodreads' RSS feed, pulled because that reader asked for it."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from xml.etree.ElementTree import Element

from recommender import shelves
from recommender.shelves import Shelf
from recommender.sources.base import (
    BadRow,
    MalformedFeed,
    NotModified,
    ShelfPage,
    ShelfRow,
    UnknownShelf,
)
from recommender.sources.fetcher import Fetcher
from recommender.sources.paging import MAX_PAGES, PER_PAGE, ParsedPage, parse_items, parse_xml, walk
from recommender.sources.values import (
    clean_text,
    read_id,
    read_isbns,
    read_mail_date,
    read_stars,
    read_year,
)


class GoodreadsFeed:
    """One shelf of one reader as a `ShelfSource`.

    Parameters
    ----------
    fetcher : Fetcher
        The way to Goodreads; it holds the reader's feed key, where there is one.
    user_id : int
        The reader's number at Goodreads.
    shelf : str
        `Shelf.READ` or one of `shelves.FURTHER`; nothing a reader types becomes part of an address.
    etags : sequence of str
        Of all pages at the last pull, the empty one at the end included; `NotModified` is raised
        while every page still has its own.
    max_pages : int
        The last page asked for.
    """

    name = "goodreads_feed"

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        user_id: int,
        shelf: str = Shelf.READ,
        etags: Sequence[str] = (),
        max_pages: int = MAX_PAGES,
    ) -> None:
        if shelf not in (Shelf.READ, *shelves.FURTHER):
            raise UnknownShelf
        self._fetcher = fetcher
        self._user_id = user_id
        self._shelf = shelf
        self._etags = etags
        self._max_pages = max_pages

    def pages(self) -> Iterator[ShelfPage]:
        known = self._first_if_changed() if self._etags else {}
        yield from walk(
            lambda number: known.pop(number, None) or self._read_page(number), self._max_pages
        )

    def _first_if_changed(self) -> dict[int, tuple[ParsedPage, str]]:
        """Ask for each page if it has changed; return the first one if it has.

        A later one that has changed is read again in its turn: what came before it may have been
        moved on to it meanwhile. Raises `NotModified` if none has changed.
        """
        for number, etag in enumerate(self._etags, start=1):
            with suppress(NotModified):
                page = self._read_page(number, etag=etag)
                return {number: page} if number == 1 else {}
        raise NotModified

    def _read_page(self, number: int, *, etag: str = "") -> tuple[ParsedPage, str]:
        return self._fetcher.read(
            f"/review/list_rss/{self._user_id:d}",
            {
                "shelf": self._shelf,
                "page": number,
                "per_page": PER_PAGE,
                "sort": "date_added",
                "order": "d",
            },
            parse=lambda body: parse_feed(body, self._shelf),
            etag=etag,
        )


def parse_feed(body: bytes, shelf: str) -> ParsedPage:
    """The items of one page of a feed.

    Raises
    ------
    UnknownShelf
        When the feed is another shelf's, which is what Goodreads sends for one it does not know.
    MalformedFeed
        When it is not a feed, or not a whole one.
    """
    channel = parse_xml(body).find("channel")
    if channel is None:
        raise MalformedFeed
    # Compared untrimmed: another shelf's title may differ by nothing but a space at its end.
    title = channel.findtext("title")
    if title is None:
        raise MalformedFeed
    if title.rpartition(": ")[2] != shelf:
        raise UnknownShelf
    rows, problems = parse_items(
        channel.findall("item"), lambda item: _read_item(item, shelf), title_path="title"
    )
    return ParsedPage(rows=rows, problems=problems)


def _read_item(item: Element, shelf: str) -> ShelfRow:
    def text(tag: str) -> str:
        return item.findtext(tag) or ""

    edition_id = read_id(text("book_id"))
    title = clean_text(text("title"), longest=500)
    if edition_id is None:
        raise BadRow("The feed gives no number for this book.")
    if not title:
        raise BadRow("The feed gives no title for this book.")
    isbn10, isbn13 = read_isbns(text("isbn"))
    return ShelfRow(
        source_key=str(edition_id),
        title=title,
        author=clean_text(text("author_name")),
        isbn10=isbn10,
        isbn13=isbn13,
        edition_id=edition_id,
        stars=read_stars(text("user_rating")),
        shelf=shelf,
        added_on=read_mail_date(text("user_date_added")),
        read_on=read_mail_date(text("user_read_at")),
        year=read_year(text("book_published")),
        review_id=_review_id(text("guid")),
    )


def _review_id(guid: str) -> int | None:
    """The review's number from ``https://www.goodreads.com/review/show/123?utm…``."""
    return read_id(guid.partition("/review/show/")[2].partition("?")[0])
