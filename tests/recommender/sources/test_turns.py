"""Pulls from Goodreads in turn, over the pace that all workers share in a real Valkey."""

from collections.abc import Callable, Iterator

import pytest
import redis

from recommender.sources.base import BotFilter, CircuitOpen, SourceUnavailable
from recommender.sources.goodreads_feed import GoodreadsFeed
from recsite.common.pace import OneAtATime
from recsite.local.process import free_port
from recsite.local.standins.faults import Fault
from recsite.local.standins.goodreads import GoodreadsStandin
from tests.recommender.sources.conftest import MakeFetcher

pytestmark = pytest.mark.services

MakePace = Callable[..., OneAtATime]


@pytest.fixture
def make_pace(valkey_url: str) -> Iterator[MakePace]:
    with redis.Redis.from_url(valkey_url) as client:

        def make(*, refusals: int = 5, longest_wait: float = 10.0) -> OneAtATime:
            return OneAtATime(
                client,
                name="goodreads",
                pause_seconds=0,
                refusals=refusals,
                longest_wait=longest_wait,
            )

        yield make


def test_a_pull_in_turn(make_pace: MakePace, make_fetcher: MakeFetcher) -> None:
    pages = list(GoodreadsFeed(make_fetcher(pace=make_pace()), user_id=1).pages())
    assert pages[-1].complete


def test_pulls_that_meet_the_bot_filter_stop_all_pulls(
    make_pace: MakePace, make_fetcher: MakeFetcher, standin: GoodreadsStandin
) -> None:
    def pull(user_id: int) -> None:
        fetcher = make_fetcher(pace=make_pace(refusals=3))
        list(GoodreadsFeed(fetcher, user_id=user_id).pages())

    for _ in range(3):
        with pytest.raises(BotFilter):
            pull(Fault.BOT_FILTER)
    with pytest.raises(CircuitOpen) as caught:
        pull(1)
    assert caught.value.retry_after == pytest.approx(900, abs=5)
    assert len(standin.requests) == 3


def test_the_reader_is_asked_to_come_back_where_the_turn_does_not_come(
    make_pace: MakePace, make_fetcher: MakeFetcher, standin: GoodreadsStandin
) -> None:
    with make_pace().turn(), pytest.raises(SourceUnavailable) as caught:
        make_fetcher(pace=make_pace(longest_wait=0.1)).read("/", {}, parse=len)
    assert caught.value.retry_after == 0.1
    assert standin.requests == []


def test_the_reader_is_asked_to_come_back_without_valkey(make_fetcher: MakeFetcher) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    pace = OneAtATime.from_url(url, name="goodreads", pause_seconds=0)
    with pytest.raises(SourceUnavailable):
        make_fetcher(pace=pace).read("/", {}, parse=len)
