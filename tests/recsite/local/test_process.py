import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from recsite.local.process import spawn, stop, wait_until

ROOT = Path(__file__).resolve().parents[3]

PARENT = """
import os, sys, time
from recsite.local.process import spawn
child = spawn([sys.executable, "-c", "import time; time.sleep(60)"], env=os.environ)
print(child.pid, flush=True)
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be buried does not."""
    stat = read_process(pid, "stat")
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def read_process(pid: int, name: str) -> str:
    """A file of `/proc` on the process; empty where the process is gone or goes meanwhile."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_a_child_dies_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    assert wait_until(lambda: not is_alive(child), seconds=10)


def test_stop_takes_its_time_only_until_patience_is_over(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
    )
    with (tmp_path / "out").open("wb") as output:
        process = spawn(
            [sys.executable, "-c", f"{deaf}; time.sleep(60)"], env=os.environ, output=output
        )
    assert wait_until(lambda: (tmp_path / "out").read_text() != "", seconds=10)
    begun = time.monotonic()
    stop(process, signal.SIGTERM, patience=0.3)
    assert time.monotonic() - begun < 5
    assert process.returncode == -signal.SIGKILL


def test_stop_ends_grandchildren_that_outlive_the_child(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    process = spawn(["sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"], env=os.environ)
    assert wait_until(lambda: pid_file.exists() and pid_file.read_text() != "", seconds=10)
    grandchild = int(pid_file.read_text())
    process.kill()
    stop(process, signal.SIGTERM, patience=1)
    assert wait_until(lambda: not is_alive(grandchild), seconds=10)
