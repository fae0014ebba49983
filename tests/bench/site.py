"""A site to measure: services of its own, and the books of a goodbooks folder in its database."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command

from recsite.local.postgres import Postgres
from recsite.local.valkey import Valkey


@contextmanager
def site(data: Path, **environment: str) -> Iterator[None]:
    """Set Django up on an empty database with the books of the folder; once in a process."""
    with tempfile.TemporaryDirectory(prefix="bookfold-bench-") as folder:
        home, password = Path(folder), secrets.token_urlsafe(16)
        postgres = Postgres(home / "postgres", password, password, home / "postgres.log")
        valkey = Valkey(home / "valkey", home / "valkey.log", password)
        with postgres, valkey:
            os.environ |= {
                "SECRET_KEY": secrets.token_urlsafe(32),
                "BOOKFOLD_HOME": folder,
                "DATABASE_URL": postgres.url,
                "REDIS_URL": valkey.url,
                "DJANGO_SETTINGS_MODULE": "recsite.settings",
                "LOG_LEVEL": "WARNING",
                **environment,
            }
            try:
                django.setup()
                call_command("migrate", interactive=False, verbosity=0)
                call_command("load_goodbooks", data, list=0)
                yield
            finally:
                django.db.connections.close_all()
