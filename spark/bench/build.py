"""How builds grow: drawn ratings of any number, by step, beside the ALS of the package `implicit`.

``python -m spark.bench.build --ratings 1500000 3000000 --books 10000`` builds a release of each and
prints seconds, seconds of the processors, and memory by process. Where other work goes on, the
processors' seconds are what can be compared; the load is printed beside them.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.csv
from scipy.sparse import csr_matrix

from spark.bench.drawn import Drawn, write_ratings
from spark.factors import FactorSettings

ROOT = Path(__file__).resolve().parents[2]
HEAP = "4g"
SAMPLE_SECONDS = 2.0
#: What the package takes by default, besides the rank and rounds of ours.
IMPLICIT_ALPHA, IMPLICIT_REGULARIZATION = 3.0, 0.1
STEP = re.compile(r"\[\d+/\d+\] (.+?): (\d+) %(?:, ([\d.]+) s)?")


@dataclass(slots=True)
class Cost:
    """What a step, or a whole program, took.

    Attributes
    ----------
    memory
        The highest sums of megabytes by kind of process: shared pages are divided among those that
        share them.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    memory: dict[str, float] = field(default_factory=dict)

    def saw(self, memory: dict[str, float]) -> None:
        """Keep what is more than before."""
        for kind, size in memory.items():
            self.memory[kind] = max(size, self.memory.get(kind, 0.0))


@dataclass(frozen=True, slots=True)
class Process:
    """A process as Linux describes it: its session, name, and processors' seconds.

    Numbers are given again, so that ``begun``, in ticks of the clock, is part of what it is.
    """

    number: int
    begun: int
    session: int
    name: str
    cpu: float


def processes() -> Iterator[Process]:
    """All that run."""
    ticks = os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue  # it has ended meanwhile
        name, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :]
        fields = rest.split()
        session, begun, cpu = int(fields[3]), int(fields[19]), sum(map(int, fields[11:13]))
        yield Process(int(folder.name), begun, session, name, cpu / ticks)


def memory_of(running: Sequence[Process]) -> dict[str, float]:
    """Megabytes by kind of process, and of all together."""
    sizes = {"java": 0.0, "python": 0.0}
    for one in running:
        try:
            lines = Path(f"/proc/{one.number}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        [size] = [int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")]
        sizes["java" if one.name == "java" else "python"] += size
    return sizes | {"all": sum(sizes.values())}


def watched(command: Sequence[str], *, log: Path, cwd: Path) -> dict[str, Cost]:
    """Run a program, and say what each of its steps took, and the whole.

    Raises `subprocess.CalledProcessError` if it fails.
    """
    costs: dict[str, Cost] = {"all": Cost()}
    begun, cpu_before = time.monotonic(), 0.0
    # What has ended keeps its seconds: nobody adds up those of Spark's workers that it ends.
    seen: dict[tuple[int, int], float] = {}
    with log.open("wb") as output:
        program = subprocess.Popen(
            command, cwd=cwd, stdout=output, stderr=output, start_new_session=True
        )
        ended = False
        while not ended:
            running = [one for one in processes() if one.session == program.pid]
            seen |= {(one.number, one.begun): one.cpu for one in running}
            cpu, memory = sum(seen.values()), memory_of(running)
            steps = STEP.findall(log.read_text(errors="replace"))
            name = steps[-1][0] if steps else "start"
            step = costs.setdefault(name, Cost())
            step.cpu += cpu - cpu_before
            cpu_before = cpu
            for cost in (step, costs["all"]):
                cost.saw(memory)
            ended = _has_ended(program, within=SAMPLE_SECONDS)
    text = log.read_text(errors="replace")
    if program.returncode:
        sys.stderr.write(text[-2000:])
        raise subprocess.CalledProcessError(program.returncode, command)
    for name, _, seconds in STEP.findall(text):
        if seconds:
            costs.setdefault(name, Cost()).seconds = float(seconds)
    costs["all"].seconds, costs["all"].cpu = time.monotonic() - begun, cpu_before
    return costs


def _has_ended(program: "subprocess.Popen[bytes]", *, within: float) -> bool:
    try:
        program.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_costs(what: str, costs: dict[str, Cost]) -> None:
    """A row of the table for each step that took a second of the clock or of a processor."""
    for name, cost in costs.items():
        if max(cost.seconds, cost.cpu) >= 1:
            sizes = [f"{cost.memory.get(kind, 0):,.0f}" for kind in ("java", "python", "all")]
            figures = [f"{cost.seconds:.0f}", f"{cost.cpu:.0f}", *sizes]
            say(f"| {what} | {name} | {' | '.join(figures)} | {os.getloadavg()[0]:.1f} |")


def fit_implicit(folder: Path, *, exact: bool, rank: int, rounds: int) -> None:
    """Fit the package on the ratings of a folder, each an entry as in ours."""
    als = import_module("implicit.cpu.als")
    table = pyarrow.csv.read_csv(folder / "ratings.csv")
    readers, books = (table.column(name).to_numpy() - 1 for name in ("user_id", "book_id"))
    stars = table.column("rating").to_numpy().astype(np.float32)
    model = als.AlternatingLeastSquares(
        factors=rank,
        alpha=IMPLICIT_ALPHA,
        regularization=IMPLICIT_REGULARIZATION,
        iterations=rounds,
        use_cg=not exact,
        random_state=1,
    )
    model.fit(csr_matrix((stars / 5, (readers, books))), show_progress=False)


def measure(options: argparse.Namespace, ratings: int, books: int) -> None:
    """One size: drawn, built, and fitted by the package."""
    settings = FactorSettings()
    with TemporaryDirectory(prefix="bookfold-build-", dir=options.folder) as name:
        folder = Path(name)
        drawn = write_ratings(folder / "data", Drawn(ratings=ratings, books=books))
        what = f"{drawn:,} | {books:,}"
        command = [sys.executable, "-m", "spark.build", f"--ratings={folder / 'data'}"]
        command += [f"--store={folder / 'store'}", "--hold-out=0", f"--driver-memory={HEAP}"]
        say_costs(what, watched(command, log=folder / "log", cwd=options.code))
        if options.peers and find_spec("implicit"):
            for solver in options.peers:
                # The package has threads of its own, and warns of those of BLAS beside them.
                fit = ["env", "OPENBLAS_NUM_THREADS=1", sys.executable, "-m", "spark.bench.build"]
                fit += [f"--fit={folder / 'data'}"]
                fit += [f"--solver={solver}", f"--rounds={settings.iterations}"]
                costs = watched(fit, log=folder / "log", cwd=ROOT)
                say_costs(what, {f"implicit, {solver}, rank {settings.rank}": costs["all"]})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m spark.bench.build")
    parser.add_argument("--ratings", type=int, nargs="+", default=[1_500_000, 3_000_000])
    parser.add_argument("--books", type=int, nargs="+", default=[10_000])
    parser.add_argument("--peers", nargs="*", default=["cg", "exact"], help="solvers of implicit")
    parser.add_argument("--code", type=Path, default=ROOT, help="another checkout, to compare with")
    parser.add_argument("--folder", type=Path, help="for what is drawn (default: /tmp)")
    parser.add_argument("--fit", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--solver", default="cg", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fit:
        rank, exact = FactorSettings().rank, options.solver == "exact"
        fit_implicit(options.fit, exact=exact, rank=rank, rounds=options.rounds)
        return
    say("| ratings | books | step | s | CPU s | MB java | python | all | load |")
    say("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for books in options.books:
        for ratings in options.ratings:
            measure(options, ratings, books)


if __name__ == "__main__":
    main()
