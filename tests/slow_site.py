"""A site on a real socket that answers as slowly as a test wants, and counts who asks at once."""

import socketserver
import threading
import time
from types import TracebackType
from typing import Self


class SlowSite:
    """Answers every request with the same bytes, some at once and the rest in small pieces.

    Parameters
    ----------
    head, rest : bytes
        What is sent at once, and what trickles after it.
    silence : float
        Seconds before anything is sent.
    every, size : float, int
        Seconds before each piece of the rest, and its bytes.
    """

    def __init__(
        self, head: bytes, rest: bytes, *, silence: float = 0, every: float = 0.02, size: int = 1
    ) -> None:
        self.requests = 0
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        site = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while self.rfile.readline().strip():
                    pass
                site._begin()
                ended = False
                try:
                    time.sleep(silence)
                    self.wfile.write(head)
                    for start in range(0, len(rest), size):
                        time.sleep(every)
                        if start + size >= len(rest):
                            site._end()  # before the client can know
                            ended = True
                        self.wfile.write(rest[start : start + size])
                except OSError:
                    pass  # the client has hung up
                finally:
                    if not ended:
                        site._end()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        serve = self._server.serve_forever
        threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _begin(self) -> None:
        with self._lock:
            self.requests += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def _end(self) -> None:
        with self._lock:
            self._at_once -= 1
