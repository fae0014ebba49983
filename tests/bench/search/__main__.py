"""`python -m tests.bench.search --data DIR`: well-known books, asked for in seven ways.

Once in the books of the folder, once with drawn ones added up to 100,000.
"""

import argparse
from importlib import import_module
from pathlib import Path

from tests.bench.site import site


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure search.")
    parser.add_argument("--data", type=Path, required=True, help="a goodbooks folder")
    parser.add_argument("--known", type=int, default=1_000, help="how many books are asked for")
    parser.add_argument(
        "--books", type=int, default=100_000, help="with how many in all, some drawn; 0 for none"
    )
    parser.add_argument("--misses", action="store_true", help="print what was not found")
    options = parser.parse_args()
    with site(options.data):
        measure = import_module("tests.bench.search.measure")  # can be imported only by now
        measure.measure(known=options.known, print_misses=options.misses)
        if options.books:
            import_module("tests.bench.search.drawn").draw(up_to=options.books)
            measure.measure(known=options.known, print_misses=options.misses)


if __name__ == "__main__":
    main()
