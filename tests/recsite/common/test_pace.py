"""The common pace of all workers towards another site."""

from collections.abc import Iterator

import pytest
import redis

from recsite.common.pace import CircuitOpen, Limiter, LimiterUnavailable
from recsite.local.process import free_port

pytestmark = pytest.mark.services


@pytest.fixture
def client(valkey_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url) as client:
        yield client


def limiter(client: redis.Redis, waits: list[float], *, per_second: float = 2.0) -> Limiter:
    return Limiter(
        client,
        name="elsewhere",
        per_second=per_second,
        refusals=3,
        open_seconds=60,
        wait=waits.append,
    )


def test_moments_are_evenly_spaced_over_all_processes(client: redis.Redis) -> None:
    waits: list[float] = []
    for _ in range(3):
        limiter(client, waits).take()
        limiter(client, waits).take()

    assert waits == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5], abs=0.3)


def test_limiters_of_two_names_do_not_wait_for_each_other(client: redis.Redis) -> None:
    waits: list[float] = []
    limiter(client, waits).take()
    Limiter(client, name="another", per_second=0.1, wait=waits.append).take()

    assert waits == []


def test_a_pause_holds_everybody_and_a_shorter_one_does_not_end_it(client: redis.Redis) -> None:
    waits: list[float] = []
    limiter(client, waits).pause(30)
    limiter(client, waits).pause(1)
    limiter(client, waits).take()

    assert waits == pytest.approx([30], abs=1)


def test_a_run_of_refusals_opens_the_circuit(client: redis.Redis) -> None:
    waits: list[float] = []
    limiter(client, waits).refused()
    limiter(client, waits).refused()
    limiter(client, waits).accepted()
    limiter(client, waits).refused()
    limiter(client, waits).refused()
    limiter(client, waits).take()
    limiter(client, waits).refused()

    with pytest.raises(CircuitOpen) as stopped:
        limiter(client, waits).take()
    assert stopped.value.seconds == pytest.approx(60, abs=5)


def test_without_valkey_nobody_asks() -> None:
    nobody = Limiter.from_url(f"redis://127.0.0.1:{free_port()}/0", name="x", per_second=1)

    with pytest.raises(LimiterUnavailable):
        nobody.take()
