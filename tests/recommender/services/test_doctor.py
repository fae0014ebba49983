"""`manage.py doctor` on a site that is well, and on sites that are not."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.core.management import call_command
from pytest_django import Settings

from recommender.selectors.current_model import release_store
from recsite.local.standins.faults import Reply
from recsite.local.standins.openlibrary import OpenLibraryStandin
from recsite.local.standins.server import Request, Standin
from recsite.local.valkey import Valkey
from tests.recommender.conftest import Camps
from tests.recommender.engine.s3_servers import moto_server
from tests.services import ROOT
from tests.smtp import MailServer, mail_server

pytestmark = pytest.mark.django_db


class Wall(Standin):
    """A site behind a firewall that answers nobody."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(slow_seconds=0.0, hang_seconds=0.0)
        self._reply = reply

    def prepare(self) -> None:
        """Nothing is needed."""

    def answer(self, request: Request, turn: int) -> Reply:
        return self._reply


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = False
        yield server


@pytest.fixture
def site(
    camps: Camps,
    open_library: OpenLibraryStandin,
    goodreads_standin: str,
    mail: MailServer,
    settings: Settings,
    tmp_path: Path,
) -> None:
    """A site to which nothing is missing."""
    settings.GOODREADS_BASE_URL = goodreads_standin
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "staticfiles.json").write_text("{}")


def report() -> str:
    """All that the doctor prints."""
    out = StringIO()
    with suppress(SystemExit):
        call_command("doctor", stdout=out)
    return out.getvalue()


def said() -> dict[str, str]:
    """What the doctor says of each part that it has something to say of, without `ok`."""
    lines = report().partition("\n\n")[0].splitlines()
    return {line[7:19].strip(): line[21:] for line in lines if not line.startswith("ok")}


@pytest.mark.usefixtures("site")
def test_a_site_to_which_nothing_is_missing_is_well(mail: MailServer) -> None:
    found = report()
    lines = found.splitlines()
    assert [line for line in lines[:11] if not line.startswith("ok ")] == []
    assert lines[-1] == "All is well."
    assert "24 books" in found
    assert mail.messages == []
    assert not release_store().keys("doctor")


@pytest.mark.usefixtures("site")
def test_a_valkey_that_would_lose_tasks_is_told_of(settings: Settings, tmp_path: Path) -> None:
    """One of its own: what is set there, other processes of the tests would find too."""
    with Valkey(tmp_path / "valkey", tmp_path / "valkey.log", "secret") as valkey:
        settings.REDIS_URL = valkey.url
        with redis.Redis.from_url(valkey.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            client.config_set("maxmemory", "1gb")
        found = said()
    assert "set maxmemory-policy from allkeys-lru to noeviction" in found.pop("broker")
    assert set(found) == {"Goodreads", "Open Library"}  # not tried


@pytest.mark.usefixtures("site")
def test_an_empty_store_and_one_that_is_away(settings: Settings, tmp_path: Path) -> None:
    settings.RELEASE_STORE = (tmp_path / "empty").as_uri()
    found = said()
    assert "holds no release that is in use: build one" in found["store"]
    assert found["model"] == "Not tried, because of the store."
    settings.RELEASE_STORE = "s3://"
    assert "names no bucket" in said()["store"]


@pytest.mark.usefixtures("site")
def test_an_s3_store_that_is_away_or_lacks_bucket_or_keys(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RELEASE_STORE = "s3://not-made/site"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    with moto_server() as server:
        monkeypatch.setenv("S3_ENDPOINT_URL", server.endpoint_url)
        sentence = said()["store"]
    assert sentence.endswith(
        "The specified bucket does not exist. Make the bucket, or check RELEASE_STORE."
    )
    assert said()["store"].endswith("Check that it runs, and S3_ENDPOINT_URL.")


@pytest.mark.usefixtures("site")
def test_mail_servers_that_take_no_mail(settings: Settings, mail: MailServer) -> None:
    settings.EMAIL_USE_TLS = True
    assert "needs EMAIL_USE_TLS=false" in said()["mail"]
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, "somebody"
    settings.EMAIL_HOST_PASSWORD = "not-needed-here"
    assert "can't do what is asked of it" in said()["mail"]
    mail.knows_nobody = True
    assert "refuses the user name or the password" in said()["mail"]
    settings.EMAIL_PORT = 9
    assert said()["mail"] == (
        "127.0.0.1:9 does not answer as a mail server: Connection refused. "
        "Check EMAIL_HOST and EMAIL_PORT."
    )


@pytest.mark.usefixtures("site")
def test_sites_whose_firewalls_turn_us_away(settings: Settings) -> None:
    with Wall(Reply(405)).start() as goodreads, Wall(Reply(403)).start() as library:
        settings.GOODREADS_BASE_URL = goodreads.url
        settings.OPENLIBRARY_BASE_URL = library.url
        found = said()
        assert len(goodreads.requests) == len(library.requests) == 1
    assert found["Goodreads"].startswith("Goodreads' firewall turns this site away")
    assert "set another USER_AGENT" in found["Open Library"]
    assert set(found) == {"Goodreads", "Open Library"}
    found = said()  # where nothing listens any more
    assert found["Goodreads"].startswith(f"{goodreads.url} gives no answer. Check that this host")
    assert "Check that this host may open connections" in found["Open Library"]


@pytest.mark.usefixtures("site")
def test_what_an_operator_has_left_out_is_no_fault(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_HOST = ""
    settings.GOODREADS_BASE_URL = "https://goodreads.example"
    settings.OPENLIBRARY_BASE_URL = "https://library.example"
    assert {part: words.partition(":")[0] for part, words in said().items()} == {
        "mail": "EMAIL_HOST is not set",
        "Goodreads": "CONTACT_EMAIL is not set",
        "Open Library": "CONTACT_EMAIL is not set",
    }
    settings.HTTPS = True
    assert "SITE_URL is no https:// address." in said()["settings"]
    (tmp_path / "staticfiles.json").unlink()
    assert "run `python manage.py collectstatic`" in said()["folders"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda url: url.replace("@", "x@"), "Check user and password of DATABASE_URL."),
        (lambda url: url.rpartition("/")[0] + "/nowhere", "Create it, or check DATABASE_URL."),
        (lambda _: "postgres://a:b@127.0.0.1:9/c", "Connection refused. Check that it runs"),
        (lambda url: url.rpartition("/")[0] + "/postgres", "run `python manage.py migrate`."),
    ],
)
def test_a_site_where_nothing_is_there(
    change: object, sentence: str, site_environment: dict[str, str], tmp_path: Path
) -> None:
    assert callable(change)
    environment = site_environment | {
        "DATABASE_URL": change(site_environment["DATABASE_URL"]),
        "REDIS_URL": "redis://:a-secret@127.0.0.1:9/0",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": "9",
        "BOOKFOLD_HOME": str(tmp_path),
        "RELEASE_STORE": (tmp_path / "store").as_uri(),
        "HTTPS": "true",
        "SITE_URL": "https://books.example",
        "TRUSTED_PROXIES": "1",
    }
    ran = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 1
    assert sentence in ran.stdout
    assert "They fit together, for a site behind HTTPS." in ran.stdout
    assert "Not well: folders, database, broker, store, mail." in ran.stdout
    assert ran.stderr == ""
    assert "a-secret" not in ran.stdout + ran.stderr
