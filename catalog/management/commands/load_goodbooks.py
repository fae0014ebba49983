"""`manage.py load_goodbooks DIR`: loads the catalog from a folder, official or gzipped."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import pluralize

from catalog.goodbooks.load import Outcome, load_folder
from catalog.goodbooks.table import Problems, UnusableFolder


class Command(BaseCommand):
    help = "Load the books of a folder in the format of goodbooks-10k into the catalog."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="has books.csv[.gz] …")
        parser.add_argument(
            "--simulated",
            action="store_true",
            help="the folder's readers are simulated (not needed for the starter shelf)",
        )
        parser.add_argument(
            "--list",
            type=int,
            default=100,
            metavar="N",
            help="list at most N problems of each file (default 100)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            outcome = load_folder(
                options["folder"],
                simulated=options["simulated"],
                say=self._say,
                listed=options["list"],
            )
        except UnusableFolder as error:
            raise CommandError(f"{error} Nothing has changed.") from error
        self._list("Could not be used:", outcome.problems)
        self._list("Worth checking:", outcome.notices)
        self._say(f"{summary(outcome)} ({time.monotonic() - started:.1f} s)")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _list(self, title: str, problems: Problems) -> None:
        if not problems.counts:
            return
        self._say(title)
        for problem in problems.listed:
            self._say(f"  {problem}")
        for file, number in problems.unlisted.items():
            self._say(f"  {file}: and {number:,} more; --list={problems.counts[file]} lists all")


def summary(outcome: Outcome) -> str:
    """One line about what the load did."""
    books = outcome.new + outcome.changed + outcome.same
    wrong = outcome.problems.counts.total()
    end = f"; {wrong:,} problem{pluralize(wrong)} listed above." if wrong else "."
    if outcome.left_out:
        end = f"; {outcome.left_out:,} of the folder are present by their goodbooks number{end}"
    if not outcome.changed_anything:
        return f"Nothing changed: the catalog already has all {books:,} books of the folder{end}"
    taken_over = f" ({outcome.taken_over:,} taken over)" if outcome.taken_over else ""
    return (
        f"Loaded {books:,} books: {outcome.new:,} new, {outcome.changed:,} changed{taken_over}, "
        f"{outcome.same:,} unchanged; {outcome.new_authors:,} new authors, "
        f"{outcome.new_identifiers:,} new identifiers, genres of {outcome.genres_set:,} books, "
        f"estimated of {outcome.genres_derived:,}{end}"
    )
