"""Fixtures for all tests: real PostgreSQL and Valkey, and real processes beside the tests.

The servers are started once, by the first process of the session, before Django reads its
settings. The settings module is therefore named here and not in `pyproject.toml`.
"""

import gc
import os
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import django
import hypothesis
import pytest
import redis
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import caches
from pytest_django import DjangoDbBlocker

from recsite.local.process import free_port, wait_until
from recsite.local.standins.openlibrary import OpenLibraryStandin
from tests.planted import found_in, secrets
from tests.services import (
    HOME_VARIABLE,
    ROOT,
    SessionServices,
    configure_environment,
    connected_to,
    create_database,
    database_url,
    start_process,
)

hypothesis.settings.register_profile("patient", deadline=None)  # machines have slow moments
hypothesis.settings.load_profile("patient")

services = pytest.StashKey[SessionServices]()


def pytest_configure(config: pytest.Config) -> None:
    if HOME_VARIABLE not in os.environ:
        config.stash[services] = SessionServices()
        config.stash[services].start()
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # hands the tests to xdist workers, whose settings must not be inherited
    configure_environment(worker_name())
    gc.disable()  # until the tests are collected
    django.setup()
    settle_settings()


def settle_settings() -> None:
    """What differs in this process alone; the processes of a test site do as a site does.

    Pages need no run of collectstatic. A password is hashed in one round instead of a million, in
    a form that those processes can check.
    """
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    PBKDF2PasswordHasher.iterations = 1


@pytest.hookimpl(wrapper=True)  # before pytest-xdist reads the groups, after all is in order
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Keep tests that share something costly in one xdist worker (`--dist loadgroup`).

    Of those that share nothing the long ones come first, so that none is left over at the end.
    """
    for item in items:
        if item.get_closest_marker("xdist_group"):
            continue
        for name in ("spark", "s3", "browser"):
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.xdist_group(name))
                break
    yield
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Keep the tests and all that they import out of the search for garbage.

    They stay to the end: 390,000 objects, each look at which takes 0.4 s.
    """
    gc.freeze()
    gc.enable()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where NO_SKIPS is set, as it is in CI, and a test was skipped all the same.

    Fail, too, where the run has written a secret anywhere.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if services in session.config.stash:
        for line in found_in(Path(os.environ[HOME_VARIABLE]), secrets()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            if reporter:
                reporter.write_line(f"WRITTEN: {line}", red=True)
    if os.environ.get("NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    if services in config.stash:
        config.stash[services].stop()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The database of this process. It takes the place of pytest-django's, which migrates each."""
    name = f"tests_{worker_name()}"
    with django_db_blocker.unblock():
        create_database(name)
    with connected_to(name):
        yield


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Begin without what a page of another test has left in this process."""
    caches["process"].clear()


@pytest.fixture
def valkey_url() -> Iterator[str]:
    """The address of an empty Valkey database, which is emptied again afterwards.

    What Celery notes of its queues stays: processes that have declared them do so only once.
    """
    url = os.environ["REDIS_URL"]
    with redis.Redis.from_url(url) as client:
        _empty(client)
        yield url
        _empty(client)


def _empty(client: redis.Redis) -> None:
    keys = [key for key in client.scan_iter() if not key.startswith(b"_kombu.binding.")]
    if keys:
        client.delete(*keys)


def worker_name() -> str:
    """The name of this process of the tests."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def starter_folder() -> Path:
    """The starter shelf, written out once as a goodbooks-shaped folder."""
    folder = Path(os.environ["BOOKFOLD_HOME"]) / "starter"
    subprocess.run([sys.executable, "-m", "catalog.starter", folder], check=True, cwd=ROOT)
    return folder


@pytest.fixture(scope="session")
def goodreads_standin(starter_folder: Path) -> Iterator[str]:
    """The address of a Goodreads stand-in whose sample readers come from the starter shelf."""
    port = free_port()
    standin = start_process(
        "standin",
        "recsite.local.standins.goodreads",
        f"--port={port}",
        f"--data={starter_folder}",
        environment=os.environ,
    )
    assert wait_until(lambda: standin.ended() or _listens(port), seconds=60), "no answer"
    assert not standin.ended(), standin.log.read_text()
    yield f"http://127.0.0.1:{port}"
    standin.stop()


@pytest.fixture(scope="session")
def openlibrary_standin() -> Iterator[str]:
    """The address of an Open Library stand-in that knows some books beyond the starter shelf."""
    with OpenLibraryStandin().start() as standin:
        yield standin.url


@pytest.fixture(scope="session")
def site_environment(django_db_setup: None) -> dict[str, str]:
    """The environment for a process of the site which works on the database of the tests."""
    from django.db import connection

    name = database_url(connection.settings_dict["NAME"])
    return dict(os.environ) | {"DATABASE_URL": name, "LOG_LEVEL": "INFO"}


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
