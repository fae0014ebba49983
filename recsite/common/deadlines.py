"""Deadlines for whole answers: requests by itself only limits the silence between two bytes."""

import io
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds one request.

    Attributes
    ----------
    deadline
        When the answer has to be whole, in seconds of the monotonic clock.
    check
        Called before each read; what it raises ends the request.
    """

    deadline: float
    check: Callable[[], None] | None

    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()


_limits: ContextVar[Limits] = ContextVar("limits of the request that is being made")


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Hold the request that the body makes to these limits."""
    token = _limits.set(limits)
    try:
        yield
    finally:
        _limits.reset(token)


class TimedAdapter(requests.adapters.HTTPAdapter):
    """Holds answers to the deadline, however slowly they trickle in.

    The timeouts of requests start again with every byte. Looking at the clock between two chunks of
    a body is too late if a chunk takes long to fill, and does not help while headers arrive. So
    every single read from the socket gets only the time that is left. This happens below all
    buffering and unpacking, where `http.client` reads the status line, the headers (a proxy's too)
    and the body. Connecting to an address, the TLS handshake and sending the request need no such
    care: the timeout to connect bounds each of them as a whole.
    """

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if not issubclass(pool.ConnectionCls, _TimedConnection):
            kinds = (_TimedConnection, pool.ConnectionCls)
            pool.ConnectionCls = type(pool.ConnectionCls.__name__, kinds, {})
        return pool


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        # Nothing has been read yet, so nothing is lost with the reader that is replaced.
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock, _limits.get()))


class _TimedConnection:
    """What makes urllib3's connections read by `_TimedResponse`."""

    response_class = _TimedResponse


class _TimedReader(io.RawIOBase):
    """Reads from a socket, each time for no longer than is left."""

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._limits = limits
        self._silence = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        if self._limits.check:
            self._limits.check()
        left = self._limits.seconds_left()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        self._sock.settimeout(left if self._silence is None else min(left, self._silence))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
