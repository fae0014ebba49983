"""The gate that all workers share, in a real Valkey."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import redis

from recommender.sources.base import BotFilter, CircuitOpen, SourceUnavailable
from recommender.sources.gate import RedisGate
from recommender.sources.goodreads_feed import GoodreadsFeed
from recsite.local.standins.faults import Fault
from recsite.local.standins.goodreads import GoodreadsStandin
from tests.recommender.sources.conftest import MakeFetcher

pytestmark = pytest.mark.services

MakeGate = Callable[..., RedisGate]


@pytest.fixture
def make_gate(valkey_url: str) -> MakeGate:
    """Gates as of several workers: each with a connection of its own."""

    def make(
        *,
        pause_seconds: float = 0.0,
        lock_seconds: float = 5.0,
        longest_wait: float = 10.0,
        refusals: int = 5,
        open_seconds: float = 5.0,
    ) -> RedisGate:
        return RedisGate(
            redis.Redis.from_url(valkey_url),
            name="test",
            pause_seconds=pause_seconds,
            lock_seconds=lock_seconds,
            longest_wait=longest_wait,
            refusals=refusals,
            open_seconds=open_seconds,
        )

    return make


def test_one_request_at_a_time_and_a_pause_between_two(make_gate: MakeGate) -> None:
    spans: list[tuple[float, float]] = []

    def work(_: int) -> None:
        with make_gate(pause_seconds=0.06).enter():
            started = time.monotonic()
            time.sleep(0.02)
            spans.append((started, time.monotonic()))

    with ThreadPoolExecutor(5) as workers:
        list(workers.map(work, range(5)))

    spans.sort()
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(spans)]
    assert len(gaps) == 4
    assert min(gaps) >= 0.06 * 2 / 3 - 0.005


def test_a_killed_holder_blocks_the_others_for_the_life_of_its_lock_only(
    make_gate: MakeGate,
) -> None:
    killed = make_gate(lock_seconds=0.3).enter()
    killed.__enter__()
    started = time.monotonic()
    with make_gate().enter():
        waited = time.monotonic() - started
    assert 0.2 <= waited < 2


def test_who_lost_the_lock_is_told_and_does_not_take_it_from_the_next(
    make_gate: MakeGate,
) -> None:
    slow = make_gate(lock_seconds=0.05)
    with slow.enter() as lost:
        time.sleep(0.1)
        with make_gate().enter() as held:
            with pytest.raises(SourceUnavailable):
                lost.renew()
            held.renew()


def test_a_lock_lives_on_while_it_is_renewed(make_gate: MakeGate) -> None:
    with make_gate(lock_seconds=0.15).enter() as held:
        for _ in range(4):
            time.sleep(0.06)
            held.renew()


def test_nobody_waits_for_ever(make_gate: MakeGate) -> None:
    with make_gate().enter(), pytest.raises(SourceUnavailable) as caught:
        make_gate(longest_wait=0.1).enter().__enter__()
    assert caught.value.retry_after == 0.1


def test_an_error_of_the_holder_gives_the_lock_back(make_gate: MakeGate) -> None:
    with pytest.raises(KeyError), make_gate().enter():
        raise KeyError
    with make_gate(longest_wait=0.1).enter():
        pass


def test_a_pause_that_was_asked_for_holds_for_everybody(make_gate: MakeGate) -> None:
    with make_gate().enter() as held:
        held.pause = 0.2
    started = time.monotonic()
    with make_gate().enter():
        assert time.monotonic() - started >= 0.15


def test_a_run_of_refusals_opens_the_circuit_for_everybody(make_gate: MakeGate) -> None:
    first, second = make_gate(refusals=3, open_seconds=0.3), make_gate(refusals=3)
    for gate in (first, second, first):
        with second.enter():
            pass
        gate.refused()
    with pytest.raises(CircuitOpen) as caught:
        second.enter().__enter__()
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 0.3


def test_after_its_time_the_first_refusal_opens_it_again_and_an_answer_ends_it(
    make_gate: MakeGate,
) -> None:
    gate = make_gate(refusals=3, open_seconds=0.15)
    for _ in range(3):
        gate.refused()
    time.sleep(0.2)
    with gate.enter():
        pass
    gate.refused()
    with pytest.raises(CircuitOpen):
        gate.enter().__enter__()
    time.sleep(0.2)
    gate.accepted()
    gate.refused()
    with gate.enter():
        pass


def test_an_answer_between_refusals_ends_the_run(make_gate: MakeGate) -> None:
    gate = make_gate(refusals=3)
    for _ in range(4):
        gate.refused()
        gate.refused()
        gate.accepted()
    with gate.enter():
        pass


def test_pulls_that_meet_the_bot_filter_stop_all_pulls(
    make_gate: MakeGate, make_fetcher: MakeFetcher, standin: GoodreadsStandin
) -> None:
    for _ in range(3):
        with pytest.raises(BotFilter):
            list(
                GoodreadsFeed(
                    make_fetcher(gate=make_gate(refusals=3)), user_id=Fault.BOT_FILTER
                ).pages()
            )
    with pytest.raises(CircuitOpen):
        list(GoodreadsFeed(make_fetcher(gate=make_gate(refusals=3)), user_id=1).pages())
    assert len(standin.requests) == 3


def test_a_pull_through_the_gate(make_gate: MakeGate, make_fetcher: MakeFetcher) -> None:
    pages = list(GoodreadsFeed(make_fetcher(gate=make_gate()), user_id=1).pages())
    assert pages[-1].complete


def test_without_valkey_the_reader_is_asked_to_come_back() -> None:
    gate = RedisGate.from_url("redis://127.0.0.1:9/0")
    with pytest.raises(SourceUnavailable):
        gate.enter().__enter__()
