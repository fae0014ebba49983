"""A whole site for browsers: gunicorn, a worker, the stand-in, the starter shelf and a release."""

import re
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, ConsoleMessage, Page

from recsite.local.process import free_port, wait_until
from recsite.local.standins.readers import sample_readers
from tests.browser.chromium import chromium
from tests.releases import publish_release
from tests.services import ROOT, SiteProcess, start_process

WEB_START_SECONDS = 60
FAILURES = ROOT / ".local" / "failures"
FAILED = pytest.StashKey[bool]()


@dataclass(slots=True)
class Site:
    """A running site and the number of a reader whom its stand-in knows."""

    url: str
    sample_reader: str


@dataclass
class Visitor:
    """Somebody at a browser; whatever the console says is kept for the test to see."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
def _web(
    site_environment: dict[str, str],
    goodreads_standin: str,
    openlibrary_standin: str,
    starter_folder: Path,
) -> Iterator[Site]:
    """Gunicorn, with static files collected as in production."""
    port = free_port()
    reader = str(sample_readers(starter_folder, 1)[0].user_id)
    environment = site_environment | {
        "GOODREADS_BASE_URL": goodreads_standin,
        "OPENLIBRARY_BASE_URL": openlibrary_standin,
        "SAMPLE_READER": reader,
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(collect, check=True, cwd=ROOT, env=environment)
    options = [f"--bind=127.0.0.1:{port}", "--workers=1", "--threads=4"]
    web = start_process("web", "gunicorn", "recsite.wsgi", *options, environment=environment)
    url = f"http://127.0.0.1:{port}"
    ready = wait_until(lambda: _is_live(url, web), seconds=WEB_START_SECONDS)
    assert ready, web.log.read_text()
    assert web.process.poll() is None, web.log.read_text()
    yield Site(url, reader)
    web.stop()


@pytest.fixture
def site(
    _web: Site, celery_worker_process: SiteProcess, starter_folder: Path, settings: Any
) -> Site:
    """The site with the starter shelf in its catalog, and a release in which genres hang together.

    Every test begins with an empty database, so that the catalog is loaded for each of them.
    """
    from catalog.models import Book

    call_command("load_goodbooks", str(starter_folder), verbosity=0)
    genres: dict[str, list[int]] = {}
    for book in Book.objects.for_cards():
        shelvings = list(book.shelvings.all())
        if shelvings and book.goodbooks_id:
            genres.setdefault(shelvings[0].genre.slug, []).append(book.goodbooks_id)
    publish_release(settings.RELEASE_STORE, list(genres.values()), now=datetime.now(UTC))
    return _web


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    """Started after the site: Playwright's loop and Django's database do not go together."""
    with chromium() as started:
        yield started


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Leave word for `visit` whether the test went well."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def visit(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open a browser window of its own; keyword arguments are those of a Playwright context.

    Of a test that failed, pictures of its windows stay in `.local/failures`.
    """
    visitors: list[Visitor] = []
    with ExitStack() as open_contexts:

        def open_window(**options: Any) -> Visitor:
            context = browser.new_context(base_url=site.url, **options)
            open_contexts.callback(context.close)
            context.set_default_timeout(60_000)
            visitor = Visitor(context.new_page())
            visitors.append(visitor)
            visitor.page.on("console", visitor.note)
            visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
            return visitor

        yield open_window
        if request.node.stash.get(FAILED, False):
            for number, visitor in enumerate(visitors, start=1):
                name = f"{re.sub('[^a-z0-9]+', '-', request.node.name.lower())}-{number}.png"
                visitor.page.screenshot(path=FAILURES / name, full_page=True)


def _is_live(url: str, web: SiteProcess) -> bool:
    if web.process.poll() is not None:
        return True
    try:
        with urlopen(f"{url}/health/live", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
