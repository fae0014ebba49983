"""A bad setting stops the start with a sentence that names it."""

import os
import re
import runpy
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from recsite.env import Environment
from recsite.local.home import Home
from recsite.local.preflight import port_of

ROOT = Path(__file__).resolve().parents[2]


def settings_with(**variables: str) -> dict[str, str]:
    """The settings of a process with these variables on top of those of the tests."""
    with patch.dict(os.environ, variables):
        return _load()


def loaded(dotenv: Path, **variables: str) -> tuple[dict[str, str], dict[str, str]]:
    """The environment and the settings of a site with such a file and hardly a variable."""
    with patch.dict(os.environ, {"SECRET_KEY": "x" * 40} | variables, clear=True):
        Environment(dotenv)
        settings = _load()
        return dict(os.environ), settings


def _load() -> dict[str, str]:
    """Run the settings as a process does that starts, but leave the logs of this one alone."""
    with patch("logging.config.dictConfig"), patch("structlog.configure"):
        shown = runpy.run_path(str(ROOT / "recsite" / "settings.py"))
    return {name: str(value) for name, value in shown.items() if name.isupper()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "postgres://localhost"),
        ("DATABASE_URL", "postgres:///bookfold"),
        ("DATABASE_URL", "postgres://db.example:high/bookfold"),
        ("DATABASE_URL", "postgres://db.example:65536/bookfold"),
        ("DATABASE_URL", "postgres://[::1/bookfold"),
        ("REDIS_URL", "localhost:6379"),
        ("DEBUG", "perhaps"),
        ("ADD_BOOKS", "perhaps"),
        ("DEFAULT_LANGUAGE", "English"),
        ("DEFAULT_LANGUAGE", "en"),
        ("GOODREADS_MAX_PAGES", "0"),
        ("GOODREADS_PAUSE_SECONDS", "soon"),
        ("LOG_LEVEL", "LOUD"),
        ("COVER_HOST", "ftp://covers"),
        ("SITE_URL", "https://books.example/a b"),
        ("DATABASE_URL_FILE", "/run/secrets/both-are-set"),
        ("EMAIL_HOST_PASSWORD_FILE", "/no/such/file"),
    ],
)
def test_a_bad_value_is_named_in_one_sentence(name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} [^\n]*\\.$"):
        settings_with(**{name: value})


def test_a_process_ends_with_that_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=dict(os.environ) | {"GOODREADS_PAUSE_SECONDS": "soon"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Bookfold cannot start: GOODREADS_PAUSE_SECONDS ")


PLAIN = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "bookfold",
    "USER": "me",
    "PASSWORD": "",
    "HOST": "db.example",
    "PORT": 5432,
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {"connect_timeout": 5},
}


@pytest.mark.parametrize(
    ("url", "changed"),
    [
        ("postgres://me@db.example/bookfold", {}),
        ("postgresql://me@db.example:6543/bookfold", {"PORT": 6543}),
        (
            "postgres://me:p%40s%2Fs%23%3F%3A%20%2B+@db.example/bookfold",
            {"PASSWORD": "p@s/s#?: ++"},
        ),
        ("postgres://me@[::1]/bookfold", {"HOST": "::1"}),
        ("postgres://me@db.example/a%20base", {"NAME": "a base"}),
        (
            "postgres://me@db.example/bookfold?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem",
            {
                "OPTIONS": {
                    "connect_timeout": 5,
                    "sslmode": "verify-full",
                    "sslrootcert": "/etc/ssl/db.pem",
                }
            },
        ),
        (
            "postgres://me@db.example/bookfold?connect_timeout=2&application_name=a%20site&options=-c%20geqo%3Doff",
            {
                "OPTIONS": {
                    "connect_timeout": 2,
                    "application_name": "a site",
                    "options": "-c geqo=off",
                }
            },
        ),
        (
            "postgres://me@db.example/bookfold?conn_max_age=0&CONN_HEALTH_CHECKS=False",
            {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False},
        ),
        ("postgres://me@/bookfold?host=/run/Postgres", {"HOST": "/run/Postgres"}),
        (
            "postgres:///bookfold?host=/run/pg&port=6543",
            {"HOST": "/run/pg", "PORT": 6543, "USER": ""},
        ),
        ("postgres://me:x@%2Frun%2FPostgres/bookfold", {"HOST": "/run/Postgres", "PASSWORD": "x"}),
        ("postgres://me@%2Frun%2Fpg:6543/bookfold", {"HOST": "/run/pg", "PORT": 6543}),
    ],
)
def test_an_address_of_a_database_is_kept_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, changed: dict[str, object]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert Environment(tmp_path / "none").database("DATABASE_URL") == PLAIN | changed


@pytest.mark.django_db
def test_what_an_address_asks_for_reaches_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    query = "?application_name=the%20site&sslmode="
    address = os.environ["DATABASE_URL"]

    def connection(sslmode: str) -> BaseDatabaseWrapper:
        monkeypatch.setenv("DATABASE_URL", f"{address}{query}{sslmode}")
        return ConnectionHandler({"default": Environment(ROOT / "none").database("DATABASE_URL")})[
            "default"
        ]

    with pytest.raises(OperationalError, match="SSL"):
        connection("verify-full").ensure_connection()
    with closing(connection("prefer")) as allowed, allowed.cursor() as cursor:
        cursor.execute("SHOW application_name")
        assert cursor.fetchone() == ("the site",)


def test_covers_are_open_library_s_where_a_contact_is_set() -> None:
    needed = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}

    def images(**variables: str) -> bool:
        _, settings = loaded(ROOT / "none", **needed, **variables)
        return "https://covers.openlibrary.org" in settings["CONTENT_SECURITY_POLICY"]

    assert images(CONTACT_EMAIL="me@example.org")
    assert not images(CONTACT_EMAIL="me@example.org", COVER_HOST="")
    assert not images()


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    secrets = {
        "SECRET_KEY": "k" * 40,
        "SECRET_KEY_FALLBACKS": "former,older",
        "DATABASE_URL": "postgres://a:b@127.0.0.1:1/c",
        "REDIS_URL": "redis://:hidden@127.0.0.1:2/0",
        "EMAIL_HOST_PASSWORD": "hidden",
        "GOODREADS_API_KEY": "hidden",
        "SENTRY_DSN": "",
    }
    for name, value in secrets.items():
        (tmp_path / name).write_text(f"{value}\n")
    files = {f"{name}_FILE": str(tmp_path / name) for name in secrets}
    with patch.dict(os.environ, files, clear=True):
        settings = _load()
    names = ("SECRET_KEY", "REDIS_URL", "EMAIL_HOST_PASSWORD", "GOODREADS_API_KEY")
    assert {name: settings[name] for name in names} == {name: secrets[name] for name in names}
    assert settings["SECRET_KEY_FALLBACKS"] == "['former', 'older']"
    assert "'PASSWORD': 'b'" in settings["DATABASES"]


def test_the_environment_s_own_file_goes_before_the_values_of_a_site(tmp_path: Path) -> None:
    secret, dotenv = tmp_path / "secret", tmp_path / ".env"
    secret.write_text("k" * 40)
    dotenv.write_text("SECRET_KEY=of-the-file\nREDIS_URL=redis://of-the-file\n")
    with patch.dict(os.environ, {"SECRET_KEY_FILE": str(secret)}, clear=True):
        env = Environment(dotenv)
        assert env.text("SECRET_KEY") == "k" * 40
        assert env.text("REDIS_URL") == "redis://of-the-file"
    dotenv.write_text(f"SECRET_KEY=of-the-file\nSECRET_KEY_FILE={secret}\n")
    with patch.dict(os.environ, clear=True), pytest.raises(ImproperlyConfigured, match="keep one"):
        Environment(dotenv).text("SECRET_KEY")


@pytest.mark.parametrize(
    ("variables", "ssl", "tls", "port"),
    [
        ({}, "False", "True", "587"),
        ({"EMAIL_USE_SSL": "true"}, "True", "False", "465"),
        ({"EMAIL_USE_SSL": "true", "EMAIL_PORT": "2465"}, "True", "False", "2465"),
        ({"EMAIL_USE_TLS": "false"}, "False", "False", "587"),
    ],
)
def test_mail_goes_by_tls_from_the_start_or_from_starttls_on(
    variables: dict[str, str], ssl: str, tls: str, port: str
) -> None:
    settings = settings_with(**variables)
    shown = [settings[name] for name in ("EMAIL_USE_SSL", "EMAIL_USE_TLS", "EMAIL_PORT")]
    assert shown == [ssl, tls, port]
    with pytest.raises(ImproperlyConfigured, match="keep one of them"):
        settings_with(EMAIL_USE_SSL="true", EMAIL_USE_TLS="true")


def test_good_values_pass() -> None:
    good = settings_with(
        DEBUG="yes", GOODREADS_PAUSE_SECONDS="1.5", COVER_HOST="https://covers.example"
    )
    assert (good["DEBUG"], good["GOODREADS_PAUSE_SECONDS"]) == ("True", "1.5")
    assert "https://covers.example" in good["CONTENT_SECURITY_POLICY"]


def test_the_example_names_every_variable() -> None:
    source = (ROOT / "recsite/settings.py").read_text()
    example = (ROOT / ".env.example").read_text()
    names = {part.split('"')[1] for part in source.split("env.")[1:] if '("' in part[:12]}
    assert len(names) > 20
    assert not {name for name in names if f"# {name}=" not in example}


def test_the_example_holds_what_it_says_once_it_is_uncommented(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    lines = re.findall(r"^# ([A-Z_0-9]+=.+)$", example, re.MULTILINE)
    assert len(lines) > 20
    (tmp_path / ".env").write_text("\n".join(lines))

    environment, settings = loaded(tmp_path / ".env")

    values = dict(line.split("=", 1) for line in lines)
    assert {name: environment[name] for name in values} == values
    assert not [line for line in lines if " " in line]
    for name in set(values) & set(settings) - {"BOOKFOLD_HOME", "RELEASE_CACHE", "STATIC_ROOT"}:
        assert settings[name].strip("[]'").lower() in (values[name].lower(), f"{values[name]}.0")
    assert port_of(values) == 8000
    assert (settings["BOOKFOLD_HOME"], settings["RELEASE_CACHE"]) == (
        str(ROOT / ".local"),
        str(ROOT / ".local/cache"),
    )


def test_state_may_lie_in_a_folder_named_from_here(tmp_path: Path) -> None:
    home = os.path.relpath(tmp_path, ROOT)
    addresses = {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c", "REDIS_URL": "redis://127.0.0.1"}
    _, settings = loaded(tmp_path / "none", BOOKFOLD_HOME=home, **addresses)
    assert Path(settings["BOOKFOLD_HOME"]).resolve() == tmp_path.resolve()
    assert Path(urlsplit(settings["RELEASE_STORE"]).path).resolve() == tmp_path.resolve() / "store"


def test_commands_find_the_site_that_runs(tmp_path: Path) -> None:
    Home(tmp_path).publish(
        {
            "BOOKFOLD_HOME": str(tmp_path),
            "DATABASE_URL": "postgres://a:b@127.0.0.1:1/c",
            "REDIS_URL": "redis://127.0.0.1:2/0",
            "RELEASE_STORE": "file:///releases",
        }
    )
    _, settings = loaded(tmp_path / "none", BOOKFOLD_HOME=str(tmp_path))
    assert settings["REDIS_URL"] == "redis://127.0.0.1:2/0"
    assert settings["RELEASE_STORE"] == "file:///releases"
    _, settings = loaded(
        tmp_path / "none", BOOKFOLD_HOME=str(tmp_path), REDIS_URL="redis://127.0.0.1:3/0"
    )
    assert settings["REDIS_URL"] == "redis://127.0.0.1:3/0"
