"""Supervises the processes of the site: shows their output, and restarts those that die."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TextIO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from recsite.local.home import ROOT
from recsite.local.process import LocalError, spawn, spawned, stop

PR_SET_CHILD_SUBREAPER = 36
CHECK_SECONDS = 0.2
FIRST_PAUSE, MAX_PAUSE = 0.5, 30.0
STEADY_SECONDS = 60.0


class Part(Protocol):
    """A process that is kept running."""

    @property
    def name(self) -> str:
        """Its name on the screen."""

    def alive(self) -> bool:
        """Whether it runs."""

    def start(self) -> None:
        """Start or restart it; raises `LocalError` if that fails."""

    def stop(self) -> None:
        """End it, and wait until it has ended."""


class Screen:
    """The output of all parts on one stream, each line with its time and the part's name."""

    def __init__(self, names: Sequence[str], output: TextIO = sys.stdout) -> None:
        width = max(map(len, names), default=0)
        self._printer = Printer(output, width=width)
        self._colours = dict(zip(names, get_colours(), strict=False))
        self._lock = threading.Lock()

    def line(self, name: str, text: str | bytes) -> None:
        now = datetime.now().astimezone()
        with self._lock:
            self._printer.write(Message("line", text, now, name, self._colours.get(name)))


@dataclass(slots=True)
class Program:
    """A command of the site, whose output goes to the screen.

    `death_signal` is sent when the supervisor is killed, and nobody is left to lose patience.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    screen: Screen
    patience: float = 15.0
    death_signal: signal.Signals = signal.SIGTERM
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._process = spawn(
            self.argv,
            env=self.environment,
            cwd=ROOT,
            output=subprocess.PIPE,
            death_signal=self.death_signal,
        )
        threading.Thread(target=self._relay, args=[self._process], daemon=True).start()

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process, signal.SIGTERM, patience=self.patience)
            self._process = None

    def _relay(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is not None:
            with process.stdout as lines:
                for line in lines:
                    self.screen.line(self.name, line)


@dataclass(slots=True)
class Watched:
    """One part, and when to restart it after it died; never, if it runs only `once`."""

    part: Part
    pause: float
    once: bool = False
    started: float = field(default_factory=time.monotonic)
    due: float | None = None


class Supervisor:
    """Runs parts until it is told to stop.

    Whatever starts a part happens in the main thread, since a child gets its death signal when the
    thread that started it ends. Children that the process had before are left alone.
    """

    def __init__(self, screen: Screen, *, first_pause: float = FIRST_PAUSE) -> None:
        self._screen = screen
        self._first_pause = first_pause
        self._watched: list[Watched] = []
        self._together: list[list[Part]] = []
        self._stopping = threading.Event()
        self._before = set(_children())

    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    def listen(self) -> None:
        """Stop on Ctrl-C and SIGTERM; adopt the orphans of a killed part."""
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, lambda *_: self._stopping.set())
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def start(self, *parts: Part, once: bool = False) -> None:
        """Start parts and keep them running; those that run `once` may end by themselves.

        Parts that are started together do not need each other to end, and are ended together.
        """
        self._together.append([])
        for part in parts:
            part.start()
            self._watched.append(Watched(part, self._first_pause, once))
            self._together[-1].append(part)

    def wait(self, seconds: float) -> None:
        """Supervise the parts for a while; return early when told to stop."""
        deadline = time.monotonic() + seconds
        while not self.stopping() and time.monotonic() < deadline:
            self.check()
            self._stopping.wait(CHECK_SECONDS)

    def check(self) -> None:
        """Restart parts that died, after a pause that grows while they keep dying."""
        now = time.monotonic()
        for watched in self._watched:
            if watched.part.alive() or watched.once:
                continue
            if watched.due is None:
                self._schedule_restart(watched, now)
            elif now >= watched.due:
                self._restart(watched)
        self._reap()

    def stop(self) -> None:
        """End all parts, the last started first, and those together that started together."""
        for parts in filter(None, reversed(self._together)):
            with ThreadPoolExecutor(len(parts)) as pool:
                list(pool.map(lambda part: part.stop(), parts))
        self._watched.clear()
        self._together.clear()
        for pid in set(_children()) - self._before:  # orphans that came to this process
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _schedule_restart(self, watched: Watched, now: float) -> None:
        watched.part.stop()  # what is left of its session
        if now - watched.started > STEADY_SECONDS:
            watched.pause = self._first_pause
        self._screen.line(watched.part.name, f"has ended; restarting it in {watched.pause:g} s")
        watched.due = now + watched.pause
        watched.pause = min(2 * watched.pause, MAX_PAUSE)

    def _restart(self, watched: Watched) -> None:
        watched.due, watched.started = None, time.monotonic()
        try:
            watched.part.start()
        except LocalError as error:
            self._screen.line(watched.part.name, str(error))

    def _reap(self) -> None:
        """Reap orphans that this process adopted.

        Processes started by `spawn` are left to their callers: reaped here, they would seem to
        have exited with status 0.
        """
        for pid in set(_children()) - self._before - spawned():
            os.waitpid(pid, os.WNOHANG)


def _children() -> list[int]:
    """The ids of all processes whose parent is this one."""
    pids: list[int] = []
    for task in Path("/proc/self/task").glob("*/children"):
        # A thread that has just ended leaves its children to another one; they are found next time.
        with suppress(FileNotFoundError, ProcessLookupError):
            pids += map(int, task.read_text().split())
    return pids
