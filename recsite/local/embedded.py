"""The embedded services, and the environment variables by which processes find them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from recsite.local.home import Home
from recsite.local.postgres import Postgres
from recsite.local.process import LocalError, wait_until
from recsite.local.valkey import Valkey

ATTACH_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embedded services, none of them if addresses are given, and the environment."""

    services: tuple[Postgres | Valkey, ...]
    environment: dict[str, str]


def embedded(home: Home, environment: Mapping[str, str] = os.environ) -> Embedded:
    """Embed PostgreSQL unless DATABASE_URL is set, and Valkey unless REDIS_URL is."""
    kept = home.secrets()
    services: list[Postgres | Valkey] = []
    variables = dict(environment) | {"BOOKFOLD_HOME": str(home.path)}
    if not _is_given(environment, "SECRET_KEY"):
        variables["SECRET_KEY"] = kept["SECRET_KEY"]
    if not _is_given(environment, "DATABASE_URL"):
        postgres = Postgres(
            home.postgres,
            kept["POSTGRES_PASSWORD"],
            kept["POSTGRES_SUPERUSER_PASSWORD"],
            home.logs / "postgres.log",
        )
        services.append(postgres)
        variables["DATABASE_URL"] = postgres.url
    if not _is_given(environment, "REDIS_URL"):
        valkey = Valkey(home.valkey, home.logs / "valkey.log", kept["VALKEY_PASSWORD"])
        services.append(valkey)
        variables["REDIS_URL"] = valkey.url
    return Embedded(tuple(services), variables)


def _is_given(environment: Mapping[str, str], name: str) -> bool:
    """Whether a setting is given, itself or by the name of a file."""
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


@contextmanager
def attached(home: Home) -> Iterator[dict[str, str]]:
    """The environment of the running site, or of services started just for the caller."""
    home.create()
    with ExitStack() as stack:
        if stack.enter_context(home.locked()):
            parts = embedded(home)
            for service in parts.services:
                stack.enter_context(service)
            yield parts.environment
            return
        if not wait_until(home.addresses_file.exists, seconds=ATTACH_SECONDS):
            raise LocalError(f"Another process has {home.path}; try again when it is ready.")
        yield dict(os.environ) | read_addresses(home)


def read_addresses(home: Home) -> dict[str, str]:
    """The variables that the running site has published."""
    lines = home.addresses_file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
