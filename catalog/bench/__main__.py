"""`python -m catalog.bench --data DIR`: enrichment, matching and search of 10,000 books."""

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import django
from django.core.management import call_command

from recsite.local.postgres import Postgres
from recsite.local.process import free_port, spawn, stop, wait_until
from recsite.local.valkey import Valkey


@contextmanager
def site(data: Path, per_second: float) -> Iterator[None]:
    """An empty database with the books of the folder, and the stand-in for Open Library."""
    with tempfile.TemporaryDirectory(prefix="bookfold-bench-") as folder:
        home, password = Path(folder), secrets.token_urlsafe(16)
        postgres = Postgres(home / "postgres", password, password, home / "postgres.log")
        valkey = Valkey(home / "valkey", home / "valkey.log", password)
        port = free_port()
        with postgres, valkey:
            os.environ |= {
                "SECRET_KEY": secrets.token_urlsafe(32),
                "BOOKFOLD_HOME": folder,
                "DATABASE_URL": postgres.url,
                "REDIS_URL": valkey.url,
                "DJANGO_SETTINGS_MODULE": "recsite.settings",
                "OPENLIBRARY_BASE_URL": f"http://127.0.0.1:{port}",
                "OPENLIBRARY_REQUESTS_PER_SECOND": str(per_second),
                "LOG_LEVEL": "WARNING",
            }
            command = [sys.executable, "-m", "recsite.local.standins.openlibrary"]
            command += [f"--data={data}", f"--port={port}"]
            standin = spawn(command, env=os.environ, cwd=Path.cwd(), output=subprocess.DEVNULL)
            try:
                django.setup()
                call_command("migrate", interactive=False, verbosity=0)
                call_command("load_goodbooks", data, list=0)
                wait_until(lambda: _listens(port), seconds=60)
                yield
            finally:
                stop(standin, signal.SIGTERM, patience=10)
                django.db.connections.close_all()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the catalog's work.")
    parser.add_argument("--data", type=Path, required=True, help="a goodbooks folder")
    parser.add_argument("--per-second", type=float, default=1000.0, help="the stand-in's limit")
    parser.add_argument("--books", type=int, default=10_000, help="how many to enrich; 0 for none")
    options = parser.parse_args()
    with site(options.data, options.per_second):
        measure = import_module("catalog.bench.measure")  # can be imported only by now
        measure.match()
        measure.search()
        if options.books:
            measure.enrich(options.books)


if __name__ == "__main__":
    main()
