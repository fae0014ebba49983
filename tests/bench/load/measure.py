"""What is measured; the site that is measured has been set up."""

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep

import numpy as np
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from catalog.models import Book
from recommender.engine.values import FloatArray
from recommender.models import LibraryEntry, Reader
from recsite.local.home import ROOT
from recsite.local.process import free_port, spawn, stop
from recsite.local.run import Address, is_ready, web_arguments, worker_arguments
from tests.bench.load.slow import log_slow, say_slow
from tests.bench.search.measure import say
from tests.factories import LibraryEntryFactory, ReaderFactory
from tests.pages import client_of

ASKING = Path(__file__).with_name("asking.py")
SEED, IMPORTED = 15, 300
READY_SECONDS = 120.0
STARS = (1, 2, 3, 4, 5), (0.02, 0.06, 0.25, 0.36, 0.31)  # as in goodbooks-10k


def measure(
    data: Path,
    locust: Path,
    *,
    has_release: bool,
    readers: int,
    entries: int,
    clients: Sequence[int],
    seconds: int,
    slow: int | None = None,
) -> None:
    """Draw libraries, start the processes of the site, and let so many clients ask.

    Statements that take more than ``slow`` milliseconds are explained, if it is given.
    """
    call_command("collectstatic", interactive=False, verbosity=0)
    if not has_release:
        command = ["spark.build", f"--ratings={data}", f"--store={settings.RELEASE_STORE}"]
        subprocess.run([sys.executable, "-m", *command, "--hold-out=0"], check=True)
    begun = perf_counter()
    with tempfile.TemporaryDirectory(prefix="bookfold-load-") as folder:
        asked = Path(folder) / "asked.json"
        asked.write_text(json.dumps(_asked(readers, entries)))
        say(f"{readers:,} libraries of {entries:,} entries: {perf_counter() - begun:.0f} s")
        if slow is not None:
            log_slow(slow)
        with _site() as url:
            for count in clients:
                _ask(locust, url, asked, clients=count, seconds=seconds)
    if slow is not None:
        say_slow(Path(settings.BOOKFOLD_HOME, "postgres.log"))


def _asked(readers: int, entries: int) -> dict[str, object]:
    """What the clients ask for: sessions of readers, books, words, and a file to import."""
    books = list(Book.objects.active().exclude(goodbooks_id=None).for_cards())
    random = np.random.default_rng(SEED)
    fame = np.array([book.ratings_count for book in books], dtype=float)
    people = [_reader(random, books, fame / fame.sum(), entries) for _ in range(readers)]
    with connection.cursor() as cursor:  # as autovacuum does in an hour
        cursor.execute("ANALYZE")
    chosen = random.choice(len(books), IMPORTED, replace=False)
    rows = [(books[n].title, books[n].author_names[0], 1 + n % 5) for n in chosen.tolist()]
    return {
        "sessions": [client_of(person).cookies["sessionid"].value for person in people],
        "books": [book.pk for book in books[:3000]],
        "words": [f"{book.title} {book.author_names[0]}" for book in books[:1000]],
        "rows": rows,
    }


def _reader(
    random: np.random.Generator, books: Sequence[Book], fame: FloatArray, entries: int
) -> Reader:
    """A guest with so many books, drawn by fame; the database makes their rows from one row."""
    reader = ReaderFactory.create(user=None)
    first = LibraryEntryFactory.create(reader=reader, book=None, source_key="first")
    places = random.choice(len(books), entries, replace=False, p=fame).tolist()
    drawn = {
        "book_id": [books[place].pk for place in places],
        "source_key": [str(place) for place in places],
        "title": [books[place].title for place in places],
        "author": [books[place].author_names[0] for place in places],
        "stars": random.choice(STARS[0], entries, p=STARS[1]).tolist(),
    }
    fields = [one for one in LibraryEntry._meta.concrete_fields if not one.primary_key]
    columns = [str(one.column) for one in fields]
    values = ", ".join(f"{'drawn' if name in drawn else 'first'}.{name}" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {LibraryEntry._meta.db_table} ({', '.join(columns)}) SELECT {values}"
            f" FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::numeric[])"
            f" AS drawn({', '.join(drawn)}), {LibraryEntry._meta.db_table} AS first"
            " WHERE first.id = %s",
            [*drawn.values(), first.pk],
        )
    first.delete()
    return reader


@contextmanager
def _site() -> Iterator[str]:
    """The processes of a site, as `make run` starts them; what they say goes to a file."""
    address = Address("127.0.0.1", free_port())
    environment = os.environ | {"ALLOWED_HOSTS": "127.0.0.1"}
    commands = (web_arguments(address), worker_arguments("worker"))
    with Path(settings.BOOKFOLD_HOME, "site.log").open("wb") as output:
        processes = [
            spawn([sys.executable, *command], env=environment, cwd=ROOT, output=output)
            for command in commands
        ]
        try:
            waited = 0.0
            while not is_ready(address, environment):
                if waited > READY_SECONDS:
                    raise TimeoutError(Path(output.name).read_text()[-2000:])
                sleep(0.5)
                waited += 0.5
            yield address.url
        finally:
            for process in processes:
                stop(process, signal.SIGTERM, patience=10)


def _ask(locust: Path, url: str, asked: Path, *, clients: int, seconds: int) -> None:
    """Run the clients, and print their table."""
    prefix = asked.parent / f"clients-{clients}"
    command = [
        str(locust),
        "--headless",
        f"--locustfile={ASKING}",
        f"--host={url}",
        f"--csv={prefix}",
    ]
    command += [f"--users={clients}", f"--spawn-rate={clients}", f"--run-time={seconds}s"]
    told = subprocess.run(
        [*command, "--only-summary", "--exit-code-on-error=0", "--reset-stats"],
        env=os.environ | {"ASKED": str(asked)},
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise RuntimeError(told.stderr[-2000:])
    say(f"\n{clients} at once, {seconds} s:")
    say(f"{'':32}{'requests':>9}{'errors':>8}{'a second':>10}{'p50':>8}{'p95':>8}{'p99':>8}")
    with Path(f"{prefix}_stats.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            counts = f"{int(row['Request Count']):9,}{int(row['Failure Count']):8,}"
            times = "".join(f"{float(row[cut] or 0):8.0f}" for cut in ("50%", "95%", "99%"))
            say(f"{row['Name']:32}{counts}{float(row['Requests/s']):10.1f}{times}")
    with Path(f"{prefix}_failures.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            say(f"  {row['Name']}: {row['Error']} ({row['Occurrences']})")
