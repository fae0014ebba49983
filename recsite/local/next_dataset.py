"""Brings another set of books into a site that serves, and puts its release in use last of all.

`make run` starts this as a process of its own beside the site, so that the first page is there
within two minutes whatever the set; `make goodbooks` does the same work while somebody waits. What
is done is noted in BOOKFOLD_HOME, so that the next start goes on where this one was killed.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.core.management import call_command

from recsite.local import data
from recsite.local.archive import NotFetched
from recsite.local.datasets import Dataset, NextDataset, Prepared
from recsite.local.home import Home, home_of, write_private
from recsite.local.prepare import finish, load, releases, run_with_django, say
from recsite.local.process import LocalError
from recsite.preparation import FILE, Preparation

#: Of the whole, by what each stage takes with the full set (docs/PERFORMANCE.md): the download
#: depends on the line, and is counted as a few seconds.
SHARES = {"downloading": 0.03, "training": 0.87, "loading the catalog": 0.09, "switching": 0.01}
NICENESS = 10  # readers come first
TELL_SECONDS = 1.0
#: Below this share nothing can be said of the time that is left.
KNOWN_SHARE = 0.05


class ProgressReport:
    """Keeps up to date the file that tells pages and health checks how far the set is."""

    def __init__(self, home: Home, dataset: str) -> None:
        self._file = home.path / FILE
        self._state = Preparation(dataset, next(iter(SHARES)))
        self._begun: tuple[float, float] | None = None
        self._write()

    def reached(self, stage: str, share: float = 0.0) -> None:
        """Tell how much of a stage is done; `share` is from 0 to 1."""
        before = [part for name, part in SHARES.items() if name != stage]
        before = before[: list(SHARES).index(stage)]
        whole = sum(before) + SHARES[stage] * share
        now = time.monotonic()
        if self._begun is None:
            self._begun = (now, whole)  # of an earlier run, so that it says nothing of the time
        since, start = self._begun
        done = whole - start
        left = (now - since) * (1 - whole) / done if done > KNOWN_SHARE else None
        self._state = replace(
            self._state,
            stage=stage,
            percent=max(self._state.percent, min(99, int(100 * whole))),
            seconds_left=None if left is None else int(left),
        )
        self._write()

    def failed(self, why: str) -> None:
        self._state = replace(self._state, trouble=why)
        self._write()

    def ended(self) -> None:
        self._file.unlink(missing_ok=True)

    def _write(self) -> None:
        write_private(self._file, self._state.to_json())


def switch(home: Home, dataset: Dataset, report: ProgressReport) -> None:
    """Build a release of the set, load its books, and put the release in use.

    Raises
    ------
    LocalError
        If the release can't be built, or is worse than the one in use, which stays.
    """
    step = NextDataset.read(home) or NextDataset()
    if step.dataset != dataset:
        step = NextDataset(dataset)
    step.write(home)
    if not is_in_store(step.version):
        say("[1/3] Building a release")
        with _following(home.build_file, report):
            version = data.build_unpromoted(
                dataset,
                os.environ.get("RELEASE_STORE") or home.store,
                say=say,
                progress=home.build_file,
            )
        try:
            check_gate(version)
        except LocalError:
            home.next_file.unlink()  # the same ratings would be refused again at each start
            raise
        step = replace(step, version=version)
        step.write(home)
    if not step.is_loaded:
        say("[2/3] Loading the catalog")
        report.reached("loading the catalog")
        load(dataset)
        step = replace(step, is_loaded=True)
        step.write(home)
    say("[3/3] Putting the release in use")
    report.reached("switching")
    call_command("releases", promote=step.version)
    finish(home, dataset, Prepared.read(home))
    home.next_file.unlink()


def is_in_store(version: str) -> bool:
    """Whether the store has this release, whole."""
    return any(row["version"] == version and "dataset" in row for row in releases())


def check_gate(version: str) -> None:
    """Raise `LocalError`, with the old release still in use, if the gate refused the new one."""
    built = [row for row in releases() if row["version"] == version and "gate" in row]
    if built and built[0]["gate"].get("passed") is False:
        raise LocalError(
            f"{version} was built, but the old release stays in use: "
            f"{built[0]['gate'].get('reason')}. "
            f"`.venv/bin/python manage.py releases --promote {version}` uses it all the same."
        )


@contextmanager
def _following(file: Path, report: ProgressReport) -> Iterator[None]:
    """Report how far a build is, by the file that it keeps, while the body waits for it."""
    file.unlink(missing_ok=True)
    stop = threading.Event()

    def follow() -> None:
        while not stop.wait(TELL_SECONDS):
            report.reached("training", share_in(file))

    thread = threading.Thread(target=follow, daemon=True, name="preparation")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        file.unlink(missing_ok=True)


def share_in(file: Path) -> float:
    """How much of a build is done, by its file; 0 before there is one."""
    try:
        return float(json.loads(file.read_text())["percent"]) / 100
    except OSError:
        return 0.0


def bring(home: Home, get: Callable[[], Dataset], name: str) -> None:
    """Get a set and switch to it, and report how far that is.

    Raises
    ------
    LocalError
        If that fails, or another process does so already.
    """
    with home.bringing_alone():
        report = ProgressReport(home, name)
        try:
            dataset = get()
            report.reached("training")
            switch(home, dataset, report)
        except LocalError as error:
            report.failed(str(error))
            raise
        report.ended()


def bring_next(home: Home) -> None:
    """Bring the set that is noted as the next one; `make run` starts this beside the site."""
    step = NextDataset.read(home)
    if step is None:
        return
    os.nice(NICENESS)
    if step.dataset:
        known = step.dataset
        bring(home, lambda: known, known.name)
        return
    try:
        bring(home, lambda: data.full_set(home, os.environ, say=say), data.FULL_SET)
    except NotFetched as error:
        home.next_file.unlink()
        (home.path / FILE).unlink()
        say(
            f"{error}: the site stays with the starter shelf, well-known books with SIMULATED "
            "readers; `make goodbooks` loads the full set later."
        )


def main() -> int:
    return run_with_django(home_of(os.environ), bring_next)


if __name__ == "__main__":
    sys.exit(main())
