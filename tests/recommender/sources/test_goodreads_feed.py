"""The feed, with every way in which it goes wrong, over a real socket."""

from datetime import date
from time import sleep

import pytest

from recommender.sources.base import (
    BotFilter,
    MalformedFeed,
    NotModified,
    PageTooLarge,
    PrivateOrNotFound,
    RedirectRefused,
    ShelfRow,
    SourceError,
    SourceUnavailable,
    UnknownShelf,
    UnsafeFeed,
)
from recommender.sources.fetcher import Fetcher
from recommender.sources.goodreads_feed import GoodreadsFeed, parse_feed
from recsite.local.standins.faults import FEED_KEY, Fault
from recsite.local.standins.goodreads import GoodreadsStandin
from tests.recommender.sources.conftest import MakeFetcher, NoPace

LONG_SHELF = 300  # ratings; a few unrated and unknown books come on top


def rows_of(feed: GoodreadsFeed) -> list[ShelfRow]:
    return [row for page in feed.pages() for row in page.rows]


def test_a_shelf_of_several_pages_up_to_the_empty_one(
    standin: GoodreadsStandin, fetcher: Fetcher
) -> None:
    pages = list(GoodreadsFeed(fetcher, user_id=Fault.LONG_SHELF).pages())

    assert [page.complete for page in pages] == [False, False, True]
    assert len(pages[0].rows) == 200
    assert pages[-1].rows == ()
    rows = [row for page in pages for row in page.rows]
    assert sum(row.stars is not None for row in rows) >= LONG_SHELF
    assert any(row.stars is None for row in rows)
    assert len({row.source_key for row in rows}) == len(rows)
    assert [row.added_on for row in rows] == sorted(
        (row.added_on for row in rows if row.added_on), reverse=True
    )
    assert dict(standin.requests[1].query) == {
        "shelf": "read",
        "page": "2",
        "per_page": "200",
        "sort": "date_added",
        "order": "d",
    }


def test_pages_are_fetched_one_by_one(standin: GoodreadsStandin, fetcher: Fetcher) -> None:
    pages = GoodreadsFeed(fetcher, user_id=Fault.LONG_SHELF).pages()
    assert standin.requests == []
    assert next(pages).number == 1
    assert len(standin.requests) == 1


@pytest.mark.parametrize(
    ("fault", "sizes"),
    [
        (Fault.IGNORES_PER_PAGE, [100, 100, 100]),
        (Fault.ODD_PAGE_SIZES, [100, 1, 30, 1]),
        (Fault.SLOW_LATE_PAGE, [100, 100, 100]),
    ],
)
def test_short_and_odd_pages_in_the_middle_are_not_the_end(
    fault: Fault, sizes: list[int], fetcher: Fetcher
) -> None:
    whole = rows_of(GoodreadsFeed(fetcher, user_id=Fault.LONG_SHELF))
    pages = list(GoodreadsFeed(fetcher, user_id=fault).pages())

    assert [len(page.rows) for page in pages][: len(sizes)] == sizes
    assert pages[-1].complete
    assert [row for page in pages for row in page.rows] == whole


def test_a_repeated_page_ends_the_pull_without_proof(
    standin: GoodreadsStandin, fetcher: Fetcher
) -> None:
    pages = list(GoodreadsFeed(fetcher, user_id=Fault.REPEATED_PAGE).pages())
    assert [len(page.rows) for page in pages] == [100, 100]
    assert not any(page.complete for page in pages)
    assert len(standin.requests) == 3


def test_the_number_of_pages_is_capped_without_proof(fetcher: Fetcher) -> None:
    pages = list(GoodreadsFeed(fetcher, user_id=Fault.SLOW_PAGES, max_pages=3).pages())
    assert [len(page.rows) for page in pages] == [10, 10, 10]
    assert not pages[-1].complete


def test_an_empty_shelf(fetcher: Fetcher) -> None:
    [page] = GoodreadsFeed(fetcher, user_id=Fault.EMPTY_SHELF).pages()
    assert (page.rows, page.complete) == ((), True)


@pytest.mark.parametrize("shelf", ["currently-reading", "to-read"])
def test_other_shelves(shelf: str, fetcher: Fetcher) -> None:
    rows = rows_of(GoodreadsFeed(fetcher, user_id=1, shelf=shelf))
    assert rows
    assert {(row.shelf, row.stars) for row in rows} == {(shelf, None)}


def test_an_unknown_shelf_is_told_from_the_one_that_comes_instead(fetcher: Fetcher) -> None:
    with pytest.raises(UnknownShelf):
        rows_of(GoodreadsFeed(fetcher, user_id=Fault.UNKNOWN_SHELF))


def test_the_title_is_compared_without_trimming() -> None:
    feed = b"<rss><channel><title>Ada's bookshelf: read%s</title></channel></rss>"
    assert parse_feed(feed % b"", "read").is_empty
    with pytest.raises(UnknownShelf):
        parse_feed(feed % b" ", "read")


def test_a_shelf_beyond_the_known_ones_is_never_asked_for(fetcher: Fetcher) -> None:
    with pytest.raises(UnknownShelf):
        GoodreadsFeed(fetcher, user_id=1, shelf="read&user=2")


@pytest.mark.parametrize(
    ("user", "error", "requests"),
    [
        (Fault.PRIVATE_AS_401, PrivateOrNotFound, 1),
        (Fault.PRIVATE_AS_403, PrivateOrNotFound, 1),
        (Fault.PRIVATE_AS_REDIRECT, PrivateOrNotFound, 1),
        (Fault.PRIVATE_AS_LOGIN_PAGE, PrivateOrNotFound, 1),
        (Fault.NEEDS_KEY, PrivateOrNotFound, 1),
        (Fault.UNKNOWN_READER, PrivateOrNotFound, 1),
        (123_456, PrivateOrNotFound, 1),
        (Fault.BOT_FILTER, BotFilter, 1),
        (Fault.BOT_FILTER_AS_503, BotFilter, 1),
        (Fault.FIREWALL_CAPTCHA, BotFilter, 1),
        (Fault.FIREWALL_BLOCK, BotFilter, 1),
        (Fault.REDIRECT_OFF_HOST, RedirectRefused, 1),
        (Fault.ENTITY_BOMB, UnsafeFeed, 1),
        (Fault.GZIP_BOMB, PageTooLarge, 1),
        (Fault.UNAVAILABLE_ALWAYS, SourceUnavailable, 4),
        (Fault.TRUNCATED_ALWAYS, MalformedFeed, 4),
        (Fault.NO_CHANNEL_ALWAYS, MalformedFeed, 4),
    ],
)
def test_a_pull_that_fails_says_why_and_asks_no_more_than_is_of_use(
    user: int,
    error: type[SourceError],
    requests: int,
    standin: GoodreadsStandin,
    fetcher: Fetcher,
) -> None:
    with pytest.raises(SourceError) as caught:
        rows_of(GoodreadsFeed(fetcher, user_id=user))
    assert type(caught.value) is error
    assert str(caught.value).endswith(".")
    assert len(standin.requests) == requests


@pytest.mark.parametrize(
    "fault",
    [
        Fault.UNAVAILABLE_ONCE,
        Fault.BUSY_FOR_SECONDS,
        Fault.BUSY_UNTIL_DATE,
        Fault.TRUNCATED_ONCE,
        Fault.NO_CHANNEL_ONCE,
    ],
)
def test_what_fails_once_is_tried_again(fault: Fault, fetcher: Fetcher, waits: list[float]) -> None:
    pages = list(GoodreadsFeed(fetcher, user_id=fault).pages())
    assert pages[-1].complete
    assert sum(len(page.rows) for page in pages) >= LONG_SHELF
    assert len(waits) == len(pages)


def test_a_hang_ends(make_fetcher: MakeFetcher, standin: GoodreadsStandin) -> None:
    fetcher = make_fetcher(timeouts=(1.0, 0.1), attempts=2)
    with pytest.raises(SourceUnavailable):
        rows_of(GoodreadsFeed(fetcher, user_id=Fault.HANG))
    for _ in range(100):  # a busy stand-in notes a request after it was given up
        if len(standin.requests) >= 2:
            break
        sleep(0.1)
    assert len(standin.requests) == 2


def test_a_private_shelf_with_its_own_key(make_fetcher: MakeFetcher) -> None:
    fetcher = make_fetcher(key=FEED_KEY)
    assert len(rows_of(GoodreadsFeed(fetcher, user_id=Fault.NEEDS_KEY))) >= LONG_SHELF


def test_an_unchanged_shelf_is_not_sent_again(
    standin: GoodreadsStandin, fetcher: Fetcher, pace: NoPace
) -> None:
    whole = rows_of(GoodreadsFeed(fetcher, user_id=Fault.LONG_SHELF))
    etags = [page.etag for page in GoodreadsFeed(fetcher, user_id=Fault.LONG_SHELF).pages()]
    assert len(etags) == 3  # two pages, and the empty one at the end
    assert all(etag.startswith('W/"') for etag in etags)
    with pytest.raises(NotModified):
        rows_of(GoodreadsFeed(fetcher, user_id=Fault.LONG_SHELF, etags=etags))

    # Whichever page has changed, the whole shelf comes; what is known to have changed comes once.
    for changed, requests in ((0, 3), (1, 5), (2, 6)):
        standin.requests.clear()
        known = [*etags[:changed], "W/old", *etags[changed + 1 :]]
        feed = GoodreadsFeed(fetcher, user_id=Fault.LONG_SHELF, etags=known)
        assert rows_of(feed) == whole
        assert len(standin.requests) == requests
    assert "refused" not in pace.told


def test_the_odd_items(fetcher: Fetcher) -> None:
    first, last = GoodreadsFeed(fetcher, user_id=Fault.ODD_ITEMS).pages()
    by_key = {row.source_key: row for row in first.rows}

    assert last.complete
    assert first.repeats == 2  # a book twice, and one review with two editions
    assert by_key["5907"] == ShelfRow(
        source_key="5907",
        title="The Hobbit (The Lord of the Rings, #0)",
        author="J.R.R. Tolkien",
        isbn10="0618260307",
        isbn13="",
        work_id=None,
        edition_id=5907,
        stars=5.0,
        shelf="read",
        added_on=date(2020, 6, 10),
        read_on=date(2020, 6, 9),
        year=1937,
        line=None,
        review_id=770_000_001,
    )
    assert (by_key["1885"].title, by_key["1885"].author) == ("Pride & Prejudice", "Jane Austen")
    assert by_key["1885"].isbn10 == "080442957X"
    assert by_key["24583"].title == "Tom & Huck"
    assert by_key["24584"].stars is None
    assert (by_key["12505"].title, by_key["12505"].isbn10) == ("Идиот", "")
    assert by_key["11297"].author == "村上 春樹"
    assert by_key["1381"].year == -700
    nothing = by_key["99"]
    assert (nothing.author, nothing.read_on, nothing.year) == ("", None, None)
    assert by_key["100"].title == 'A "Quoted" <Title> ]]> Here'
    assert by_key["101"].added_on == date(2020, 6, 1)


def test_bad_items_are_skipped_and_counted(fetcher: Fetcher) -> None:
    page = next(GoodreadsFeed(fetcher, user_id=Fault.BAD_ITEMS).pages())
    assert [row.title for row in page.rows] == ["Before", "After"]
    assert page.skipped == 3
    assert [problem.text for problem in page.problems] == [
        "Without a Number",
        "a book without title",
        "Nine Stars",
    ]
    assert "9" in page.problems[2].reason


def test_an_edition_switched_between_two_pulls_keeps_its_review(fetcher: Fetcher) -> None:
    [before] = rows_of(GoodreadsFeed(fetcher, user_id=Fault.EDITION_SWITCHED))
    [after] = rows_of(GoodreadsFeed(fetcher, user_id=Fault.EDITION_SWITCHED))
    assert before.source_key != after.source_key
    assert before.review_id == after.review_id


def test_characters_that_xml_forbids_do_not_lose_the_page() -> None:
    body = (
        b"<rss><channel><title>A's bookshelf: read</title><item><book_id>1</book_id>"
        b"<title>A\x0bB\x00</title><user_rating>4</user_rating></item></channel></rss>"
    )
    [row] = parse_feed(body, "read").rows
    assert row.title == "A B"
