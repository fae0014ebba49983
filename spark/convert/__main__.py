"""`python -m spark.convert --format FORMAT --data PATH --out DIR`."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from spark.convert.formats import CSV, FORMATS, convert, described
from spark.convert.options import add_options, source_of, wanted_of
from spark.convert.tables import BadData
from spark.java import NoJava
from spark.progress import Progress
from spark.session import spark_session

#: Spark's start, and the rest.
COSTS = (1, 9)


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert; return 0 if that succeeded."""
    parser = argparse.ArgumentParser(
        prog="spark.convert",
        description="Another set of ratings as a folder in the format of goodbooks-10k.",
        epilog=described(),
    )
    add = parser.add_argument
    add("--format", required=True, choices=[*FORMATS, CSV])
    add("--data", required=True, type=Path, metavar="PATH", help="the set's folder, or the file")
    add("--out", required=True, type=Path, metavar="DIR", help="where the folder goes")
    add("--master", help="Spark's master (default: local[*])")
    add("--driver-memory", help="like 4g (default: half of what is free, at most 16g)")
    add_options(parser)
    options = parser.parse_args(arguments)
    progress = Progress(COSTS)
    try:
        source = source_of(options, options.data)
        with ExitStack() as stack:
            with progress.step("Starting Spark"):
                session = stack.enter_context(
                    spark_session(master=options.master, driver_memory=options.driver_memory)
                )
            with progress.step("Converting", session, expected_jobs=12):
                convert(session, source, wanted_of(options), options.out)
    except (BadData, NoJava, OSError) as error:
        sys.stderr.write(f"\nNothing was converted: {error}\n")
        return 1
    progress.note(f"The folder is {options.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
