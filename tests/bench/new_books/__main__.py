"""`python -m tests.bench.new_books`: lists for ten readers of books since 2018, with their reasons.

No data set of ratings knows these books. They come into the catalog as on a site: readers have them
in their libraries, and Open Library, here the stand-in for it, tells what they are.
"""

import argparse
import csv
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from recsite.local.standins.openlibrary import OpenLibraryStandin
from recsite.local.standins.works import Work
from tests.bench.site import site

#: Works since 2018, with subjects in Open Library's words, and ten readers of them.
WORKS, READERS = (Path(__file__).with_name(f"{name}.csv") for name in ("works", "readers"))
FIRST_KEY = 80_000_000


def works() -> Iterator[Work]:
    """The works, as Open Library tells them."""
    with WORKS.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=FIRST_KEY):
            yield Work(
                key=f"OL{number}W",
                title=row["title"],
                author=row["author"],
                isbns=(),
                year=int(row["year"]),
                subjects=tuple(row["subjects"].split("|")),
                languages=("eng",),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description="Lists for readers of new books.")
    add = parser.add_argument
    add("--data", type=Path, required=True, help="a folder of goodbooks-10k")
    add("--store", required=True, help="a store with a release of it")
    options = parser.parse_args()
    with (
        OpenLibraryStandin(options.data, works=works()).start() as standin,
        site(
            options.data,
            OPENLIBRARY_BASE_URL=standin.url,
            OPENLIBRARY_REQUESTS_PER_SECOND="1000",
            ADD_BOOKS_REQUESTS_A_DAY="1000000",
            RELEASE_STORE=options.store,
        ),
    ):
        import_module("tests.bench.new_books.measure").measure(WORKS, READERS)


if __name__ == "__main__":
    main()
