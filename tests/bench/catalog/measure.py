"""What is measured; the site that is measured has been set up."""

import logging
import random
import sys
import time
from collections import Counter

from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import matching
from catalog.models import Book
from catalog.openlibrary.client import BATCH
from catalog.services import enrichment

ROWS = 5_000
PERMITTED = 3.0  # requests a second, to those who name a contact


class CountRequests(logging.Handler):
    """Counts the lines in which the client tells of its requests."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.kinds: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple) and record.args:
            self.kinds[str(record.args[0]).split("/")[1].removesuffix(".json")] += 1


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def enrich(books: int) -> None:
    """Enrich so many books one batch after the other, as one worker does, descriptions and all."""
    Book.objects.update(description="", description_source="")
    counter = CountRequests()
    client = logging.getLogger("recsite.common.http")
    client.setLevel(logging.INFO)
    client.propagate = False
    client.addHandler(counter)
    outcomes: list[enrichment.Outcome] = []
    begun = time.perf_counter()
    enrichment.sync_rows()
    while BATCH * len(outcomes) < books and (batch := enrichment.claim()):
        outcomes.append(enrichment.enrich_batch(batch=batch))
    seconds = time.perf_counter() - begun
    requests = counter.kinds.total()
    asked = sum(one.found + one.not_found + one.failed for one in outcomes)
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in counter.kinds.items())
    say(f"enrichment: {asked:,} books without a description, in {seconds:.1f} s")
    say(f"  requests: {requests:,} ({kinds}); {requests / seconds:.0f} a second")
    say(f"  states: {enrichment.state_counts()}")
    identifiers = sum(outcome.new_identifiers for outcome in outcomes)
    conflicts = sum(outcome.conflicting_identifiers for outcome in outcomes)
    described = sum(outcome.described for outcome in outcomes)
    say(f"  {described:,} described, {identifiers:,} new identifiers, {conflicts:,} conflicts")
    say(f"  computed at {PERMITTED:g} requests a second: {requests / PERMITTED:,.0f} s")


def match() -> None:
    """Match rows as an export has them: by number, ISBN, title, or not at all."""
    rng = random.Random(5)
    books = list(Book.objects.for_cards().prefetch_related("identifiers"))
    wanted = []
    for key in range(ROWS):
        book, way = rng.choice(books), key % 4
        numbers = {known.scheme: known.value for known in book.identifiers.all()}
        wanted.append(
            matching.Wanted(
                key,
                edition_id=int(numbers["goodreads"])
                if way == 0 and "goodreads" in numbers
                else None,
                isbn13=numbers.get("isbn13", "") if way == 1 else "",
                title=book.title if way < 3 else f"No Book {key}",
                author=book.author_names[0],
            )
        )
    begun = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        found = matching.match(wanted)
    seconds = time.perf_counter() - begun
    states = Counter(match.state for match in found.values())
    say(f"matching: {ROWS:,} rows against {len(books):,} books in {seconds:.2f} s")
    say(f"  {len(queries)} queries; {dict(states)}")
