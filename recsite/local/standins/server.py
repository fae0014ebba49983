"""What the stand-ins share: an HTTP server on this machine that remembers its requests."""

import argparse
import gzip
import hashlib
import json
import socket
import sys
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from recsite.local.standins.faults import Reply


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the stand-in; kept for tests to check."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    def number(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() and int(text) else default


class Standin(ABC):
    """A stand-in as a context manager: ``with TheStandin(…).start() as site:``.

    Parameters
    ----------
    slow_seconds : float
        Delay of a slow page.
    hang_seconds : float
        How long a request that gets no answer is kept open.
    """

    def __init__(self, *, slow_seconds: float, hang_seconds: float) -> None:
        self.slow_seconds = slow_seconds
        self.hang_seconds = hang_seconds
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self.url = ""
        self.lock = threading.Lock()
        self._turns: Counter[str] = Counter()
        self._server: _Server | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Read the data for the answers; raises `OSError` if that fails."""

    @abstractmethod
    def answer(self, request: Request, turn: int) -> Reply:
        """The answer to a request; ``turn`` counts the earlier requests for the same URL."""

    def hint(self) -> str:
        """What is printed after the address of a stand-in that serves."""
        return ""

    def start(self, port: int = 0, bind: str = "127.0.0.1") -> Self:
        """Serve in the background; port 0 means any free one.

        All data is read first, so that the first answer is as fast as the others. Raises
        `OSError` if the data can't be read or the port is in use.
        """
        self.prepare()
        self._server = _Server((bind, port), self)
        self.url = f"http://{bind}:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def forget(self) -> None:
        """Forget all requests, so that faults that happen once happen again."""
        with self.lock:
            self.requests.clear()
            self._turns.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def reply(self, request: Request) -> Reply:
        """Answer a request, and remember it."""
        with self.lock:
            self.requests.append(request)
            address = f"{request.path}?{json.dumps(request.query, sort_keys=True)}"
            turn = self._turns[address]
            self._turns[address] += 1
        return self.answer(request, turn)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], standin: Standin) -> None:
        self.standin = standin
        super().__init__(address, _Handler)

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Report errors, except clients that hang up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece; otherwise the kernel waits 40 ms between them
    server: _Server

    def do_GET(self) -> None:
        standin = self.server.standin
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        reply = standin.reply(Request(parts.path, query, dict(self.headers.items())))
        if reply.is_unanswered:
            standin.stopping.wait(standin.hang_seconds)
            self.close_connection = True
            return
        standin.stopping.wait(reply.delay)
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        body = reply.body
        is_gzipped = reply.is_gzipped
        if not is_gzipped and len(body) > 500 and "gzip" in self.headers.get("Accept-Encoding", ""):
            body, is_gzipped = gzip.compress(body, compresslevel=1, mtime=0), True
        self.send_response(reply.status)
        if reply.status != 304:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(body)))
        if is_gzipped:
            self.send_header("Content-Encoding", "gzip")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: the URLs contain keys, and the clients have their own logs."""


def with_etag(reply: Reply, request: Request, *, is_weak: bool = False) -> Reply:
    """The reply with an ETag of its body, or 304 if the client has it already."""
    etag = f'{"W/" if is_weak else ""}"{hashlib.sha256(reply.body).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        return Reply(304, headers={"ETag": etag}, delay=reply.delay)
    return replace(reply, headers={"ETag": etag})


def argument_parser(name: str) -> argparse.ArgumentParser:
    """The options on the command line that all stand-ins have."""
    parser = argparse.ArgumentParser(description=f"A stand-in for {name}, for demos and tests.")
    parser.add_argument("--data", type=Path, required=True, help="a folder of goodbooks-10k")
    parser.add_argument("--port", type=int, default=0, help="0 for any free port")
    parser.add_argument("--bind", default="127.0.0.1")
    return parser


def serve(standin: Standin, *, name: str, port: int, bind: str) -> int:
    """Serve until told to stop; return the exit status of the process."""
    try:
        standin.start(port, bind)
        hint = standin.hint()
    except OSError as error:
        sys.stderr.write(f"The stand-in for {name} cannot start: {error}\n")
        return 1
    sys.stdout.write(f"Stand-in for {name} at {standin.url}{hint}\n")
    sys.stdout.flush()
    try:
        standin.stopping.wait()
    except KeyboardInterrupt:
        standin.stop()
    return 0
