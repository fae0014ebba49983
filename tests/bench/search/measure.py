"""What is measured; the site that is measured has been set up."""

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter, process_time

from django.db import connection

from catalog.models import Book
from catalog.search import search
from tests.bench.search.ways import half_typed, ways

SEED = 1
SHOWN = 3  # places that a reader looks at before typing something else
EVERY = 5  # of so many books, one is typed letter by letter


@dataclass(slots=True)
class Way:
    """What came of one way of asking."""

    places: list[int | None] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)

    def ask(self, text: str, meant: Book) -> None:
        begun, cpu_begun = perf_counter(), cpu_time()
        found = search(text)
        self.seconds.append(perf_counter() - begun)
        self.cpu_seconds.append(cpu_time() - cpu_begun)
        keys = [book.pk for book in found]
        self.places.append(keys.index(meant.pk) if meant.pk in keys else None)
        if self.places[-1] != 0:
            instead = "; ".join(str(book) for book in found[:SHOWN]) or "nothing"
            place = "-" if self.places[-1] is None else str(self.places[-1] + 1)
            self.misses.append(f"{place}  {text!r} for {meant} ({meant.pk}): {instead}")

    def share(self, places: int) -> float:
        """In how many of 100 the book meant stands on one of the first places."""
        within = [place is not None and place < places for place in self.places]
        return 100 * sum(within) / len(within)


def cpu_time() -> float:
    """The CPU seconds of this process and of its PostgreSQL, which other load hardly changes."""
    statistics = Path(f"/proc/{_backend()}/schedstat").read_text()
    return process_time() + int(statistics.split()[0]) / 1e9


@cache
def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def measure(*, known: int, print_misses: bool) -> None:
    """Ask for the best known books in each way, and print what came of it."""
    with connection.cursor() as cursor:  # as autovacuum does in an hour
        cursor.execute("VACUUM ANALYZE")
    random = Random(SEED)
    books = list(Book.objects.active().for_cards().prefetch_related("identifiers")[:known])
    results: defaultdict[str, Way] = defaultdict(Way)
    search("warm")
    for book in books:
        for name, text in ways(book, random):
            results[name].ask(text, book)
    typing = Way()
    for book in books[::EVERY]:
        for text in half_typed(book):
            typing.ask(text, book)
    say(f"search: the {len(books):,} best known of {Book.objects.count():,} books")
    for name, way in results.items():
        say(_line(name, way))
    say(_line("title half typed", typing))
    every = list(chain.from_iterable(way.seconds for way in results.values()))
    say(f"  the seven ways in all: {_times(every)}")
    every = list(chain.from_iterable(way.cpu_seconds for way in results.values()))
    say(f"  in CPU time: {_times(every)}; half typed: {_times(typing.cpu_seconds)}")
    if print_misses:
        for name, way in results.items():
            say(f"{name}:")
            for miss in way.misses:
                say(f"  {miss}")


def _line(name: str, way: Way) -> str:
    shares = f"first {way.share(1):5.1f} %, among the first three {way.share(SHOWN):5.1f} %"
    return f"  {name:26} {len(way.places):5,} asked: {shares}; {_times(way.seconds)}"


def _times(seconds: list[float]) -> str:
    p95 = quantiles(seconds, n=20)[18] if len(seconds) > 1 else seconds[0]
    return f"median {1000 * median(seconds):.0f} ms, p95 {1000 * p95:.0f} ms"
