"""A whole site, two of each worker and two beats, whose services fail while visitors go on.

Run by `make test-faults`: it takes some minutes. Every answer has words, what was sent is kept or
asked for again, and in the end everybody has what they asked for.
"""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from recsite.local.process import wait_until
from recsite.local.standins.faults import Fault
from recsite.local.standins.goodreads import GoodreadsStandin
from tests.faults.site import BreakableSite, Visitor, breakable_site

pytestmark = pytest.mark.services

HANG_SECONDS = 40.0
DISK_BYTES = 1 << 30
VISITS = 3  # rounds of a visitor while something is broken
RECOVERY = 240.0  # seconds in which something goes on afterwards, until all is done
UNDER_WAY = """
    SELECT job.id, job.state, count(item.id) FROM recommender_importjob AS job
    LEFT JOIN recommender_importitem AS item ON item.job_id = job.id
    WHERE job.finished_at IS NULL AND job.state != 'preview' GROUP BY job.id ORDER BY job.id
"""
PAGES = ("/", "/library/", "/recommendations/", "/rate/", "/books/?q=sea", "/history/", "/account/")
HEADING = b"Title,Author,My Rating,Exclusive Shelf,My Review\n"
LINE = b"Book %d,A. Nonymous,4,read," + b"x" * 99_999 + b"\n"
#: Too large for memory, so that it is written to disk while it comes in.
EXPORT = HEADING + b"".join(LINE % number for number in range(30))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, starter_folder: Path) -> Iterator[BreakableSite]:
    folder = tmp_path_factory.mktemp("whole")
    with (
        own_disk(folder),
        GoodreadsStandin(starter_folder, slow_seconds=0.3).start() as goodreads,
        breakable_site(folder, goodreads.url, starter_folder) as site,
    ):
        yield site


@contextmanager
def own_disk(folder: Path) -> Iterator[None]:
    """A small disk for all that the site writes, where this account may have one."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    yield
    if is_mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def cut(site: BreakableSite) -> None:
    """End every connection of the site, as a failover does."""
    site.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bookfold'",
        superuser=True,
    )


@contextmanager
def again_and_again(act: Callable[[], None]) -> Iterator[None]:
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.3):
            act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def postgres_restarted(site: BreakableSite) -> Iterator[None]:
    site.postgres.stop()
    yield
    site.postgres.start()


@contextmanager
def postgres_killed(site: BreakableSite) -> Iterator[None]:
    os.kill(site.postgres.pid or 0, signal.SIGKILL)
    yield
    site.postgres.stop()
    site.postgres.start()


@contextmanager
def connections_cut(site: BreakableSite) -> Iterator[None]:
    with again_and_again(lambda: cut(site)):
        yield


@contextmanager
def set_for_all(site: BreakableSite, setting: str, value: str) -> Iterator[None]:
    """A setting of the database, in new connections and, since the old ones are cut, in all."""
    site.ask(f"ALTER DATABASE {{database}} SET {setting} = {value}", superuser=True)
    cut(site)
    yield
    site.ask(f"ALTER DATABASE {{database}} RESET {setting}", superuser=True)
    cut(site)


@contextmanager
def no_connections(site: BreakableSite) -> Iterator[None]:
    site.ask("ALTER ROLE bookfold CONNECTION LIMIT 0", superuser=True)
    cut(site)
    yield
    site.ask("ALTER ROLE bookfold CONNECTION LIMIT -1", superuser=True)


@contextmanager
def disk_full(site: BreakableSite) -> Iterator[None]:
    """The disk of all that the site writes takes nothing more."""
    ballast = site.folder / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
    yield
    ballast.unlink()
    if not site.postgres.alive():
        site.postgres.start()


@contextmanager
def valkey_killed(site: BreakableSite) -> Iterator[None]:
    os.kill(site.valkey.pid or 0, signal.SIGKILL)
    yield
    site.valkey.stop()
    site.valkey.start()


@contextmanager
def valkey_slow(site: BreakableSite) -> Iterator[None]:
    """It runs a tenth of the time."""
    pid = site.valkey.pid or 0
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            os.kill(pid, signal.SIGSTOP)
            ended.wait(0.45)
            os.kill(pid, signal.SIGCONT)
            ended.wait(0.05)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    ended.set()
    thread.join()


@contextmanager
def both_killed(site: BreakableSite) -> Iterator[None]:
    with postgres_killed(site), valkey_killed(site):
        yield


@contextmanager
def deployed(site: BreakableSite) -> Iterator[None]:
    """Workers and beats are asked to end, and new ones start at the same moment."""
    old = {name: one for name, one in site.processes.items() if name != "web"}
    for process in old.values():
        process.process.terminate()
    for name in old:
        site.start_again(name)
    yield
    for name, process in old.items():
        assert wait_until(process.ended, seconds=RECOVERY), f"{name} does not end"


FAULTS: dict[str, Callable[[BreakableSite], AbstractContextManager[None]]] = {
    "deploy": deployed,
    "PostgreSQL restarted": postgres_restarted,
    "PostgreSQL killed": postgres_killed,
    "connections cut": connections_cut,
    "read-only": lambda site: set_for_all(site, "default_transaction_read_only", "on"),
    "statements timed out": lambda site: set_for_all(site, "statement_timeout", "'2ms'"),
    "no more connections": no_connections,
    "disk full": disk_full,
    "Valkey killed": valkey_killed,
    "Valkey slow": valkey_slow,
    "both killed": both_killed,
}


def visit(visitor: Visitor, uploader: Visitor, round_: int) -> None:
    """Look at pages and send forms of every kind."""
    for page in PAGES:
        visitor.get(page)
    number = 1 + round_
    visitor.post(f"/books/{number}/shelve", {"shelf": "read", "stars": "4", "next": "/rate/"})
    visitor.post("/books/missing/", {"title": f"Klara & the “Sun” {round_}", "author": "Ishiguro"})
    visitor.post("/theme", {"theme": "dark"})
    uploader.post("/start", {}, {"export": EXPORT})


def begin(site: BreakableSite) -> Visitor:
    """A guest with a library, whose shelf is being fetched."""
    visitor = Visitor(site)
    visitor.get("/")
    visitor.post("/books/20/shelve", {"shelf": "read", "stars": "5", "next": "/rate/"})
    visitor.post("/start", {"profile": str(int(Fault.SLOW_PAGES))})
    assert visitor.wrong == []
    return visitor


def test_nothing_is_lost_and_every_answer_has_words(site: BreakableSite) -> None:
    say("two of each worker and of beat")
    both_away_at_the_start(site)
    visitors = {}
    faults = dict(FAULTS)
    if shutil.disk_usage(site.folder).total > DISK_BYTES:
        say("disk full: not tried, as only root can give the site a disk of its own")
        del faults["disk full"]
    for name, fault in faults.items():
        visitors[name] = visitor = begin(site)
        uploader = Visitor(site)
        uploader.get("/")
        before = len(visitor.statuses)
        with fault(site):
            for round_ in range(VISITS):
                visit(visitor, uploader, round_)
            told = Counter(visitor.statuses[before:] + uploader.statuses[1:])
            slowest = max(visitor.seconds)
        site.waits_for("/health/ready")
        visitor.try_again()
        visitor.wrong += uploader.wrong
        ended = site.restart_what_has_ended()
        say(f"{name}: {dict(told)}, slowest {slowest:.1f} s, ended {ended}, wrong {visitor.wrong}")
    while_valkey_hangs(site)

    done = imports_end(site)
    ended_as = site.ask(
        "SELECT state, error_code, count(*) FROM recommender_importjob GROUP BY 1, 2"
    )
    say(f"imports: {ended_as}")
    assert {name: one.wrong for name, one in visitors.items() if one.wrong} == {}
    assert done, site.logs()
    # Who uploads again replaces what waits for a yes.
    allowed = {("done", ""), ("preview", ""), ("failed", "replaced")}
    assert {(state, code) for state, code, _ in ended_as} == allowed
    rated = site.ask(
        "SELECT count(*) FROM recommender_libraryentry"
        " WHERE book_id < 4 AND stars = 4 AND 'stars' = ANY(edited_fields)"
    )
    assert rated == [(VISITS * len(faults),)]


def imports_end(site: BreakableSite) -> bool:
    """Wait for all imports, for as long as any of them goes on; say whether they have ended."""
    while left := site.ask(UNDER_WAY):
        if not wait_until(partial(moved_on, site, left), seconds=RECOVERY, interval=1):
            return False
    return True


def moved_on(site: BreakableSite, left: list[tuple[object, ...]]) -> bool:
    return site.ask(UNDER_WAY) != left


def both_away_at_the_start(site: BreakableSite) -> None:
    """The processes start before their services; nobody has to start them again."""
    site.postgres.stop()
    site.valkey.stop()
    site.start()
    site.waits_for("/health/live")
    visitor = Visitor(site)
    for page in PAGES:
        visitor.get(page)
    assert not site.answers("/health/ready")
    site.valkey.start()
    site.postgres.start()
    site.waits_for("/health/ready")
    ended = site.restart_what_has_ended()
    say(f"both away at the start: {dict(Counter(visitor.statuses))}, ended {ended}")
    assert visitor.wrong == []


def while_valkey_hangs(site: BreakableSite) -> None:
    """For 40 s it answers nothing; pages come all the same."""
    visitor = begin(site)
    os.kill(site.valkey.pid or 0, signal.SIGSTOP)
    resume = threading.Timer(HANG_SECONDS, os.kill, (site.valkey.pid or 0, signal.SIGCONT))
    resume.start()
    gets: list[float] = []
    while resume.is_alive():
        for page in PAGES:
            visitor.get(page)
            gets.append(visitor.seconds[-1])
    start = visitor.post("/start", {"profile": "2"})
    resume.join()
    cuts = statistics.quantiles(gets, n=20)
    say(
        f"Valkey hung for 40 s: {len(gets)} pages, median {statistics.median(gets):.3f} s, "
        f"p95 {cuts[-1]:.3f} s, slowest {max(gets):.3f} s"
    )
    assert start
    assert visitor.wrong == []


def say(text: str) -> None:
    sys.stdout.write(f"\n{text}")
    sys.stdout.flush()
