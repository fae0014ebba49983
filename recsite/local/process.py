"""Starts child processes that never outlive their parent."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1

_spawned: weakref.WeakSet[subprocess.Popen[bytes]] = weakref.WeakSet()


class LocalError(Exception):
    """Why the site cannot start, in a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of the operating system."""

    uid: int
    gid: int


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: int = subprocess.DEVNULL,
    output: int | IO[bytes] = subprocess.DEVNULL,
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a process in its own session; it gets `death_signal` when its parent dies.

    The kernel sends that signal when the THREAD that called this function ends: call it from a
    thread that lives as long as the process should.
    """
    process = subprocess.Popen(
        [str(part) for part in argv],
        env=dict(env),
        cwd=cwd,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        # The only place after the change of user, which resets the death signal, and before exec.
        preexec_fn=_death_signal_setter(death_signal),  # noqa: PLW1509 it takes no lock
    )
    _spawned.add(process)
    return process


def spawned() -> set[int]:
    """The ids of the processes that `spawn` started and whose exit status nobody has read."""
    return {process.pid for process in _spawned if process.returncode is None}


def _death_signal_setter(death_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def set_death_signal() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before the signal was set
            os._exit(1)

    return set_death_signal


def end_with_parent() -> None:
    """Have the kernel send SIGTERM to this process when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))


def stop(process: subprocess.Popen[bytes], signum: signal.Signals, *, patience: float) -> None:
    """Ask a process to end, wait, and kill it if it does not; then kill the rest of its session."""
    if process.poll() is None:
        process.send_signal(signum)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    kill_session(process.pid)


def kill_session(pid: int) -> None:
    """Kill what is left of the process group of a process that `spawn` started."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def working_in(folder: Path, program: str) -> list[int]:
    """The ids of all processes of a program whose working directory is the folder."""
    found = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return [pid for pid in found if works_in(pid, folder, program)]


def works_in(pid: int, folder: Path, program: str) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        is_program = (process / "exe").readlink().name.startswith(program)
        return is_program and (process / "cwd").readlink() == folder.resolve()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return False


def end_working_in(folder: Path, program: str, *, patience: float) -> None:
    """Wait until no process of a program runs in the folder, and kill those that remain."""
    if not wait_until(lambda: not working_in(folder, program), seconds=patience):
        for pid in working_in(folder, program):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not working_in(folder, program), seconds=patience)


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], *, seconds: float, interval: float = 0.05) -> bool:
    """Call `ready` until it returns true; False if the time runs out."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True
