import io

import pytest

from spark.progress import Progress
from spark.session import GIB, driver_memory_gib


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_where_nobody_watches() -> None:
    stream = io.StringIO()
    progress = Progress(2, stream=stream)
    with progress.step("Reading"):
        progress.note("3 lines read")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "[1/2] Reading: 0 %"
    assert lines[1].strip() == "3 lines read"
    assert lines[2].startswith("[1/2] Reading: 100 %, ")
    assert "\r" not in stream.getvalue()


def test_a_bar_on_a_terminal() -> None:
    stream = Terminal()
    with Progress(1, stream=stream).step("Reading"):
        pass
    assert "\r[1/1] Reading ░░░" in stream.getvalue()
    assert "█ 100 %" in stream.getvalue()


def test_a_step_that_fails_is_not_shown_as_done() -> None:
    stream = io.StringIO()
    with pytest.raises(OSError, match="gone"), Progress(1, stream=stream).step("Reading"):
        raise OSError("gone")
    assert "100 %" not in stream.getvalue()


@pytest.mark.parametrize(("gib", "expected"), [(1, 1), (4, 2), (24, 12), (256, 16)])
def test_the_driver_gets_half_of_the_machine_within_reason(gib: int, expected: int) -> None:
    assert driver_memory_gib(gib * GIB) == expected
