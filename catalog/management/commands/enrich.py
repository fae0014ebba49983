"""`manage.py enrich`: gets details of books from Open Library, or shows how far it has come."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.models import Enrichment
from catalog.openlibrary.client import BATCH, SwitchedOff
from catalog.services import enrichment


class Command(BaseCommand):
    help = "Get details of books from Open Library. It can be stopped and started at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=100, metavar="N", help="at most N books")
        parser.add_argument("--status", action="store_true", help="only show the states")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["status"]:
            self._enrich(options["limit"])
        counts = enrichment.state_counts()
        for state in Enrichment.State:
            self.stdout.write(f"{state.label:<12} {counts[state]:>7,}")
        claimed = Enrichment.objects.claimed(timezone.now()).count()
        self.stdout.write(f"{claimed:,} books are being looked up at {self._site}.")

    @property
    def _site(self) -> str:
        return str(settings.OPENLIBRARY_BASE_URL)

    def _enrich(self, limit: int) -> None:
        try:
            enrichment.open_library().close()
        except SwitchedOff as error:
            raise CommandError(
                "Open Library only answers clients that name a contact: set CONTACT_EMAIL."
            ) from error
        enrichment.sync_rows()
        left = limit
        while left > 0 and (batch := enrichment.claim(size=min(left, BATCH))):
            outcome = enrichment.enrich_batch(batch=batch)
            asked = outcome.found + outcome.not_found + outcome.failed
            self.stdout.write(
                f"{asked} books: {outcome.found} found ({outcome.described} described, "
                f"{outcome.new_identifiers} new identifiers), {outcome.not_found} not found, "
                f"{outcome.failed} failed"
            )
            if outcome.reason:
                raise CommandError(f"Stopped, {outcome.put_off} books put off: {outcome.reason}.")
            left -= BATCH
