"""A common pace for all workers towards another site, and a circuit that stops them all.

Both are kept in Valkey or Redis, so that all processes of all hosts share them. There are two
policies, `Limiter` (evenly spaced requests) and `OneAtATime`; pauses, refusals, the circuit and
the count of requests are the same in both.
"""

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, Self

import redis

from recsite.common import valkey

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 3600.0  # that a site can ask for
COUNTED_MINUTES = 60
REFUSALS, OPEN_SECONDS = 5, 900.0
_GRANTED, _LATER, _STOPPED = 0, 1, 2

# How both policies begin. KEYS circuit, pause, requests of this minute, and the policy's own; ARGV
# seconds the count is kept, and the policy's own. Answers {_GRANTED, what the policy says},
# {_LATER, ms until it is worth asking again} or {_STOPPED, ms for which nothing is to be asked}.
_ADMISSION = """
local circuit = redis.call('PTTL', KEYS[1])
if circuit > 0 then return {2, circuit} end
local pause = math.max(redis.call('PTTL', KEYS[2]), 0)
local function granted(what)
    redis.call('INCR', KEYS[3])
    redis.call('EXPIRE', KEYS[3], ARGV[1])
    return {0, what}
end
"""
# KEYS[4] next slot; ARGV[2..3] microseconds between two slots, and ms of the longest pause that is
# waited for: a worker has better things to do than to sleep through a longer one.
# Grants the microseconds until the slot that is the asker's now.
_TAKE_SLOT = (
    _ADMISSION
    + """
if pause > tonumber(ARGV[3]) then return {2, pause} end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local slot = math.max(now + 1000 * pause, tonumber(redis.call('GET', KEYS[4]) or 0))
local following = slot + ARGV[2]
redis.call('SET', KEYS[4], string.format('%.0f', following),
           'PX', math.ceil((following - now) / 1000) + 1000)
return granted(slot - now)
"""
)
# KEYS[4] lock; ARGV[2..3] token, ms the lock lives.
_TAKE_LOCK = (
    _ADMISSION
    + """
if pause > 0 then return {1, pause} end
if redis.call('SET', KEYS[4], ARGV[2], 'NX', 'PX', ARGV[3]) then return granted(0) end
return {1, math.max(redis.call('PTTL', KEYS[4]), 1)}
"""
)
# KEYS lock; ARGV token, ms the lock lives.
_RENEW_LOCK = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
# KEYS pause; ARGV ms. A longer pause that is on already stays.
_PAUSE = """
if redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 1
"""
# KEYS pause, lock; ARGV ms of pause, token. Who has lost the lock can neither free it nor pause.
_GIVE_BACK_LOCK = f"""
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
{_PAUSE}"""
# KEYS refusals, circuit, refusals ever; ARGV threshold, ms the circuit stays open.
# One less than the threshold is remembered beyond that time, so that the first refusal after it
# opens the circuit again, and the first good answer forgets everything.
_COUNT_REFUSAL = """
redis.call('INCR', KEYS[3])
local count = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2])
if count < tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] - 1, 'PX', 2 * ARGV[2])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return 1
"""
_FORGET_REFUSALS = "return redis.call('DEL', KEYS[1])"


class PaceError(Exception):
    """Why nothing may be asked."""


class CircuitOpen(PaceError):
    """The site has turned us away several times, or wants a long pause: wait for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asking nothing for {seconds:.0f} s")
        self.seconds = seconds


class NoTurn(PaceError):
    """The turn did not come within `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no turn within {seconds:.0f} s")
        self.seconds = seconds


class TurnLost(PaceError):
    """The turn is no longer ours, so another worker's request may begin."""

    def __init__(self) -> None:
        super().__init__("the turn was lost")


class PaceUnavailable(PaceError):
    """Valkey cannot be reached, so nobody knows whose turn it is."""

    def __init__(self) -> None:
        super().__init__("Valkey cannot be reached")


@dataclass(frozen=True, slots=True)
class SiteState:
    """What all processes know of a site that they ask."""

    circuit_seconds: float  # how long nothing will be asked; 0 while requests are made
    pause_seconds: float  # until the next request: a pause that the site asked for, or the usual
    refusals: int  # in a row
    requests: int  # within the last hour
    refusals_ever: int  # since Valkey was set up


def state_of(client: redis.Redis, *, name: str) -> SiteState:
    """Read the state of a site; raises `redis.RedisError` where Valkey cannot be reached."""
    pipe = client.pipeline(transaction=False)
    pipe.pttl(_key(name, "circuit"))
    pipe.pttl(_key(name, "pause"))
    pipe.get(_key(name, "refusals"))
    pipe.mget([_count_key(name, minutes_ago=minutes) for minutes in range(COUNTED_MINUTES)])
    pipe.get(_key(name, "refusals_ever"))
    circuit, pause, refusals, counts, ever = pipe.execute()
    return SiteState(
        circuit_seconds=max(circuit, 0) / 1000,
        pause_seconds=max(pause, 0) / 1000,
        refusals=int(refusals or 0),
        requests=sum(int(count) for count in counts if count),
        refusals_ever=int(ever or 0),
    )


def _key(name: str, part: str) -> str:
    # The braces keep all keys of a site on one node of a cluster.
    return f"bookfold:pace:{{{name}}}:{part}"


def _count_key(name: str, *, minutes_ago: int = 0) -> str:
    """Where the requests of a minute are counted."""
    return _key(name, f"requests:{int(time.time() // 60) - minutes_ago}")


class Turn(Protocol):
    """The right to make one request."""

    def check(self) -> None:
        """Raise `TurnLost` if the right has been lost."""


class Pace(Protocol):
    """What a client of a site needs of either policy; each method may raise `PaceError`."""

    def turn(self) -> AbstractContextManager[Turn]: ...

    def pause(self, seconds: float) -> None: ...

    def refused(self) -> None: ...

    def accepted(self) -> None: ...


class _SharedPace:
    """What the policies have in common.

    Parameters
    ----------
    name : str
        Of the site; all of one name share its pace, its pause and its circuit.
    refusals, open_seconds : int, float
        After how many refusals in a row nothing is asked, and for how long.
    wait : callable
        Sleeps the given seconds. For tests.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        name: str,
        refusals: int = REFUSALS,
        open_seconds: float = OPEN_SECONDS,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._name = name
        self._max_refusals = refusals
        self._open_ms = round(open_seconds * 1000)
        self._wait = wait
        self._circuit, self._pause, self._refusals, self._refusals_ever = (
            _key(name, part) for part in ("circuit", "pause", "refusals", "refusals_ever")
        )

    def pause(self, seconds: float) -> None:
        """Let nobody ask for these seconds, as the site asked."""
        milliseconds = round(min(seconds, LONGEST_PAUSE) * 1000)
        if milliseconds > 0:
            self._run(_PAUSE, [self._pause], milliseconds)

    def refused(self) -> None:
        """Count a request that was turned away; a run of them opens the circuit."""
        keys = [self._refusals, self._circuit, self._refusals_ever]
        if self._run(_COUNT_REFUSAL, keys, self._max_refusals, self._open_ms):
            logger.warning(
                "%s: turned away %d times, asking nothing for a while",
                self._name,
                self._max_refusals,
            )

    def accepted(self) -> None:
        """Forget earlier refusals, for the site has answered as it should."""
        self._run(_FORGET_REFUSALS, [self._refusals])

    def _admit(self, script: str, key: str, *arguments: str | int) -> tuple[int, int]:
        """Ask for admission: `_GRANTED` or `_LATER` and a number; raises `CircuitOpen`."""
        keys = [self._circuit, self._pause, _count_key(self._name), key]
        verdict, amount = self._run(script, keys, COUNTED_MINUTES * 60, *arguments)
        if verdict == _STOPPED:
            raise CircuitOpen(amount / 1000)
        return verdict, amount

    def _run(self, script: str, keys: list[str], *arguments: str | int) -> Any:
        try:
            return self._client.eval(script, len(keys), *keys, *arguments)
        except redis.RedisError as error:
            logger.warning("%s: Valkey cannot be reached: %s", self._name, error)
            raise PaceUnavailable from error


class Limiter(_SharedPace):
    """Gives out evenly spaced moments at which one request may begin, over all processes."""

    longest_pause = 60.0  # that is waited for

    def __init__(
        self,
        client: redis.Redis,
        *,
        name: str,
        per_second: float,
        refusals: int = REFUSALS,
        open_seconds: float = OPEN_SECONDS,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(client, name=name, refusals=refusals, open_seconds=open_seconds, wait=wait)
        self._interval = max(1, round(1_000_000 / per_second))
        self._slot = _key(name, "slot")

    @classmethod
    def from_url(cls, url: str, *, name: str, per_second: float) -> Self:
        """A limiter at a ``redis://`` address; connects when it is first used."""
        return cls(valkey.connect(url), name=name, per_second=per_second)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the next free moment; raises `CircuitOpen` or `PaceUnavailable`."""
        longest_pause = round(self.longest_pause * 1000)
        _, microseconds = self._admit(_TAKE_SLOT, self._slot, self._interval, longest_pause)
        if microseconds > 0:
            self._wait(microseconds / 1_000_000)
        yield _FreeTurn()


class _FreeTurn:
    """A turn that cannot be lost, since each moment is given out only once."""

    def check(self) -> None:
        pass


class OneAtATime(_SharedPace):
    """Lets one request out of all processes be made at a time, with a pause between two.

    The turn is a lock with a token and an expiry, which a thread renews for as long as the request
    lasts, even while nothing arrives. A holder that waits for a slow site keeps the others out; one
    that was killed blocks them for ``lock_seconds`` at most. A holder that can no longer renew its
    lock learns so by `Turn.check`, while there is still time for one silent read before it expires.
    """

    renewals = 8  # in the life of a lock

    def __init__(
        self,
        client: redis.Redis,
        *,
        name: str,
        pause_seconds: float,
        lock_seconds: float = 40.0,
        longest_wait: float = 180.0,
        refusals: int = REFUSALS,
        open_seconds: float = OPEN_SECONDS,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(client, name=name, refusals=refusals, open_seconds=open_seconds, wait=wait)
        self._pause_seconds = pause_seconds
        self._lock_ms = round(lock_seconds * 1000)
        self._renewed_every = lock_seconds / self.renewals
        self._longest_wait = longest_wait
        self._lock = _key(name, "lock")

    @classmethod
    def from_url(cls, url: str, *, name: str, pause_seconds: float) -> Self:
        """The common turn at a ``redis://`` address; connects when it is first used."""
        return cls(valkey.connect(url), name=name, pause_seconds=pause_seconds)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the turn, hold it for one request, then let the pause begin.

        Raises `CircuitOpen`, `NoTurn` or `PaceUnavailable`.
        """
        token = secrets.token_hex(8)
        self._take(token)
        try:
            with _HeldTurn(lambda: self._renew(token), every=self._renewed_every) as held:
                yield held
        finally:
            pause = self._pause_seconds * random.uniform(2 / 3, 4 / 3)
            keys = [self._pause, self._lock]
            self._run(_GIVE_BACK_LOCK, keys, max(1, round(pause * 1000)), token)

    def _take(self, token: str) -> None:
        waited = 0.0
        while True:
            verdict, milliseconds = self._admit(_TAKE_LOCK, self._lock, token, self._lock_ms)
            if verdict == _GRANTED:
                return
            if waited >= self._longest_wait:
                raise NoTurn(self._longest_wait)
            # The lock may be given back long before it would expire: look again soon.
            nap = min(milliseconds / 1000, 0.2) + random.uniform(0.001, 0.02)
            self._wait(nap)
            waited += nap

    def _renew(self, token: str) -> bool:
        """Let the lock live on; false when it is no longer this holder's, or nobody knows."""
        try:
            return bool(self._run(_RENEW_LOCK, [self._lock], token, self._lock_ms))
        except PaceUnavailable:
            return False


class _HeldTurn:
    """A turn that a thread renews while it is entered."""

    def __init__(self, renew: Callable[[], bool], *, every: float) -> None:
        self._renew = renew
        self._every = every
        self._is_lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="turn", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        if self._is_lost:
            raise TurnLost

    def _keep(self) -> None:
        while not self._ended.wait(self._every):
            if not self._renew():
                self._is_lost = True
                return
