"""A whole site whose parts can be broken, and a visitor who goes on meanwhile."""

import html
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import requests

from recsite.local.postgres import DATABASE, SUPERUSER, Postgres
from recsite.local.process import free_port, wait_until
from recsite.local.run import WORKERS, worker_arguments
from recsite.local.valkey import Valkey
from tests.releases import publish_release
from tests.services import ROOT, SiteProcess, start_process

START_SECONDS = 120
PATIENCE = 60.0  # seconds until a page that does not come counts as hung
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
TOKEN = "csrfmiddlewaretoken"


@dataclass
class BreakableSite:
    """The processes of a site, two of each but the services and the web."""

    folder: Path
    goodreads: str
    postgres: Postgres
    valkey: Valkey
    port: int = field(default_factory=free_port)
    processes: dict[str, SiteProcess] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return dict(os.environ) | {
            "BOOKFOLD_HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "RELEASE_STORE": (self.folder / "store").as_uri(),
            "RELEASE_CACHE": str(self.folder / "cache"),
            "GOODREADS_BASE_URL": self.goodreads,
            "IMPORT_COOLDOWN_SECONDS": "0",
            "LIMITS_FACTOR": "1000",
            "LOG_LEVEL": "INFO",
        }

    def fill(self, starter: Path) -> None:
        """Tables, the starter shelf, a release, static files."""
        for command in ("migrate", f"load_goodbooks {starter}", "collectstatic --noinput"):
            arguments = [sys.executable, "manage.py", *command.split(), "--verbosity=0"]
            subprocess.run(arguments, check=True, cwd=ROOT, env=self.environment)
        books = range(1_000_001, 1_000_465)
        publish_release(self.environment["RELEASE_STORE"], [books[::2], books[1::2]])

    def start(self) -> None:
        """Start two of each kind of worker, two beats, and the web."""
        for number in (1, 2):
            for name in WORKERS:
                self._run(f"{name}{number}", *worker_arguments(name)[2:])
            beat = ("celery", "--quiet", "-A", "workers.app", "beat", "--pidfile=")
            self._run(f"beat{number}", *beat)
        web = ("gunicorn", "recsite.wsgi", f"--bind=127.0.0.1:{self.port}", "--no-control-socket")
        self._run("web", *web, "--workers=2", "--threads=4", "--graceful-timeout=10")

    def _run(self, name: str, *arguments: str) -> None:
        arguments = tuple(part for part in arguments if part != "-m")
        if any(part.startswith("--hostname") for part in arguments):
            arguments = (*arguments, f"--hostname={name}@%h")
        self.processes[name] = start_process(name, *arguments, environment=self.environment)

    def restart_what_has_ended(self) -> list[str]:
        """Do as a supervisor does; return the names."""
        ended = [name for name, process in self.processes.items() if process.ended()]
        for name in ended:
            self.start_again(name)
        return ended

    def start_again(self, name: str) -> None:
        """Start another process of that name, whatever the old one does."""
        command = self.processes[name].process.args
        assert isinstance(command, list)
        self._run(name, *[str(part) for part in command[2:]])

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()

    def answers(self, path: str) -> bool:
        try:
            return requests.get(self.url + path, timeout=10).status_code == 200
        except requests.RequestException:
            return False

    def waits_for(self, path: str) -> None:
        assert wait_until(lambda: self.answers(path), seconds=START_SECONDS), self.logs()

    def ask(self, query: str, *, superuser: bool = False) -> list[tuple[object, ...]]:
        """Rows of the database, beside the site."""
        url = self.postgres.url
        if superuser:
            password = self.postgres.superuser_password
            url = f"postgres://{SUPERUSER}:{password}@127.0.0.1:{self.postgres.port}/postgres"
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(query.replace("{database}", DATABASE))
            return cursor.fetchall() if cursor.description else []

    def logs(self) -> str:
        ends = (process.log.read_text()[-1500:] for process in self.processes.values())
        return "\n".join(ends)


@contextmanager
def breakable_site(folder: Path, goodreads: str, starter: Path) -> Iterator[BreakableSite]:
    """A site whose services run, filled and not started."""
    with ExitStack() as parts:
        postgres = Postgres(folder / "postgres", "secret", "secret", folder / "postgres.log")
        valkey = Valkey(folder / "valkey", folder / "valkey.log", "secret")
        for service in (postgres, valkey):
            parts.callback(service.stop)
            service.start()
        site = BreakableSite(folder, goodreads, postgres, valkey)
        site.fill(starter)
        parts.callback(site.stop)
        yield site


@dataclass
class Visitor:
    """Somebody with a browser, who notes what came and tries again what was refused."""

    site: BreakableSite
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refused: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    was_led_on: bool = False
    browser: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.browser.headers["Referer"] = self.site.url

    def get(self, path: str) -> str:
        return self._ask("GET", path, {}, {})

    def post(self, path: str, form: dict[str, str], files: dict[str, bytes] | None = None) -> str:
        """Send a form; what a page with “Try again” holds is kept for `try_again`."""
        sent = form | {TOKEN: (self.browser.cookies.get("csrftoken") or "")}
        text = self._ask("POST", path, sent, files or {})
        if self.statuses[-1] == 503 and not files and not self.was_led_on:
            kept = {
                html.unescape(name): html.unescape(value) for name, value in HIDDEN.findall(text)
            }
            self._expect(form.items() <= kept.items(), f"{path}: of {form} it kept {kept}")
            self.refused.append((path, {name: kept.get(name, "") for name in form}))
        return text

    def try_again(self) -> None:
        """Press the buttons of all pages that asked for it."""
        refused, self.refused = self.refused, []
        for path, form in refused:
            self.post(path, form)
            self._expect(self.statuses[-1] != 503, f"{path} is refused for good")

    def _ask(self, method: str, path: str, form: dict[str, str], files: dict[str, bytes]) -> str:
        begun = time.monotonic()
        try:
            answer = self.browser.request(
                method, self.site.url + path, data=form, files=files, timeout=PATIENCE
            )
        except requests.RequestException as error:
            self.wrong.append(f"{method} {path}: {type(error).__name__}")
            self.statuses.append(0)
            return ""
        self.seconds.append(time.monotonic() - begun)
        self.statuses.append(answer.status_code)
        self.was_led_on = bool(answer.history)
        said = f"{method} {path}: {answer.status_code}"
        self._expect(answer.status_code in (200, 404, 422, 503), said)
        self._expect(path.startswith("/health") or "<h1" in answer.text, f"{said} without words")
        return answer.text

    def _expect(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            self.wrong.append(otherwise)
