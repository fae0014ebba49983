"""Shows the progress of a build."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from pyspark import SparkContext
from pyspark.sql import SparkSession

INTERVAL_SECONDS = 0.5
LINE_EVERY_PERCENT = 10
BAR_WIDTH = 30


class Progress:
    """Shows each step of a build with its percent: a bar on a terminal, plain lines elsewhere."""

    def __init__(self, steps: int, *, stream: TextIO | None = None) -> None:
        self._steps = steps
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._number = 0

    @contextmanager
    def step(
        self, name: str, session: SparkSession | None = None, *, expected_jobs: int = 1
    ) -> Iterator[None]:
        """Show one step while its body runs.

        Parameters
        ----------
        session
            The session that runs the step's jobs, if it uses Spark.
        expected_jobs
            About how many jobs the step will take.
        """
        self._number += 1
        shown = _Shown(self._stream, f"[{self._number}/{self._steps}] {name}", self._is_terminal)
        shown.show(0)
        started = time.monotonic()
        if session is None:
            yield
        else:
            with _watched(session.sparkContext, f"step {self._number}", expected_jobs, shown):
                yield
        shown.finish(time.monotonic() - started)

    def note(self, text: str) -> None:
        """Print a line between two steps."""
        self._stream.write(f"      {text}\n")
        self._stream.flush()


class _Shown:
    """One step on the screen; its percentage never decreases."""

    def __init__(self, stream: TextIO, label: str, is_terminal: bool) -> None:
        self._stream = stream
        self._label = label
        self._is_terminal = is_terminal
        self._last = -LINE_EVERY_PERCENT

    def show(self, percent: int) -> None:
        if self._is_terminal:
            if percent > self._last:
                bar = ("█" * (percent * BAR_WIDTH // 100)).ljust(BAR_WIDTH, "░")
                self._write(f"\r{self._label} {bar} {percent:3d} %")
                self._last = percent
        elif percent >= self._last + LINE_EVERY_PERCENT:
            self._write(f"{self._label}: {percent} %\n")
            self._last = percent

    def finish(self, seconds: float) -> None:
        if self._is_terminal:
            self._write(f"\r{self._label} {'█' * BAR_WIDTH} 100 %, {seconds:.1f} s\n")
        else:
            self._write(f"{self._label}: 100 %, {seconds:.1f} s\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def _watched(
    context: SparkContext, group: str, expected_jobs: int, shown: _Shown
) -> Iterator[None]:
    context.setJobGroup(group, group)
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(INTERVAL_SECONDS):
            shown.show(min(99, _percent(context, group, expected_jobs)))

    thread = threading.Thread(target=watch, daemon=True, name="progress")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _percent(context: SparkContext, group: str, expected_jobs: int) -> int:
    """The share of the expected jobs that are done; running jobs count by their tasks."""
    tracker = context.statusTracker()
    done = 0.0
    for job_id in tracker.getJobIdsForGroup(group):
        job = tracker.getJobInfo(job_id)
        if job is None or job.status == "SUCCEEDED":
            done += 1
            continue
        stages = [tracker.getStageInfo(stage) for stage in job.stageIds]
        known = [stage for stage in stages if stage is not None and stage.numTasks]
        if known:
            done += sum(s.numCompletedTasks / s.numTasks for s in known) / len(stages)
    return int(100 * done / max(expected_jobs, 1))
