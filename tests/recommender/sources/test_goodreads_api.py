"""The legacy API over a real socket."""

from datetime import date

import pytest

from recommender.sources.base import (
    BotFilter,
    MalformedFeed,
    PrivateOrNotFound,
    ShelfRow,
    SourceError,
    UnknownShelf,
    UnsafeFeed,
)
from recommender.sources.fetcher import Fetcher
from recommender.sources.goodreads_api import GoodreadsApi, parse_reviews
from recommender.sources.goodreads_feed import GoodreadsFeed
from recsite.local.standins.faults import Fault
from recsite.local.standins.goodreads import API_KEY, GoodreadsStandin
from tests.recommender.sources.conftest import MakeFetcher


@pytest.fixture
def keyed(make_fetcher: MakeFetcher) -> Fetcher:
    return make_fetcher(key=API_KEY)


def test_the_same_shelf_as_the_feed_with_the_works(
    keyed: Fetcher, standin: GoodreadsStandin
) -> None:
    pages = list(GoodreadsApi(keyed, user_id=Fault.LONG_SHELF).pages())
    rows = [row for page in pages for row in page.rows]

    assert [page.complete for page in pages] == [False, True]
    assert {page.total for page in pages} == {len(rows)}
    assert len(standin.requests) == 2
    assert all(row.work_id for row in rows)
    feed = GoodreadsFeed(keyed, user_id=Fault.LONG_SHELF).pages()
    for ours, theirs in zip(rows, (row for page in feed for row in page.rows), strict=True):
        assert (ours.source_key, ours.title, ours.author, ours.stars, ours.added_on) == (
            theirs.source_key,
            theirs.title,
            theirs.author,
            theirs.stars,
            theirs.added_on,
        )


def test_the_odd_items(keyed: Fetcher) -> None:
    [page] = GoodreadsApi(keyed, user_id=Fault.ODD_ITEMS).pages()
    assert page.repeats == 2
    by_key = {row.source_key: row for row in page.rows}
    assert by_key["5907"] == ShelfRow(
        source_key="5907",
        title="The Hobbit (The Lord of the Rings, #0)",
        author="J.R.R. Tolkien",
        isbn10="0618260307",
        isbn13="",
        work_id=880_000_001,
        edition_id=5907,
        stars=5.0,
        shelf="read",
        added_on=date(2020, 6, 10),
        read_on=date(2020, 6, 9),
        year=1937,
        line=None,
        review_id=770_000_001,
    )
    assert by_key["12505"].isbn10 == ""
    assert by_key["24584"].stars is None


def test_bad_reviews_are_skipped_and_counted(keyed: Fetcher) -> None:
    [page] = GoodreadsApi(keyed, user_id=Fault.BAD_ITEMS).pages()
    assert [row.title for row in page.rows] == ["Before", "After"]
    assert page.skipped == 3


@pytest.mark.parametrize(
    ("user", "error"),
    [
        (123_456, PrivateOrNotFound),
        (Fault.PRIVATE_AS_403, PrivateOrNotFound),
        (Fault.BOT_FILTER, BotFilter),
        (Fault.ENTITY_BOMB, UnsafeFeed),
        (Fault.TRUNCATED_ALWAYS, MalformedFeed),
    ],
)
def test_a_pull_that_fails_says_why(user: int, error: type[SourceError], keyed: Fetcher) -> None:
    with pytest.raises(error):
        list(GoodreadsApi(keyed, user_id=user).pages())


def test_a_wrong_key_and_an_unknown_shelf(make_fetcher: MakeFetcher) -> None:
    with pytest.raises(PrivateOrNotFound):
        list(GoodreadsApi(make_fetcher(key="wrong"), user_id=1).pages())
    with pytest.raises(UnknownShelf):
        GoodreadsApi(make_fetcher(), user_id=1, shelf="x")


def test_an_empty_page_before_the_total_proves_nothing() -> None:
    body = b'<GoodreadsResponse><reviews start="0" end="0" total="%d"/></GoodreadsResponse>'
    assert parse_reviews(body % 0, "read").at_end
    assert not parse_reviews(body % 300, "read").at_end


def test_an_answer_without_counts_is_no_list() -> None:
    for body in (b"<a><reviews/></a>", b"<GoodreadsResponse/>"):
        with pytest.raises(MalformedFeed):
            parse_reviews(body, "read")
