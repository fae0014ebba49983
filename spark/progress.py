"""Shows the progress of a build, to who watches it and in a file for others."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol, TextIO

from pyspark import SparkContext
from pyspark.sql import SparkSession

INTERVAL_SECONDS = 0.5
LINE_EVERY_PERCENT = 10
BAR_WIDTH = 30


class Progress:
    """Shows each step of a build with its percent: a bar on a terminal, plain lines elsewhere.

    Parameters
    ----------
    costs
        What each step costs compared with the others, as measured; so the percent of the whole
        moves with the work.
    file
        Where the state of the whole is kept up to date for others: a JSON object with ``step``
        (its name), ``percent`` (of the whole) and ``seconds`` (since the start).
    """

    def __init__(
        self, costs: Sequence[float], *, stream: TextIO | None = None, file: Path | None = None
    ) -> None:
        self._costs = tuple(costs)
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._file = file
        self._number = 0
        self._started = time.monotonic()

    @contextmanager
    def step(
        self,
        name: str,
        session: SparkSession | None = None,
        *,
        expected_jobs: int | None = None,
    ) -> Iterator["Step"]:
        """Show one step while its body runs.

        Parameters
        ----------
        session
            The session that runs the step's jobs, if it uses Spark.
        expected_jobs
            About how many jobs the step will take; None if it says so by its parts.
        """
        self._number += 1
        label = f"[{self._number}/{len(self._costs)}] {name}"
        shown = _Shown(self._stream, label, self._is_terminal)
        before, cost = sum(self._costs[: self._number - 1]), self._costs[self._number - 1]

        def show(share: float) -> None:
            shown.show(int(100 * share))
            self._write(name, (before + cost * share) / sum(self._costs))

        started = time.monotonic()
        step = Step(session.sparkContext if session else None, label, expected_jobs)
        show(0.0)
        with _repeated(lambda: show(step.share())):
            yield step
        shown.finish(time.monotonic() - started)

    def note(self, text: str) -> None:
        """Print a line between two steps."""
        self._stream.write(f"      {text}\n")
        self._stream.flush()

    def _write(self, name: str, share: float) -> None:
        if self._file:
            seconds = round(time.monotonic() - self._started, 1)
            state = {"step": name, "percent": int(100 * share), "seconds": seconds}
            unfinished = self._file.with_suffix(".unfinished")
            unfinished.write_text(json.dumps(state))
            unfinished.replace(self._file)


class Step:
    """A step while it runs: how much of it is done, by the jobs that have ended.

    A step whose jobs differ much in cost is divided into parts.
    """

    def __init__(self, context: SparkContext | None, group: str, expected_jobs: int | None) -> None:
        self._context = context
        self._group = group
        self._number = 0
        self._done = 0.0
        self._reached = 0.0
        self._share = 0.0 if expected_jobs is None else 1.0
        self._jobs = expected_jobs or 1
        self._last: float | None = None
        self._begin()

    @contextmanager
    def part(
        self, share: float, *, expected_jobs: int, last: float | None = None
    ) -> Iterator[None]:
        """What the body does is this share of the whole step.

        ``last`` is the share of this part that its last job takes; as any other's if None.
        """
        self._begin()
        self._share, self._jobs, self._last = share, expected_jobs, last
        yield
        self._share = 0.0
        self._done += share

    def share(self) -> float:
        """The share of the step that is done, less than 1 while it runs; never less than before."""
        jobs = min(_jobs_done(self._context, self._name()), self._jobs)
        if self._last is None or self._jobs == 1:
            running = jobs / self._jobs
        else:
            others = self._jobs - 1
            running = min(jobs / others, 1.0) * (1 - self._last)
            running += max(jobs - others, 0.0) * self._last
        self._reached = max(self._reached, min(0.99, self._done + self._share * running))
        return self._reached

    def _begin(self) -> None:
        self._number += 1
        if self._context:
            self._context.setJobGroup(self._name(), self._group)

    def _name(self) -> str:
        return f"{self._group} {self._number}"


class StepPart(Protocol):
    """`Step.part`, or what does nothing in its place."""

    def __call__(
        self, share: float, *, expected_jobs: int, last: float | None = None
    ) -> AbstractContextManager[None]: ...


def unwatched(
    share: float, *, expected_jobs: int, last: float | None = None
) -> AbstractContextManager[None]:
    """A part of work whose progress nobody watches."""
    del share, expected_jobs, last
    return nullcontext()


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
def _repeated(show: Callable[[], None]) -> Iterator[None]:
    """Call a function again and again while the body runs."""
    stop = threading.Event()

    def repeat() -> None:
        while not stop.wait(INTERVAL_SECONDS):
            show()

    thread = threading.Thread(target=repeat, daemon=True, name="progress")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _jobs_done(context: SparkContext | None, group: str) -> float:
    """How many jobs are done; a running one counts by the tasks of its last stage.

    What comes before that stage is mostly done by earlier jobs and skipped.
    """
    if context is None:
        return 0.0
    tracker = context.statusTracker()
    done = 0.0
    for job_id in tracker.getJobIdsForGroup(group):
        job = tracker.getJobInfo(job_id)
        if job is None or job.status == "SUCCEEDED":
            done += 1
            continue
        last = tracker.getStageInfo(max(job.stageIds, default=-1))
        if last is not None and last.numTasks:
            done += last.numCompletedTasks / last.numTasks
    return done
