"""Open Library's dumps in, a catalog out.

Runs as ``python -m spark.openlibrary …`` and as ``spark-submit spark/openlibrary/__main__.py …``.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

# spark-submit runs this file as a script, with only its own folder to import from.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from spark.arguments import at_least
from spark.java import NoJava
from spark.openlibrary.catalog import COSTS, CatalogOptions, make_catalog
from spark.openlibrary.dumps import BadDumps, find_dumps
from spark.progress import Progress
from spark.session import describe, spark_session


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="spark.openlibrary", description="Open Library's dumps in, a catalog out."
    )
    add = parser.add_argument
    add("--dumps", required=True, metavar="DIR", help="a folder with ol_dump_works, _editions, …")
    add("--out", required=True, metavar="DIR", help="where the catalog goes, a folder")
    add("--most", type=at_least(1), default=100_000, help="how many works, the best-known ones")
    add("--master", help="Spark's master (default: local[*], or what spark-submit was told)")
    add("--driver-memory", help="like 4g (default: half of what is free, at most 16g)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a catalog; return 0 if that succeeded."""
    options = parse_arguments(arguments)
    progress = Progress(COSTS)
    wanted = CatalogOptions(dumps=options.dumps, out=options.out, most=options.most)
    try:
        find_dumps(options.dumps)  # rather than after Spark has started
        with ExitStack() as stack:
            with progress.step("Starting Spark"):
                session = stack.enter_context(
                    spark_session(master=options.master, driver_memory=options.driver_memory)
                )
            progress.note(describe(session))
            manifest = make_catalog(session, wanted, progress=progress)
    except (BadDumps, NoJava, OSError) as error:
        sys.stderr.write(f"\nNo catalog was made: {error}\n")
        return 1
    for name, count in (manifest["catalog"] | manifest["counts"]).items():
        progress.note(f"{name.replace('_', ' ')}: {count:,}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
