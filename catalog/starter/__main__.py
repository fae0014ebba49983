"""``python -m catalog.starter DIR`` writes the starter shelf in the format of goodbooks-10k."""

import argparse
import sys
from pathlib import Path

from catalog.starter.readers import DEFAULT_READERS, DEFAULT_SEED
from catalog.starter.writer import write_starter_shelf


def main() -> int:
    """Read the command line, write the folder, and print a summary."""
    parser = argparse.ArgumentParser(prog="python -m catalog.starter", description=__doc__)
    parser.add_argument("directory", type=Path, help="the folder to write, created if missing")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--readers", type=int, default=DEFAULT_READERS)
    options = parser.parse_args()
    try:
        write_starter_shelf(options.directory, seed=options.seed, readers=options.readers)
    except OSError as error:
        parser.error(f"{options.directory} cannot be written: {error.strerror}.")
    except ValueError as error:
        parser.error(str(error))
    sys.stdout.write(
        f"{options.directory}: the starter shelf, {options.readers} simulated readers\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
