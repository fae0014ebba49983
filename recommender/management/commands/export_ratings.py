"""`manage.py export_ratings DIR`: ratings of the site's own readers for the next training."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.services.training import export_ratings


class Command(BaseCommand):
    help = "Writes the ratings of readers who agreed to it into a folder, for spark.build --own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="where the export goes")

    def handle(self, **options: Any) -> None:
        folder: Path = options["folder"]
        try:
            export = export_ratings(folder=folder)
        except OSError as error:
            raise CommandError(f"Could not write to {folder}: {error.strerror}.") from error
        self.stdout.write(
            f"Readers who agreed: {export.readers:,}, with {export.ratings:,} ratings of "
            f"{export.books:,} books, in {folder}; remove it when the training is done."
        )
