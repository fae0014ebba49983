"""One door for all workers: one request in flight, a pause between two, and a common circuit."""

import logging
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, Self

import redis

from recommender.sources.base import CircuitOpen, SourceUnavailable
from recsite.common.pace import COUNT_REFUSAL, COUNT_REQUEST, COUNTED_MINUTES, used_key

logger = logging.getLogger(__name__)

# KEYS lock, pause, circuit; ARGV token, milliseconds the lock lives.
# Answers {0, 0} with the lock taken, {1, ms to wait} or {2, ms the circuit stays open}.
_ENTER = """
local shut = redis.call('PTTL', KEYS[3])
if shut > 0 then return {2, shut} end
local pause = redis.call('PTTL', KEYS[2])
if pause > 0 then return {1, pause} end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return {0, 0} end
return {1, math.max(redis.call('PTTL', KEYS[1]), 1)}
"""
# KEYS lock, pause; ARGV token, milliseconds of pause.
_LEAVE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return 1
"""
# KEYS lock; ARGV token, milliseconds the lock lives.
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""


class Pass(Protocol):
    """The right to make one request."""

    pause: float  # seconds nobody may ask after this request

    def renew(self) -> None:
        """Say that the request goes on; raises `SourceUnavailable` when the right was lost."""


class Gate(Protocol):
    """Where every request waits for its turn."""

    def enter(self) -> AbstractContextManager[Pass]: ...

    def refused(self) -> None:
        """The source has turned a request away."""

    def accepted(self) -> None:
        """The source has answered as it should."""


@dataclass
class _RedisPass:
    gate: "RedisGate"
    token: str
    pause: float

    def renew(self) -> None:
        if not self.gate.renew(self.token):
            raise SourceUnavailable


class RedisGate:
    """A `Gate` kept in Valkey or Redis, shared by all processes of all hosts.

    The lock carries a token and an expiry, so a holder that was killed blocks the others for
    ``lock_seconds`` at most: longer than the longest silence a request may have, no longer.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        name: str = "goodreads",
        pause_seconds: float = 1.5,
        lock_seconds: float = 40.0,
        longest_wait: float = 180.0,
        refusals: int = 5,
        open_seconds: float = 900.0,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._pause_seconds = pause_seconds
        self._lock_ms = round(lock_seconds * 1000)
        self._longest_wait = longest_wait
        self._refusals = refusals
        self._open_ms = round(open_seconds * 1000)
        self._wait = wait
        self._name = name
        self._lock, self._pause, self._circuit, self._count = (
            f"bookfold:gate:{{{name}}}:{part}" for part in ("lock", "pause", "circuit", "refusals")
        )

    @classmethod
    def from_url(cls, url: str, *, name: str = "goodreads", pause_seconds: float = 1.5) -> Self:
        """A gate at a ``redis://`` address; connects when it is first used."""
        return cls(redis.Redis.from_url(url), name=name, pause_seconds=pause_seconds)

    @contextmanager
    def enter(self) -> Iterator[Pass]:
        """Wait for the turn, hold it for one request, then let the pause begin.

        Raises `CircuitOpen` while the source is left in peace, and `SourceUnavailable` when the
        turn does not come in time or Valkey cannot be reached.
        """
        token = secrets.token_hex(8)
        self._take_turn(token)
        held = _RedisPass(self, token, self._pause_seconds * random.uniform(2 / 3, 4 / 3))
        try:
            yield held
        finally:
            self._run(_LEAVE, [self._lock, self._pause], token, max(1, round(held.pause * 1000)))

    def renew(self, token: str) -> bool:
        """Let the lock live on; false when it is no longer this holder's."""
        return bool(self._run(_RENEW, [self._lock], token, self._lock_ms))

    def refused(self) -> None:
        if self._run(COUNT_REFUSAL, [self._count, self._circuit], self._refusals, self._open_ms):
            logger.warning("turned away %d times: asking nothing for a while", self._refusals)

    def accepted(self) -> None:
        # A script like the others, so that an unreachable Valkey is told in the same words.
        self._run("return redis.call('DEL', KEYS[1])", [self._count])

    def _take_turn(self, token: str) -> None:
        keys = [self._lock, self._pause, self._circuit]
        waited = 0.0
        while True:
            verdict, milliseconds = self._run(_ENTER, keys, token, self._lock_ms)
            if verdict == 0:
                used = used_key("gate", self._name)
                self._run(COUNT_REQUEST, [used], COUNTED_MINUTES * 60)
                return
            if verdict == 2:
                raise CircuitOpen(retry_after=milliseconds / 1000)
            if waited >= self._longest_wait:
                raise SourceUnavailable(retry_after=self._longest_wait)
            # The lock may be given back long before it would expire: look again soon.
            nap = min(milliseconds / 1000, 0.2) + random.uniform(0.001, 0.02)
            self._wait(nap)
            waited += nap

    def _run(self, script: str, keys: list[str], *arguments: str | int) -> Any:
        try:
            return self._client.eval(script, len(keys), *keys, *arguments)
        except redis.RedisError as error:
            logger.warning("the gate in Valkey cannot be reached: %s", error)
            raise SourceUnavailable from error
