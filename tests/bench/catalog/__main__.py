"""`python -m tests.bench.catalog --data DIR`: enrichment and matching of 10,000 books."""

import argparse
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from recsite.local.process import free_port, spawn, stop, wait_until
from tests.bench.site import site


@contextmanager
def openlibrary(data: Path) -> Iterator[str]:
    """The stand-in for Open Library with the books of the folder, at the address it answers."""
    port = free_port()
    command = [sys.executable, "-m", "recsite.local.standins.openlibrary"]
    command += [f"--data={data}", f"--port={port}"]
    standin = spawn(command, env=os.environ, cwd=Path.cwd(), output=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(port), seconds=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(standin, signal.SIGTERM, patience=10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the catalog's work.")
    parser.add_argument("--data", type=Path, required=True, help="a goodbooks folder")
    parser.add_argument("--per-second", type=float, default=1000.0, help="the stand-in's limit")
    parser.add_argument("--books", type=int, default=10_000, help="how many to enrich; 0 for none")
    options = parser.parse_args()
    with (
        openlibrary(options.data) as address,
        site(
            options.data,
            OPENLIBRARY_BASE_URL=address,
            OPENLIBRARY_REQUESTS_PER_SECOND=str(options.per_second),
        ),
    ):
        measure = import_module("tests.bench.catalog.measure")  # can be imported only by now
        measure.match()
        if options.books:
            measure.enrich(options.books)


if __name__ == "__main__":
    main()
