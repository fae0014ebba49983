"""Reads settings from the environment; a bad value is named in one sentence."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


class Reader:
    """Typed access to environment variables, and to a `.env` file beside `manage.py`.

    Every method raises `ImproperlyConfigured` with a sentence that names the variable.
    """

    def __init__(self, dotenv: Path) -> None:
        self._env = environ.Env()
        self.fall_back_on(dotenv)

    def fall_back_on(self, dotenv: Path) -> None:
        """Take from the file what is not set yet, if there is such a file."""
        if os.access(dotenv, os.R_OK):
            self._env.read_env(dotenv)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._env.str(name, default=default)
        if value is None:
            raise ImproperlyConfigured(f"{name} is not set; .env.example says what it is for.")
        return str(value).strip()

    def flag(self, name: str, *, default: bool) -> bool:
        def cast(value: str) -> bool:
            known = {"1": True, "true": True, "yes": True, "on": True}
            known |= {"0": False, "false": False, "no": False, "off": False}
            return known[value.lower()]

        return self._cast(name, default, cast, "must be true or false")

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
        def cast(value: str) -> int:
            number = int(value)
            if not least <= number <= most:
                raise ValueError(value)
            return number

        return self._cast(name, default, cast, f"must be a whole number from {least} to {most}")

    def number(self, name: str, default: float, *, least: float = 0.0) -> float:
        def cast(value: str) -> float:
            number = float(value)
            if not number >= least:
                raise ValueError(value)
            return number

        return self._cast(name, default, cast, f"must be a number of at least {least:g}")

    def words(self, name: str, default: list[str]) -> list[str]:
        return [
            word.strip() for word in self.text(name, ",".join(default)).split(",") if word.strip()
        ]

    def url(self, name: str, default: str | None = None, *, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value and urlsplit(value).scheme not in schemes:
            allowed = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ImproperlyConfigured(f"{name} must be an address that starts with {allowed}.")
        return value

    def folder(self, name: str, default: Path) -> Path:
        """An absolute path; `~` and paths from the present folder may be given."""
        return Path(self.text(name, "") or default).expanduser().absolute()

    def _cast(self, name: str, default: T, cast: Callable[[str], T], rule: str) -> T:
        value = self._env.str(name, default="").strip()
        if not value:
            return default
        try:
            return cast(value)
        except (KeyError, ValueError) as error:
            raise ImproperlyConfigured(f"{name} {rule}, not {value!r}.") from error
