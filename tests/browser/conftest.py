"""A whole site for browsers: gunicorn, a worker, the stand-in, the starter shelf and a release."""

import os
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from pytest_django import DjangoDbBlocker

from recsite.local.process import free_port, wait_until
from recsite.local.standins.readers import sample_readers
from tests.browser.chromium import chromium
from tests.releases import publish_release
from tests.services import (
    ROOT,
    SiteProcess,
    celery_worker,
    collected_static,
    connected_to,
    create_database,
    database_url,
    start_process,
)

WEB_START_SECONDS = 600
PATIENCE = 60_000  # milliseconds until what a page is to show or do counts as missing
DATABASE = "tests_browser"
VALKEY = 13  # the number of a database that no process of the tests has
FAILURES = ROOT / ".local" / "failures"
#: What Playwright says where a window is to have no service worker.
BLOCKED = "Service Worker registration blocked by Playwright"
FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True, slots=True)
class Site:
    """A running site, and what tests know of it without asking its database."""

    url: str
    sample_reader: str  # the number of a reader whom its stand-in knows
    operator: str  # the address of somebody who may see the operator's pages
    popular: list[tuple[str, str]]  # titles and authors of the eight books with the most ratings
    rare: str  # the title of the book with the fewest


@dataclass
class Visitor:
    """Somebody at a browser; whatever the console says is kept for the test to see."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and BLOCKED not in message.text:
            self.complaints.append(message.text)


Visit = Callable[..., Visitor]


@pytest.fixture(scope="package")
def site(
    django_db_blocker: DjangoDbBlocker,
    django_test_environment: None,
    goodreads_standin: str,
    openlibrary_standin: str,
    starter_folder: Path,
) -> Iterator[Site]:
    """One site for all tests of the package, on a database, a store and a Valkey of its own.

    Every test is another reader there, and adds nothing to the catalog that another test misses.
    """
    with django_db_blocker.unblock():
        create_database(DATABASE)
    home = Path(os.environ["BOOKFOLD_HOME"]) / "browser"
    store = (home / "store").as_uri()
    reader = str(sample_readers(starter_folder, 1)[0].user_id)
    environment = dict(os.environ) | {
        "DATABASE_URL": database_url(DATABASE),
        "REDIS_URL": f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{VALKEY}",
        "BOOKFOLD_HOME": str(home),
        "STATIC_ROOT": str(collected_static()),
        "RELEASE_STORE": store,
        "RELEASE_CACHE": str(home / "cache"),
        "GOODREADS_BASE_URL": goodreads_standin,
        "OPENLIBRARY_BASE_URL": openlibrary_standin,
        "IMPORT_COOLDOWN_SECONDS": "0",  # all tests pull the shelf of the sample reader
        "LIMITS_FACTOR": "100",  # all tests ask from one address
        "SAMPLE_READER": reader,
        "LOG_LEVEL": "INFO",
    }
    with django_db_blocker.unblock(), connected_to(DATABASE):
        call_command("load_goodbooks", str(starter_folder), verbosity=0)
        operator, popular, rare = _fill(store)
    port = free_port()
    with celery_worker(environment), _web(port, environment) as url:
        yield Site(url, reader, operator, popular, rare)


def _fill(store: str) -> tuple[str, list[tuple[str, str]], str]:
    """Publish a release in which genres hang together, and add an operator."""
    from catalog.models import Book
    from tests.factories import UserFactory

    genres: dict[str, list[int]] = {}
    books = list(Book.objects.active().for_cards().order_by("-ratings_count", "-pk"))
    for book in sorted(books, key=lambda book: book.pk):
        shelvings = list(book.shelvings.all())
        if shelvings and book.goodbooks_id:
            genres.setdefault(shelvings[0].genre.slug, []).append(book.goodbooks_id)
    publish_release(store, list(genres.values()), now=datetime.now(UTC))
    operator = UserFactory.create(is_staff=True, is_superuser=True).email
    popular = [(book.title, book.author_names[0]) for book in books[:8]]
    _give_curators_work()
    return operator, popular, books[-1].title


def _give_curators_work() -> None:
    """Add two books that are probably one, without a language, and a work that was found."""
    from catalog.models import FoundWork
    from tests.factories import BookFactory
    from tests.works import KLARA

    for title, author in (("The Salt Ledger", "Ida Wren"), ("The salt ledger", "I. Wren")):
        BookFactory.create(title=title, authors=[author], goodbooks_id=None, language="")
    FoundWork.objects.create(
        key=KLARA.key,
        title=KLARA.title,
        author=KLARA.authors[0],
        year=KLARA.first_year,
        reason="popular",
        work=asdict(KLARA),
        shelves=9,
    )


@contextmanager
def _web(port: int, environment: Mapping[str, str]) -> Iterator[str]:
    """Gunicorn, with static files collected as in production."""
    options = [f"--bind=127.0.0.1:{port}", "--workers=1", "--threads=4"]
    web = start_process("web", "gunicorn", "recsite.wsgi", *options, environment=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        ready = wait_until(lambda: _is_live(url, web), seconds=WEB_START_SECONDS)
        assert ready, web.log.read_text()
        assert not web.ended(), web.log.read_text()
        yield url
    finally:
        web.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of the package; each opens windows with a context of its own.

    It ends with the package: while Playwright's loop runs, Django refuses to ask a database.
    """
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
def visit(site: Site, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open a browser window of its own; keyword arguments are those of a Playwright context.

    Of a test that failed, pictures of its windows stay in `.local/failures`.
    """
    visitors: list[Visitor] = []
    with ExitStack() as open_contexts:

        def open_window(**options: Any) -> Visitor:
            # A service worker would answer what a test wants to answer itself. Nothing moves, which
            # would be drawn sixty times a second.
            asked = {
                "base_url": site.url,
                "service_workers": "block",
                "reduced_motion": "reduce",
            } | options
            context = browser.new_context(**asked)
            open_contexts.callback(context.close)
            context.set_default_timeout(PATIENCE)
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
