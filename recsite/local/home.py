"""BOOKFOLD_HOME, the folder of the embedded default: its data, secrets and addresses."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import environ

from recsite.local.process import LocalError

ROOT = Path(__file__).resolve().parents[2]
SECRETS = ("SECRET_KEY", "POSTGRES_PASSWORD", "POSTGRES_SUPERUSER_PASSWORD", "VALKEY_PASSWORD")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder, and the paths in it."""

    path: Path

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def temporary(self) -> Path:
        """What processes of the site keep for a moment, and leave behind if they are killed."""
        return self.path / "tmp"

    @property
    def lock_file(self) -> Path:
        return self.path / "run.lock"

    @property
    def addresses_file(self) -> Path:
        """The addresses of a running site's services; it exists only while the site runs."""
        return self.path / "site.env"

    @property
    def prepared_file(self) -> Path:
        """The dataset that the site was last prepared with."""
        return self.path / "prepared.json"

    @property
    def next_file(self) -> Path:
        """The dataset that is to come, while it is on its way."""
        return self.path / "next.json"

    @property
    def build_file(self) -> Path:
        """How far the build of its release is."""
        return self.path / "build.json"

    @property
    def store(self) -> str:
        """The store of releases, unless RELEASE_STORE names another."""
        return (self.path / "store").as_uri()

    def create(self) -> None:
        """Create the folder, closed to other users, and check that it is writable."""
        try:
            self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            probe = self.path / ".writable"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise LocalError(
                f"{self.path} can't be written ({error.strerror}); make it writable, or set "
                "BOOKFOLD_HOME to a folder of your own."
            ) from error

    def empty_temporary(self) -> None:
        """Remove what killed processes have left; only while the folder is locked."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(mode=0o700, exist_ok=True)

    def secrets(self) -> dict[str, str]:
        """The passwords of this site, created at the first call and kept."""
        path = self.path / "secrets.json"
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        missing = [name for name in SECRETS if name not in kept]
        if missing:
            kept |= {name: secrets.token_urlsafe(40) for name in missing}
            write_private(path, json.dumps(kept, indent=2))
        return kept

    def publish(self, addresses: Mapping[str, str]) -> None:
        """Let other commands on this machine find the running site."""
        lines = (f"{name}={value}\n" for name, value in addresses.items())
        write_private(self.addresses_file, "".join(lines))

    def withdraw(self) -> None:
        self.addresses_file.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Lock the folder for this process; False if a running site has locked it.

        The kernel releases the lock when its process ends, so that none is ever left behind.
        """
        with self.lock_file.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield True
            file.truncate(0)

    @contextmanager
    def bringing_alone(self) -> Iterator[None]:
        """Let one process at a time bring another dataset; raises `LocalError` in a second one."""
        with (self.path / "bringing.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LocalError(
                    "Another set of books is on its way into this site; "
                    "its home page says how far it is."
                ) from error
            yield

    def owner(self) -> int | None:
        """The process that has locked the folder, or that was killed while it had."""
        text = self.lock_file.read_text() if self.lock_file.exists() else ""
        return int(text) if text.isdecimal() else None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, completely or not at all."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)


def read_dotenv() -> None:
    """Set the variables of the `.env` beside `manage.py` that are not set yet."""
    dotenv = ROOT / ".env"
    if dotenv.is_file():
        environ.Env.read_env(dotenv)


def home_of(environment: Mapping[str, str]) -> Home:
    return Home(Path(environment.get("BOOKFOLD_HOME") or ROOT / ".local").expanduser().absolute())
