"""What the benchmark of builds sees of a program."""

import subprocess
import sys
from pathlib import Path

import pytest

from spark.bench.build import memory_of, processes, watched

TELLS = "[1/2] Reading: 0 %\n[1/2] Reading: 100 %, 1.5 s\n[2/2] Adding: 100 %, 2.25 s\n"


def test_each_step_that_a_program_tells_has_its_seconds(tmp_path: Path) -> None:
    command = [sys.executable, "-c", f"print({TELLS!r})"]
    costs = watched(command, log=tmp_path / "log", cwd=tmp_path)
    assert (costs["Reading"].seconds, costs["Adding"].seconds) == (1.5, 2.25)
    assert costs["all"].seconds > 0


def test_a_program_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        watched([sys.executable, "-c", "exit(3)"], log=tmp_path / "log", cwd=tmp_path)


def test_children_count_by_their_session_and_memory_by_what_they_are(tmp_path: Path) -> None:
    waits = "import sys; sized = bytearray(b'x' * 50_000_000); print('ready', flush=True); input()"
    command = [sys.executable, "-c", waits]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as program:
        assert program.stdout
        assert program.stdout.readline() == b"ready\n"
        mine = [one for one in processes() if one.session == program.pid]
        memory = memory_of(mine)
        program.communicate(b"\n")
    assert [one.number for one in mine] == [program.pid]
    assert memory["java"] == 0
    assert 50 < memory["python"] == memory["all"] < 200
