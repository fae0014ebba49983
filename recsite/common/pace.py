"""Manners towards other sites: a common pace for all workers, and leaving in peace who asks for it.

Kept in Valkey or Redis, so that all processes of all hosts share them.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, Self

import redis

logger = logging.getLogger(__name__)

LONGEST_RETRY_AFTER = 3600.0
LONGEST_WAIT = 60_000_000  # microseconds
# KEYS refusals, circuit; ARGV threshold, milliseconds the circuit stays open.
# One less than the threshold is remembered beyond that time, so that the first refusal after it
# opens the circuit again, and the first good answer forgets everything.
COUNT_REFUSAL = """
local count = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2])
if count < tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] - 1, 'PX', 2 * ARGV[2])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return 1
"""
# KEYS next slot, pause, circuit; ARGV microseconds between two slots, and of the longest pause
# that is waited for: a worker has better things to do than to sleep through a longer one.
# Answers {0, microseconds until the slot that is the asker's now} or {1, ms the circuit is open}.
_TAKE_SLOT = """
local open = redis.call('PTTL', KEYS[3])
if open > 0 then return {1, open} end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local pause = math.max(redis.call('PTTL', KEYS[2]), 0) * 1000
if pause > tonumber(ARGV[2]) then return {1, pause / 1000} end
local slot = math.max(now + pause, tonumber(redis.call('GET', KEYS[1]) or 0))
local following = slot + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', following),
           'PX', math.ceil((following - now) / 1000) + 1000)
return {0, slot - now}
"""
# KEYS pause; ARGV milliseconds. A longer pause that is on already stays.
_PAUSE = """
if redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 1
"""
# KEYS requests of this minute; ARGV seconds the count is kept.
COUNT_REQUEST = """
redis.call('INCR', KEYS[1])
return redis.call('EXPIRE', KEYS[1], ARGV[1])
"""
COUNTED_MINUTES = 60


@dataclass(frozen=True, slots=True)
class SiteState:
    """How a site that is asked takes it, as all processes know it."""

    circuit_seconds: float  # nothing is asked for so long; 0 where it is
    pause_seconds: float  # nobody asks for so long, as the site wished or by the common pace
    refusals: int  # in a row
    requests: int  # within the last hour


def used_key(kind: str, name: str, minutes_ago: int = 0) -> str:
    """Where the requests of a minute are counted."""
    return f"bookfold:{kind}:{{{name}}}:used:{int(time.time() // 60) - minutes_ago}"


def state_of(client: redis.Redis, *, kind: str, name: str) -> SiteState:
    """Read the state of a `Limiter` (kind ``limiter``) or a gate (``gate``).

    Raises `redis.RedisError` where Valkey cannot be reached.
    """
    base = f"bookfold:{kind}:{{{name}}}"
    pipe = client.pipeline(transaction=False)
    pipe.pttl(f"{base}:circuit")
    pipe.pttl(f"{base}:pause")
    pipe.get(f"{base}:refusals")
    pipe.mget([used_key(kind, name, minute) for minute in range(COUNTED_MINUTES)])
    circuit, pause, refusals, used = pipe.execute()
    return SiteState(
        circuit_seconds=max(circuit, 0) / 1000,
        pause_seconds=max(pause, 0) / 1000,
        refusals=int(refusals or 0),
        requests=sum(int(count) for count in used if count),
    )


class CircuitOpen(Exception):
    """The site has turned us away several times; ask nothing for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asking nothing for {seconds:.0f} s")
        self.seconds = seconds


class LimiterUnavailable(Exception):
    """Valkey cannot be reached, so nobody knows whose turn it is."""


class Limiter:
    """Gives out evenly spaced moments at which one request may begin.

    Parameters
    ----------
    name : str
        Of the site; all limiters of one name share its pace, its pause and its circuit.
    per_second : float
        How many requests may begin in a second, over all processes.
    refusals, open_seconds : int, float
        After so many refusals in a row, nothing is asked for so long.
    wait : callable
        Sleeps so many seconds. For tests.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        name: str,
        per_second: float,
        refusals: int = 5,
        open_seconds: float = 900.0,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._interval = max(1, round(1_000_000 / per_second))
        self._refusals = refusals
        self._open_ms = round(open_seconds * 1000)
        self._wait = wait
        self._name = name
        self._slot, self._pause, self._circuit, self._count = (
            f"bookfold:limiter:{{{name}}}:{part}"
            for part in ("slot", "pause", "circuit", "refusals")
        )

    @classmethod
    def from_url(cls, url: str, *, name: str, per_second: float) -> Self:
        """A limiter at a ``redis://`` address; connects when it is first used."""
        return cls(redis.Redis.from_url(url), name=name, per_second=per_second)

    def take(self) -> None:
        """Wait for the next free moment; raises `CircuitOpen` or `LimiterUnavailable`."""
        keys = [self._slot, self._pause, self._circuit]
        verdict, amount = self._run(_TAKE_SLOT, keys, self._interval, LONGEST_WAIT)
        if verdict:
            raise CircuitOpen(amount / 1000)
        self._run(COUNT_REQUEST, [used_key("limiter", self._name)], COUNTED_MINUTES * 60)
        if amount > 0:
            self._wait(amount / 1_000_000)

    def pause(self, seconds: float) -> None:
        """Let nobody ask for so long, as the site wished."""
        milliseconds = round(min(seconds, LONGEST_RETRY_AFTER) * 1000)
        if milliseconds > 0:
            self._run(_PAUSE, [self._pause], milliseconds)

    def refused(self) -> None:
        """Count a request that was turned away; a run of them opens the circuit."""
        if self._run(COUNT_REFUSAL, [self._count, self._circuit], self._refusals, self._open_ms):
            logger.warning("turned away %d times: asking nothing for a while", self._refusals)

    def accepted(self) -> None:
        """The site has answered as it should: earlier refusals are forgotten."""
        self._run("return redis.call('DEL', KEYS[1])", [self._count])

    def _run(self, script: str, keys: list[str], *arguments: int) -> Any:
        try:
            return self._client.eval(script, len(keys), *keys, *arguments)
        except redis.RedisError as error:
            raise LimiterUnavailable from error


def read_retry_after(text: str) -> float | None:
    """Seconds to wait, from either form of ``Retry-After``: seconds or a date."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def is_loopback(host: str) -> bool:
    """Whether a host of an address is this very machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
