import io
import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark.progress import Progress
from spark.session import GIB, driver_memory_gib, free_memory


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_where_nobody_watches() -> None:
    stream = io.StringIO()
    progress = Progress((1, 3), stream=stream)
    with progress.step("Reading"):
        progress.note("3 lines read")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "[1/2] Reading: 0 %"
    assert lines[1].strip() == "3 lines read"
    assert lines[2].startswith("[1/2] Reading: 100 %, ")
    assert "\r" not in stream.getvalue()


def test_a_bar_on_a_terminal() -> None:
    stream = Terminal()
    with Progress((1,), stream=stream).step("Reading"):
        pass
    assert "\r[1/1] Reading ░░░" in stream.getvalue()
    assert "█ 100 %" in stream.getvalue()


def test_a_step_that_fails_is_not_shown_as_done() -> None:
    stream = io.StringIO()
    with pytest.raises(OSError, match="gone"), Progress((1,), stream=stream).step("Reading"):
        raise OSError("gone")
    assert "100 %" not in stream.getvalue()


@pytest.mark.spark
def test_the_percent_of_a_step_is_never_above_what_its_parts_have_done(
    spark: SparkSession,
) -> None:
    numbers = spark.sparkContext.range(8, numSlices=2)
    with Progress((1,), stream=io.StringIO()).step("Training", spark) as step:
        numbers.count()  # before the first part, it says nothing
        assert step.share() == 0.0
        with step.part(0.25, expected_jobs=1):
            assert step.share() == 0.0
            numbers.count()
            numbers.count()  # one more than was expected
            assert step.share() == 0.25
        with step.part(0.75, expected_jobs=3):
            assert step.share() == 0.25
            numbers.count()
            assert step.share() == pytest.approx(0.25 + 0.75 / 3)
        assert step.share() == 0.99  # until what follows the last job is done, too


@pytest.mark.spark
def test_the_last_job_of_a_part_may_be_most_of_it(spark: SparkSession) -> None:
    numbers = spark.sparkContext.range(8, numSlices=2)
    with (
        Progress((1,), stream=io.StringIO()).step("Solving", spark) as step,
        step.part(0.5, expected_jobs=3, last=0.8),
    ):
        numbers.count()
        assert step.share() == pytest.approx(0.5 * 0.1)
        numbers.count()
        assert step.share() == pytest.approx(0.5 * 0.2)
        numbers.count()
        assert step.share() == pytest.approx(0.5)
        numbers.count()  # one more than was expected
        assert step.share() == pytest.approx(0.5)


def test_a_file_tells_others_how_much_of_the_whole_is_done(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    progress = Progress((1, 3), stream=io.StringIO(), file=file)
    with progress.step("Reading"):
        assert json.loads(file.read_text()) | {"seconds": 0} == {
            "step": "Reading",
            "percent": 0,
            "seconds": 0,
        }
    with progress.step("Training"):
        told = json.loads(file.read_text())
    assert (told["step"], told["percent"]) == ("Training", 25)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(("gib", "expected"), [(1, 1), (4, 2), (24, 12), (256, 16)])
def test_the_driver_gets_half_of_what_is_free_within_reason(gib: int, expected: int) -> None:
    assert driver_memory_gib(gib * GIB) == expected


def test_what_is_free_in_a_container_is_no_more_than_it_may_hold(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    free = free_memory([limit])
    assert free > GIB // 4
    limit.write_text("max\n")
    assert free_memory([limit]) > GIB // 4
    limit.write_text(f"{GIB // 8}\n")
    assert free_memory([limit]) == GIB // 8
