"""`python -m tests.bench.load --data DIR --locust FILE`: readers at all pages at once.

A site as `make run` starts it (PostgreSQL, Valkey, gunicorn with two processes, a worker), the
books of the folder, 1,000 readers with 1,000 entries each. First one reader at a time, then four,
each asking for the next page as soon as the last one is there.
"""

import argparse
from importlib import import_module
from pathlib import Path

from tests.bench.site import site


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure pages under load.")
    parser.add_argument("--data", type=Path, required=True, help="a goodbooks folder")
    parser.add_argument("--locust", type=Path, required=True, help="the program that asks")
    parser.add_argument("--store", help="a store with a release of this data; else one is built")
    parser.add_argument("--readers", type=int, default=1_000)
    parser.add_argument("--entries", type=int, default=1_000, help="of each reader")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4], help="at once")
    parser.add_argument("--seconds", type=int, default=90, help="with so many clients")
    parser.add_argument(
        "--slow", type=int, metavar="MS", help="explain statements that take longer"
    )
    options = parser.parse_args()
    environment = {"RELEASE_STORE": options.store} if options.store else {}
    with site(options.data, LIMITS_FACTOR="1000000", **environment):
        measure = import_module("tests.bench.load.measure")  # can be imported only by now
        measure.measure(
            options.data,
            options.locust,
            has_release=bool(options.store),
            readers=options.readers,
            entries=options.entries,
            clients=options.clients,
            seconds=options.seconds,
            slow=options.slow,
        )


if __name__ == "__main__":
    main()
