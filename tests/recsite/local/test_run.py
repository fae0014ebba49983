"""`make run` as a process: what it refuses in one sentence, and one whole life of a site."""

import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from recsite.local.datasets import Dataset, Prepared
from recsite.local.home import Home
from recsite.local.process import free_port, kill_session, wait_until
from recsite.local.run import Address, follow
from recsite.local.supervise import Program, Screen
from tests.recsite.local.test_process import is_alive, read_process
from tests.services import BRIEF_JVM

PARTS = (
    "postgres",
    "valkey",
    "goodreads",
    "openlibrary",
    "gunicorn",
    "worker@",
    "background@",
    "beat",
)
ROOT = Path(__file__).resolve().parents[3]


def environment(home: Path, **variables: str) -> dict[str, str]:
    """A machine on which nothing is set up, and from which the official archive is out of reach."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "JAVA_HOME") if name in os.environ}
    fixed = {"BOOKFOLD_HOME": str(home), "PORT": str(free_port()), "PYTHONUNBUFFERED": "1"}
    return kept | fixed | {"GOODBOOKS_URL": f"http://127.0.0.1:{free_port()}/none.zip"} | variables


def refusal(home: Path, *, module: str = "recsite.local.run", **variables: str) -> str:
    """Start the module and return the one line with which it ends."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=environment(home, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 1, done.stdout
    return lines[0]


def test_a_busy_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        assert refusal(tmp_path, PORT=port).startswith(f"Port {port} is in use")


def test_a_port_that_is_none(tmp_path: Path) -> None:
    assert refusal(tmp_path, PORT="http") == "PORT must be a number from 1 to 65535, not 'http'."


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "can't be written" in refusal(tmp_path / "file" / "home")


def test_a_data_folder_that_is_none(tmp_path: Path) -> None:
    for module in ("recsite.local.run", "recsite.local.goodbooks"):
        sentence = refusal(tmp_path, module=module, BOOKFOLD_DATA=str(tmp_path / "none"))
        assert sentence.startswith("BOOKFOLD_DATA names")


def test_a_home_that_another_site_has(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    with home.locked():
        sentence = refusal(tmp_path)
    assert sentence.startswith(
        f"Bookfold is already running from {tmp_path} (process {os.getpid()})"
    )


def test_a_new_dataset_reaches_the_stand_in(tmp_path: Path, starter_folder: Path) -> None:
    screen = Screen(["goodreads"], io.StringIO())
    home, address = Home(tmp_path), Address("127.0.0.1", free_port())
    before = Prepared(Dataset("/none", "old", simulated=True), 1, "demo@example.org", "password")
    after = replace(
        before, dataset=Dataset(str(starter_folder), "new", simulated=False), sample_reader=2
    )
    variables = dict(os.environ) | {"STANDIN_URL": f"http://127.0.0.1:{free_port()}"}
    wait = [sys.executable, "-c", "import time; time.sleep(60)"]
    standin = Program("goodreads", wait, variables, screen)
    standin.start()
    try:
        after.write(home)
        assert follow(home, before, address, {"goodreads": standin}) == after
        assert str(starter_folder) in standin.argv[-1]
        assert standin.alive()
        pid = standin.pid
        follow(home, after, address, {"goodreads": standin})
        assert standin.pid == pid
    finally:
        standin.stop()


LONGEST_SILENCE = 240.0  # seconds in which a start says nothing new


class RunningSite:
    """`make run` in a process of its own."""

    def __init__(self, home: Path, log: Path) -> None:
        self.home, self.log = Home(home), log
        self.environment = environment(home, JAVA_TOOL_OPTIONS=BRIEF_JVM)
        self.port = int(self.environment["PORT"])

    def start(self) -> None:
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "recsite.local.run"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        # On a busy machine it takes long, and tells of its progress all the while.
        heard, size = -1, 0
        while not self._has_begun() and size > heard:
            heard = size
            wait_until(self._has_begun, seconds=LONGEST_SILENCE)
            size = self.log.stat().st_size
        assert self._has_begun(), self.said()
        assert self.process.poll() is None, self.said()

    def _has_begun(self) -> bool:
        """Whether the site is up, or has given up."""
        return "Ctrl-C stops" in self.said() or self.process.poll() is not None

    def said(self) -> str:
        return self.log.read_text()

    def parts(self) -> dict[str, int]:
        """The processes right below it, by a word of their command lines."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        lines = {int(pid): read_process(int(pid), "cmdline") for pid in children.split()}
        return {word: pid for word in PARTS for pid, line in lines.items() if word in line}

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()

    def end(self, signum: signal.Signals) -> None:
        parts = self.parts()
        self.process.send_signal(signum)
        self.process.wait(60)
        assert wait_until(lambda: not any(map(is_alive, parts.values())), seconds=30), parts

    def recommend(self) -> list[object]:
        """What `manage.py recommend` answers for the sample reader."""
        sample = re.search(r"^Sample reader: (\d+)$", self.said(), re.MULTILINE)
        assert sample
        command = [sys.executable, "manage.py", "recommend", "--goodreads-id", sample[1], "--json"]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True
        )
        answer: list[object] = json.loads(done.stdout)["recommendations"]
        return answer


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    site = RunningSite(tmp_path / "home", tmp_path / "log")
    yield site
    kill_session(site.process.pid)


@pytest.mark.services
@pytest.mark.spark
@pytest.mark.long
@pytest.mark.xdist_group("site")  # of its own: it takes long, and shares no session of Spark's
def test_the_life_of_a_site(site: RunningSite) -> None:
    site.start()
    # The full set is out of reach, which it finds out beside the site.
    assert wait_until(lambda: "stays with the starter shelf" in site.said(), seconds=60)
    assert "Demo log-in: demo@" in site.said()
    assert site.is_ready()
    recommended = site.recommend()
    assert len(recommended) == 10

    before = site.parts()
    assert set(before) == set(PARTS)
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not any(map(is_alive, before.values())), seconds=30)
    assert wait_until(lambda: set(site.parts()) == set(before) and site.is_ready(), seconds=90), (
        site.said()
    )

    site.end(signal.SIGKILL)
    site.start()
    assert "already loaded" in site.said()
    assert site.recommend() == recommended
    site.end(signal.SIGTERM)
    assert site.process.returncode == 0
    assert not site.home.addresses_file.exists()
