import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recsite.local.process import LocalError, spawn, wait_until
from recsite.local.supervise import Program, Screen, Supervisor
from tests.recsite.local.test_process import is_alive, read_process

ROOT = Path(__file__).resolve().parents[3]
SLEEP = [sys.executable, "-c", "print('awake', flush=True); import time; time.sleep(60)"]


@pytest.fixture
def said() -> io.StringIO:
    """What was shown."""
    return io.StringIO()


@pytest.fixture
def screen(said: io.StringIO) -> Screen:
    return Screen(["sleeper"], said)


@pytest.fixture
def supervisor(screen: Screen) -> Iterator[Supervisor]:
    supervisor = Supervisor(screen, first_pause=0.05)
    yield supervisor
    supervisor.stop()


def looked(supervisor: Supervisor, until: Callable[[], bool]) -> bool:
    """Let the supervisor look after its parts until something is so."""

    def check() -> bool:
        supervisor.check()
        return until()

    return wait_until(check, seconds=20)


def state_of(pid: int) -> str:
    """The kernel's letter for what a process does; Z once it has ended and waits to be buried."""
    stat = read_process(pid, "stat")
    return stat.rpartition(")")[2].split()[0] if stat else ""


def test_what_was_killed_is_started_again(supervisor: Supervisor, screen: Screen) -> None:
    sleeper = Program("sleeper", SLEEP, os.environ, screen)
    supervisor.start(sleeper)
    first = sleeper.pid
    assert first
    os.kill(first, signal.SIGKILL)
    assert looked(supervisor, lambda: sleeper.alive() and sleeper.pid != first)


def test_what_runs_once_may_end(supervisor: Supervisor, screen: Screen) -> None:
    part = Program("data", [sys.executable, "-c", ""], {}, screen)
    supervisor.start(part, once=True)
    assert wait_until(lambda: not part.alive(), seconds=20)
    pid = part.pid
    supervisor.wait(1.0)
    assert part.pid == pid


def test_the_pause_grows_while_a_part_keeps_dying(
    supervisor: Supervisor, screen: Screen, said: io.StringIO
) -> None:
    supervisor.start(Program("sleeper", [sys.executable, "-c", "pass"], os.environ, screen))
    assert looked(supervisor, lambda: said.getvalue().count("restarting it in") == 3)
    pauses = [line.split(" in ")[1] for line in said.getvalue().splitlines()]
    assert pauses == ["0.05 s", "0.1 s", "0.2 s"]


def test_a_part_that_cannot_start_again_is_tried_on(
    supervisor: Supervisor, said: io.StringIO
) -> None:
    class Broken:
        name = "broken"
        starts = 0

        def alive(self) -> bool:
            return False

        def start(self) -> None:
            self.starts += 1
            if self.starts > 1:
                raise LocalError("It can't.")

        def stop(self) -> None:
            """Nothing runs."""

    broken = Broken()
    supervisor.start(broken)

    assert looked(supervisor, lambda: broken.starts == 3)
    assert "It can't." in said.getvalue()


def test_a_child_that_dies_during_a_restart_keeps_its_exit_code(
    supervisor: Supervisor, screen: Screen
) -> None:
    class Slow(Program):
        def start(self) -> None:
            Program.start(self)
            time.sleep(0.5)

    slow = Slow("sleeper", SLEEP, os.environ, screen)
    supervisor.start(slow)
    first = slow.pid
    assert first
    os.kill(first, signal.SIGKILL)
    child = spawn([sys.executable, "-c", "import time; time.sleep(0.4); exit(1)"], env=os.environ)
    assert looked(supervisor, lambda: slow.alive() and slow.pid != first)
    assert wait_until(lambda: state_of(child.pid) in ("Z", ""), seconds=20)

    supervisor.check()
    assert child.poll() == 1


def test_threads_may_end_while_it_looks(supervisor: Supervisor) -> None:
    """As the one does that shows what a part prints, when that part dies."""
    over = threading.Event()

    def churn() -> None:
        while not over.is_set():
            thread = threading.Thread(target=str)
            thread.start()
            thread.join()

    churns = [threading.Thread(target=churn) for _ in range(3)]
    for thread in churns:
        thread.start()
    try:
        for _ in range(400):
            supervisor.check()
    finally:
        over.set()
        for thread in churns:
            thread.join()


def test_stop_ends_the_last_started_first(supervisor: Supervisor, screen: Screen) -> None:
    ended: list[str] = []

    class Noted(Program):
        def stop(self) -> None:
            ended.append(self.name)
            Program.stop(self)

    for name in ("first", "second"):
        supervisor.start(Noted(name, SLEEP, os.environ, screen))
    supervisor.stop()
    assert ended == ["second", "first"]


def test_those_that_started_together_end_together(supervisor: Supervisor, screen: Screen) -> None:
    all_are_asked = threading.Barrier(2, timeout=10)

    class Waiting(Program):
        def stop(self) -> None:
            all_are_asked.wait()
            Program.stop(self)

    parts = [Waiting(name, SLEEP, os.environ, screen) for name in ("first", "second")]
    supervisor.start(*parts)
    supervisor.stop()
    assert not any(part.alive() for part in parts)


def test_children_of_before_live_on_and_keep_their_exit_code(screen: Screen) -> None:
    waits = [sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit(3)"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE) as other:
        supervisor = Supervisor(screen, first_pause=0.05)
        supervisor.start(Program("sleeper", SLEEP, os.environ, screen))
        supervisor.stop()
        assert other.poll() is None

        assert other.stdin
        other.stdin.close()
        assert wait_until(lambda: state_of(other.pid) == "Z", seconds=20)
        supervisor.check()
    assert other.returncode == 3


def test_lines_are_shown_with_the_name_of_their_part(
    supervisor: Supervisor, screen: Screen, said: io.StringIO
) -> None:
    supervisor.start(Program("sleeper", SLEEP, os.environ, screen))
    assert wait_until(lambda: "sleeper | awake" in said.getvalue(), seconds=10)


SUPERVISE = """
import os, signal, sys
from recsite.local.supervise import Program, Screen, Supervisor
supervisor = Supervisor(Screen(["a", "b", "deaf"]))
supervisor.listen()
parts = [
    Program(name, ["sh", "-c", "sleep 60 & wait"], os.environ, Screen([name]))
    for name in ("a", "b")
]
deaf = ["sh", "-c", "trap '' TERM; sleep 60"]
parts.append(
    Program(
        "deaf", deaf, os.environ, Screen(["deaf"]), patience=0.5, death_signal=signal.SIGKILL
    )
)
for part in parts:
    supervisor.start(part)
    print(part.pid, flush=True)
while not supervisor.stopping():
    supervisor.wait(60)
supervisor.stop()
"""


def ignores_sigterm(pid: int) -> bool:
    (ignored,) = re.findall(r"^SigIgn:\s*([0-9a-f]+)$", read_process(pid, "status"), re.MULTILINE)
    return bool(int(ignored, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_part_outlives_the_supervisor(signum: signal.Signals) -> None:
    command = [sys.executable, "-c", SUPERVISE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        parts = [int(process.stdout.readline()) for _ in range(3)]
        assert all(map(is_alive, parts))
        assert wait_until(lambda: ignores_sigterm(parts[-1]), seconds=20)
        process.send_signal(signum)
        process.wait(20)
    assert wait_until(lambda: not any(map(is_alive, parts)), seconds=10)
    if signum != signal.SIGKILL:
        assert process.returncode == 0
