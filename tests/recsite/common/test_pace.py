"""The common pace of all workers towards another site, in a real Valkey."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise

import pytest
import redis

from recsite.common.http import SiteClient, TooSlow
from recsite.common.pace import (
    CircuitOpen,
    Limiter,
    NoTurn,
    OneAtATime,
    Pace,
    PaceUnavailable,
    Turn,
    TurnLost,
    state_of,
)
from recsite.local.process import free_port, wait_until
from tests.slow_site import SlowSite

pytestmark = pytest.mark.services

MakeTurns = Callable[..., OneAtATime]
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
LOCK = "bookfold:pace:{elsewhere}:lock"
# A worker that takes the turn, says so, and does not end by itself.
HOLD_A_TURN = """
import sys, time
import redis
from recsite.common.pace import OneAtATime
client = redis.Redis.from_url(sys.argv[1])
with OneAtATime(client, name="elsewhere", pause_seconds=0, lock_seconds=0.5).turn():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def client(valkey_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture
def make_turns(valkey_url: str) -> Iterator[MakeTurns]:
    """One turn for several workers, each with a connection of its own."""
    clients = []

    def make(
        *,
        pause_seconds: float = 0.0,
        lock_seconds: float = 5.0,
        longest_wait: float = 10.0,
        refusals: int = 3,
        open_seconds: float = 60.0,
    ) -> OneAtATime:
        clients.append(redis.Redis.from_url(valkey_url))
        return OneAtATime(
            clients[-1],
            name="elsewhere",
            pause_seconds=pause_seconds,
            lock_seconds=lock_seconds,
            longest_wait=longest_wait,
            refusals=refusals,
            open_seconds=open_seconds,
        )

    yield make
    for client in clients:
        client.close()


def limiter_of(
    client: redis.Redis,
    waits: list[float],
    *,
    name: str = "elsewhere",
    per_second: float = 2.0,
    open_seconds: float = 60.0,
) -> Limiter:
    return Limiter(
        client,
        name=name,
        per_second=per_second,
        refusals=3,
        open_seconds=open_seconds,
        wait=waits.append,
    )


def take(pace: Pace) -> None:
    with pace.turn():
        pass


def is_lost(turn: Turn) -> bool:
    try:
        turn.check()
    except TurnLost:
        return True
    return False


class TestLimiter:
    def test_moments_are_evenly_spaced_over_all_processes(self, client: redis.Redis) -> None:
        waits: list[float] = []
        for _ in range(3):
            take(limiter_of(client, waits))
            take(limiter_of(client, waits))
        assert waits == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5], abs=0.3)

    def test_two_names_do_not_wait_for_each_other(self, client: redis.Redis) -> None:
        waits: list[float] = []
        take(limiter_of(client, waits))
        take(limiter_of(client, waits, name="another", per_second=0.1))
        assert waits == []

    def test_a_pause_holds_everybody_and_a_shorter_one_does_not_end_it(
        self, client: redis.Redis
    ) -> None:
        waits: list[float] = []
        limiter_of(client, waits).pause(30)
        limiter_of(client, waits).pause(1)
        take(limiter_of(client, waits))
        assert waits == pytest.approx([30], abs=1)

    def test_a_long_pause_is_not_waited_for(self, client: redis.Redis) -> None:
        waits: list[float] = []
        limiter_of(client, waits).pause(600)
        with pytest.raises(CircuitOpen) as stopped:
            take(limiter_of(client, waits))
        assert stopped.value.seconds == pytest.approx(600, abs=5)
        assert waits == []


class TestOneAtATime:
    def test_one_request_at_a_time_and_a_pause_between_two(self, make_turns: MakeTurns) -> None:
        spans: list[tuple[float, float]] = []

        def work(_: int) -> None:
            with make_turns(pause_seconds=0.06).turn():
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
        self, make_turns: MakeTurns, valkey_url: str, client: redis.Redis
    ) -> None:
        command = [sys.executable, "-c", HOLD_A_TURN, valkey_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout
            assert worker.stdout.readline() == "held\n"
            worker.kill()
        assert client.pttl(LOCK) > 0
        started = time.monotonic()
        take(make_turns())
        assert time.monotonic() - started < 2

    def test_who_lost_the_turn_is_told_and_does_not_take_it_from_the_next(
        self, make_turns: MakeTurns, client: redis.Redis
    ) -> None:
        with ExitStack() as next_one:
            with make_turns(lock_seconds=0.2, pause_seconds=60).turn() as lost:
                client.delete(LOCK)
                next_one.enter_context(make_turns().turn())
                assert wait_until(lambda: is_lost(lost), seconds=2)
            with pytest.raises(NoTurn):
                take(make_turns(longest_wait=0.1))
        take(make_turns(longest_wait=0.1))  # without the pause of who had lost the turn

    def test_nobody_waits_for_ever(self, make_turns: MakeTurns) -> None:
        with make_turns().turn(), pytest.raises(NoTurn) as caught:
            take(make_turns(longest_wait=0.1))
        assert caught.value.seconds == 0.1

    def test_an_error_of_the_holder_gives_the_turn_back(self, make_turns: MakeTurns) -> None:
        with pytest.raises(KeyError), make_turns().turn():
            raise KeyError
        take(make_turns(longest_wait=0.1))

    def test_a_pause_that_was_asked_for_holds_for_everybody(self, make_turns: MakeTurns) -> None:
        turns = make_turns()
        with turns.turn():
            turns.pause(0.2)
        started = time.monotonic()
        take(make_turns())
        assert time.monotonic() - started >= 0.15


class TestTurnsOfRequests:
    """Turns around real requests to a slow site, far longer than the life of a lock."""

    LOCK_SECONDS = 0.3

    def ask(self, turns: OneAtATime, site: SlowSite, deadline: float = 5.0) -> bytes:
        asker = SiteClient(base_url=site.url, contact="", accept="text/plain", deadline=deadline)
        with turns.turn() as turn:
            return asker.get(asker.address("/"), check=turn.check).body

    @pytest.mark.parametrize(("silence", "every"), [(0.0, 0.07), (0.7, 0.001)])
    def test_two_requests_are_never_in_flight(
        self, make_turns: MakeTurns, silence: float, every: float
    ) -> None:
        with SlowSite(HEAD, b"0123456789", silence=silence, every=every) as site:

            def work(_: int) -> bytes:
                return self.ask(make_turns(lock_seconds=self.LOCK_SECONDS), site)

            with ThreadPoolExecutor(2) as workers:
                assert list(workers.map(work, range(2))) == [b"0123456789"] * 2
            assert (site.requests, site.most_at_once) == (2, 1)

    def test_a_request_that_is_given_up_gives_its_turn_back(self, make_turns: MakeTurns) -> None:
        with SlowSite(HEAD, b"x" * 500) as site:
            with pytest.raises(TooSlow):
                self.ask(make_turns(), site, deadline=0.2)
            take(make_turns(longest_wait=0.1))

    def test_a_request_ends_when_its_turn_is_lost(
        self, make_turns: MakeTurns, client: redis.Redis
    ) -> None:
        with SlowSite(HEAD, b"x" * 500) as site, ThreadPoolExecutor(1) as worker:
            request = worker.submit(self.ask, make_turns(lock_seconds=self.LOCK_SECONDS), site)
            assert wait_until(lambda: site.requests == 1, seconds=2)
            client.delete(LOCK)
            with pytest.raises(TurnLost):
                request.result(timeout=2)


class TestBothPolicies:
    @pytest.fixture(params=["limiter", "one at a time"])
    def make_pace(
        self, request: pytest.FixtureRequest, client: redis.Redis, make_turns: MakeTurns
    ) -> Callable[..., Pace]:
        def limiter(open_seconds: float = 60.0) -> Limiter:
            return limiter_of(client, [], per_second=1000, open_seconds=open_seconds)

        return limiter if request.param == "limiter" else make_turns

    def test_a_run_of_refusals_opens_the_circuit_for_everybody(
        self, make_pace: Callable[..., Pace]
    ) -> None:
        for _ in range(3):
            take(make_pace())
            make_pace().refused()
        with pytest.raises(CircuitOpen) as stopped:
            take(make_pace())
        assert stopped.value.seconds == pytest.approx(60, abs=5)

    def test_an_answer_between_refusals_ends_the_run(self, make_pace: Callable[..., Pace]) -> None:
        for _ in range(4):
            make_pace().refused()
            make_pace().refused()
            make_pace().accepted()
        take(make_pace())

    def test_after_its_time_the_first_refusal_opens_it_again_and_an_answer_ends_it(
        self, make_pace: Callable[..., Pace]
    ) -> None:
        pace = make_pace(open_seconds=0.3)
        for _ in range(3):
            pace.refused()
        time.sleep(0.35)
        take(pace)
        pace.refused()
        with pytest.raises(CircuitOpen):
            take(pace)
        time.sleep(0.35)
        pace.accepted()
        pace.refused()
        take(pace)

    def test_the_state_of_a_site_can_be_read(
        self, make_pace: Callable[..., Pace], client: redis.Redis
    ) -> None:
        take(make_pace())
        take(make_pace())
        make_pace().refused()
        make_pace().pause(30)
        state = state_of(client, name="elsewhere")
        assert (state.requests, state.refusals, state.circuit_seconds) == (2, 1, 0)
        assert state.pause_seconds == pytest.approx(30, abs=5)
        make_pace().refused()
        make_pace().refused()
        state = state_of(client, name="elsewhere")
        assert state.circuit_seconds == pytest.approx(60, abs=5)
        assert state_of(client, name="another").requests == 0


def test_without_valkey_nobody_asks() -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    with pytest.raises(PaceUnavailable):
        take(Limiter.from_url(url, name="x", per_second=1))
    with pytest.raises(PaceUnavailable):
        take(OneAtATime.from_url(url, name="x", pause_seconds=1))
