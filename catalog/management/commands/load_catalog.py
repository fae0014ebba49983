"""`manage.py load_catalog --format FORMAT DIR`: loads a catalog of one of several formats."""

import csv
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from catalog.dumps.load import Merged, Note, Outcome, load_catalog
from catalog.dumps.reader import CatalogFolder
from catalog.goodbooks.table import UnusableFolder

#: What `spark.convert` makes a folder of, and the options that it shares with `spark.build`.
CONVERTED = ("ucsd", "amazon-2023", "csv")
WANTED = ("columns", "highest", "min-ratings", "max-books", "since")
REPORT = ("work", "title", "authors", "book", "goodbooks_id", "title of the book", "why")


class Command(BaseCommand):
    help = (
        "Load books into the catalog: what spark.openlibrary made of Open Library's dumps, a "
        "folder in the format of goodbooks-10k, or a set that spark.convert reads. It can be "
        "stopped and started again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument(
            "--format",
            choices=["openlibrary", "goodbooks", *CONVERTED],
            required=True,
            help="ucsd and amazon-2023 are for research only; python -m spark.convert --help",
        )
        for name in WANTED:
            parser.add_argument(
                f"--{name}", help="as for spark.build, with the formats it converts"
            )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help="with openlibrary, a CSV file of the works that the catalog had already, and why",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] == "goodbooks":
            call_command("load_goodbooks", options["folder"], stdout=self.stdout)
            return
        if options["format"] in CONVERTED:
            self._convert_and_load(options)
            return
        started = time.monotonic()
        try:
            folder = CatalogFolder.open(options["folder"])
            with _reporting(options["report"]) as note:
                outcome = load_catalog(folder, say=self._say, note=note)
        except (UnusableFolder, OSError) as error:
            raise CommandError(str(error)) from error
        for line in summary(outcome):
            self._say(line)
        self._say(f"{time.monotonic() - started:.1f} s")

    def _convert_and_load(self, options: dict[str, Any]) -> None:
        """Have Spark convert the set, as the site imports nothing of it."""
        with TemporaryDirectory(prefix="bookfold-set-") as temporary:
            out = Path(temporary) / "set"
            command = ["-m", "spark.convert", f"--format={options['format']}"]
            command += [f"--data={options['folder']}", f"--out={out}"]
            named = {name: options[name.replace("-", "_")] for name in WANTED}
            command += [f"--{name}={value}" for name, value in named.items() if value]
            done = subprocess.run(
                [sys.executable, *command],
                cwd=settings.BASE_DIR,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
            if done.returncode:
                raise CommandError(done.stderr.strip().splitlines()[-1])
            call_command("load_goodbooks", out, stdout=self.stdout)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


@contextmanager
def _reporting(path: Path | None) -> Iterator[Note]:
    """What writes a line for each work that the catalog had already, if there is a file for it."""
    if path is None:
        yield lambda merged: None
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(REPORT)
        yield lambda merged: writer.writerow(_row(merged))


def _row(merged: Merged) -> tuple[object, ...]:
    work, book = merged.one.work, merged.book
    authors = "; ".join(work.credited)
    return (work.key, work.title, authors, book.pk, book.goodbooks_id, book.title, merged.why.value)


def summary(outcome: Outcome) -> Iterator[str]:
    """What the load did."""
    known = outcome.why.total()
    yield (
        f"{outcome.works:,} works: {outcome.new:,} new books, {known:,} known ones, "
        f"{outcome.changed:,} of these changed."
    )
    for why, count in outcome.why.most_common():
        yield f"  {count:,} known by {why.value}"
    yield (
        f"{outcome.new_identifiers:,} new identifiers, {outcome.held_elsewhere:,} that belong to "
        f"another book and stay there; genres of {outcome.genres_derived:,} books estimated."
    )
    if outcome.taken_back:
        yield f"{outcome.taken_back:,} stay out, as curators have taken their books back."
