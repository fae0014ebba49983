"""Reads settings from environment variables; a bad value gives an error that names it."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


class Environment:
    """Typed access to environment variables, and to the `.env` file beside `manage.py`.

    Where NAME is not set, NAME_FILE may name the file that holds the value, as secrets are given
    to containers. Every method raises `ImproperlyConfigured` with a message that names the
    variable.
    """

    def __init__(self, dotenv: Path) -> None:
        self._env = environ.Env()
        self.read_file(dotenv)

    def read_file(self, dotenv: Path) -> None:
        """Set the variables of the file that are not set yet; the file may be missing.

        One whose NAME_FILE is set is set.
        """
        if os.access(dotenv, os.R_OK):
            before = set(os.environ)
            self._env.read_env(dotenv)
            for name in os.environ.keys() - before:
                if f"{name}_FILE" in before:
                    del os.environ[name]

    def read_site(self, home: Path) -> None:
        """Read `site.env` of a folder, unless it is the copy of another folder's."""
        file = home / "site.env"
        if os.access(file, os.R_OK) and f"BOOKFOLD_HOME={home}" in file.read_text().splitlines():
            self.read_file(file)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._read(name)
        if value is None:
            value = default
        if value is None:
            raise ImproperlyConfigured(f"{name} is not set; .env.example says what it is for.")
        return value.strip()

    def flag(self, name: str, *, default: bool) -> bool:
        def parse(value: str) -> bool:
            known = {"1": True, "true": True, "yes": True, "on": True}
            known |= {"0": False, "false": False, "no": False, "off": False}
            return known[value.lower()]

        return self._parse(name, default, parse, "must be true or false")

    def integer(self, name: str, default: int, *, minimum: int = 0, maximum: int = 2**31) -> int:
        def parse(value: str) -> int:
            number = int(value)
            if not minimum <= number <= maximum:
                raise ValueError(value)
            return number

        rule = f"must be a whole number from {minimum} to {maximum}"
        return self._parse(name, default, parse, rule)

    def number(self, name: str, default: float, *, minimum: float = 0.0) -> float:
        def parse(value: str) -> float:
            number = float(value)
            if not number >= minimum:
                raise ValueError(value)
            return number

        return self._parse(name, default, parse, f"must be a number of at least {minimum:g}")

    def choice(self, name: str, default: str, *, among: tuple[str, ...]) -> str:
        def parse(value: str) -> str:
            if value not in among:
                raise ValueError(value)
            return value

        return self._parse(name, default, parse, f"must be one of {', '.join(among)}")

    def language(self, name: str, default: str) -> str:
        """The three letters of a language, by ISO 639-3."""

        def parse(value: str) -> str:
            if not re.fullmatch("[a-z]{3}", value):
                raise ValueError(value)
            return value

        rule = "must be the three letters of a language, such as eng or deu"
        return self._parse(name, default, parse, rule)

    def strings(self, name: str, default: list[str]) -> list[str]:
        return [
            item.strip() for item in self.text(name, ",".join(default)).split(",") if item.strip()
        ]

    def url(self, name: str, default: str | None = None, *, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        try:
            scheme = urlsplit(value).scheme
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} can't be read: {error}.") from error
        if value and scheme not in schemes:
            allowed = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ImproperlyConfigured(f"{name} must be an address that starts with {allowed}.")
        return value

    def database(self, name: str) -> dict[str, Any]:
        """A PostgreSQL database, as Django's `DATABASES` describes one.

        The query of the address is kept: a few names are Django's own (`conn_max_age`), all others
        are libpq's (`sslmode`). A socket's folder is given as `?host=` or as the host in percent
        encoding.
        """
        url = self.url(name, schemes=("postgres", "postgresql"))
        try:
            config: dict[str, Any] = environ.Env.db_url_config(url)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} can't be read: {error}.") from error
        options = {"connect_timeout": 5} | config.get("OPTIONS", {})
        host = _socket_folder(url) or config["HOST"] or options.pop("host", "")
        port = config["PORT"] or options.pop("port", 5432)
        if not host or not config["NAME"]:
            raise ImproperlyConfigured(f"{name} must name a host and a database.")
        kept_open = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
        return kept_open | config | {"HOST": host, "PORT": port, "OPTIONS": options}

    def folder(self, name: str, default: Path) -> Path:
        """An absolute path; the value may start with `~` or be relative to the current folder."""
        return Path(self.text(name, "") or default).expanduser().absolute()

    def path(self, name: str, default: str) -> str:
        """Where on its host a site is: empty for the whole host, else such as `/bookfold`."""
        path = urlsplit(self.url(name, default, schemes=("http", "https"))).path.rstrip("/")
        if not re.fullmatch(r"(/[\w.~-]+)*", path, re.ASCII):
            raise ImproperlyConfigured(
                f"{name} may end with a path of letters, digits and hyphens, not {path!r}."
            )
        return path

    def _read(self, name: str) -> str | None:
        """The value of a variable, or of the file that NAME_FILE names; None if neither is set."""
        value: str | None = self._env.str(name) if name in self._env.ENVIRON else None
        file: str = self._env.str(f"{name}_FILE", default="").strip()
        if not file:
            return value
        if value:
            raise ImproperlyConfigured(f"{name}_FILE is set, and so is {name}; keep one of them.")
        try:
            return Path(file).read_text()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise ImproperlyConfigured(
                f"{name}_FILE names {file}, which can't be read: {reason}."
            ) from error

    def _parse(self, name: str, default: T, parse: Callable[[str], T], rule: str) -> T:
        value = (self._read(name) or "").strip()
        if not value:
            return default
        try:
            return parse(value)
        except (KeyError, ValueError) as error:
            raise ImproperlyConfigured(f"{name} {rule}, not {value!r}.") from error


def _socket_folder(url: str) -> str:
    """The socket folder that is given as the host, in percent encoding; empty for a real host.

    `urlsplit(…).hostname` would have it in lower case only.
    """
    host = urlsplit(url).netloc.rpartition("@")[2].partition(":")[0]
    return unquote(host) if host.lower().startswith("%2f") else ""
