"""The PostgreSQL and the Valkey that one test session shares, and the processes of a test site."""

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from recsite.local.postgres import Postgres
from recsite.local.process import spawn, stop, wait_until
from recsite.local.valkey import Valkey
from tests.planted import SECRET_KEY

ROOT = Path(__file__).resolve().parent.parent
HOME_VARIABLE = "BOOKFOLD_TEST_HOME"
PREFIX, LOCK = "bookfold-tests-", "session.lock"
TEMPLATE = "template_of_tests"
WORKER_START_SECONDS = 60
#: For `JAVA_TOOL_OPTIONS` of processes that end within a minute: what the JVM's second compiler
#: and its parallel collector cost does not come back in so short a life.
BRIEF_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class SessionServices:
    """What the first process of a test session starts for itself and its xdist workers."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def start(self) -> None:
        """Start both servers on an empty folder and put their addresses into the environment."""
        remove_left_behind(Path(tempfile.gettempdir()))
        home = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._stack.callback(shutil.rmtree, home, ignore_errors=True)
        lock = self._stack.enter_context((home / LOCK).open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        # What processes leave behind that tests kill goes with the folder; pytest's own stays.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
        os.environ["TMPDIR"] = tempfile.tempdir = str(home / "tmp")
        (home / "tmp").mkdir()
        password = secrets.token_urlsafe(16)
        postgres = Postgres(
            home / "postgres", password, password, home / "postgres.log", durable=False
        )
        valkey = Valkey(home / "valkey", home / "valkey.log", password)
        self._stack.enter_context(postgres)
        self._stack.enter_context(valkey)
        os.environ |= {
            HOME_VARIABLE: str(home),
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
        }

    def stop(self) -> None:
        self._stack.close()


def remove_left_behind(folder: Path) -> None:
    """Delete the homes of test sessions that were killed; the kernel has released their locks."""
    for lock in folder.glob(f"{PREFIX}*/{LOCK}"):
        with lock.open("w") as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)


def configure_environment(worker: str) -> None:
    """Set what the settings read, so that nothing of the machine's own set-up leaks in.

    Each xdist worker has a folder, a Valkey database and a PostgreSQL database of its own.
    """
    home = Path(os.environ[HOME_VARIABLE]) / worker
    (home / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where it is missing
    number = int(worker.removeprefix("gw")) if worker != "main" else 15
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "recsite.settings",
        "SECRET_KEY": SECRET_KEY,
        "DEBUG": "false",
        "HTTPS": "false",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "LOG_JSON": "true",
        "LOG_LEVEL": "WARNING",
        "SENTRY_DSN": "",
        "EMAIL_HOST": "",
        "BOOKFOLD_HOME": str(home),
        "BOOKFOLD_DATA": "",
        "RELEASE_STORE": (home / "store").as_uri(),
        "RELEASE_CACHE": str(home / "cache"),
        "RELEASE_POLL_SECONDS": "0.1",
        "REDIS_URL": os.environ["REDIS_URL"].rpartition("/")[0] + f"/{number}",
        "CONTACT_EMAIL": "",
        "GOODREADS_API_KEY": "",
        "GOODREADS_BASE_URL": "http://127.0.0.1:9",  # nobody answers there
        "GOODREADS_PAUSE_SECONDS": "0",
        "OPENLIBRARY_BASE_URL": "http://127.0.0.1:9",
        "OPENLIBRARY_REQUESTS_PER_SECOND": "1000",
        "COVER_HOST": "",
        "S3_ENDPOINT_URL": "",
    }


@dataclass(frozen=True, slots=True)
class SiteProcess:
    """A real process of the site beside the tests, and the file with what it printed."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        stop(self.process, signal.SIGTERM, patience=15)

    def kill(self) -> None:
        """End it as `kill -9` does, together with its children."""
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


def start_process(name: str, *arguments: str, environment: Mapping[str, str]) -> SiteProcess:
    """Start `python -m ARGUMENTS…` in the checkout with exactly this environment."""
    folder = Path(os.environ["BOOKFOLD_HOME"])
    descriptor, path = tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=folder)
    with os.fdopen(descriptor, "wb") as log:
        process = spawn([sys.executable, "-m", *arguments], env=environment, cwd=ROOT, output=log)
    return SiteProcess(process, Path(path))


@contextmanager
def celery_worker(
    environment: Mapping[str, str], *, queue: str = "page,celery", processes: int = 2
) -> Iterator[SiteProcess]:
    """A real Celery worker of some queues, ready when the block begins."""
    arguments = ["-A", "workers.app", "worker", f"--concurrency={processes}", "--loglevel=INFO"]
    arguments += [f"--queues={queue}", f"--hostname={queue}@%h"]
    worker = start_process("worker", "celery", *arguments, environment=environment)
    try:
        settled = wait_until(
            lambda: worker.ended() or " ready." in worker.log.read_text(),
            seconds=WORKER_START_SECONDS,
        )
        assert settled, "the worker is not ready in time"
        assert not worker.ended(), worker.log.read_text()
        yield worker
    finally:
        worker.stop()


def collected_static() -> Path:
    """The folder of the static files, collected once a session for all sites of the tests."""
    home = Path(os.environ[HOME_VARIABLE])
    folder = home / "collected"
    with (home / "static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
            environment = dict(os.environ) | {"STATIC_ROOT": str(folder)}
            subprocess.run(command, check=True, cwd=ROOT, env=environment)
    return folder


def create_database(name: str) -> None:
    """Copy the database that is migrated once a session, by the first process that needs it."""
    home = Path(os.environ[HOME_VARIABLE])
    with (
        (home / "template.lock").open("w") as lock,
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        if not known.fetchone():
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
            _migrate(TEMPLATE)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(TEMPLATE)
            )
        )


def _migrate(name: str) -> None:
    from django.core.management import call_command

    with connected_to(name):
        call_command("migrate", verbosity=0)


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Let Django in this process work on another database of the session's server."""
    from django.db import connection

    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def database_url(name: str) -> str:
    """The address of another database on the session's server, such as a test database."""
    return os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
