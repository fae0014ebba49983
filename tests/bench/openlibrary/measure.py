"""What is measured; the site that is measured has been set up."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import quantiles
from time import perf_counter

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from catalog.models import Author, Book, BookIdentifier
from recommender.models import Reader
from tests.bench.catalog.measure import match
from tests.bench.pages import library_of, publish
from tests.bench.search import measure as search
from tests.bench.search.measure import say
from tests.dumps.drawn import Drawn, KnownBook
from tests.dumps.files import write_dumps
from tests.pages import client_of

SEED = 14
LIBRARY, ROUNDS, WARM = 300, 45, 5
LISTS = ("/recommendations/", "/recommendations/?new=on", "/library/")


def measure(folder: Path, *, works: int, most: int, known: int) -> None:
    """Draw dumps, make a catalog of them, load it twice; search and match before and after."""
    reader = reader_of(LIBRARY)
    search.measure(known=known, print_misses=False)
    match()
    look_at_lists(reader)
    dumps, made = folder / "dumps", folder / "catalog"
    with timed(f"dumps of {works:,} works drawn"):
        write_dumps(dumps, drawn(works))
    for file in sorted(dumps.iterdir()):
        say(f"  {file.name}: {file.stat().st_size / 2**20:,.0f} MB")
    with timed(f"catalog of {most:,} works made by Spark"):
        command = ["spark.openlibrary", f"--dumps={dumps}", f"--out={made}", f"--most={most}"]
        subprocess.run([sys.executable, "-m", *command], check=True)
    for time in ("first", "second"):
        out = StringIO()
        with timed(f"the {time} load"):
            call_command("load_catalog", made, format="openlibrary", stdout=out)
        for line in out.getvalue().splitlines():
            if not line.endswith("…"):
                say(f"  {line}")
    with connection.cursor() as cursor:  # as autovacuum does in an hour
        cursor.execute("ANALYZE")
    search.measure(known=known, print_misses=False)
    match()
    look_at_lists(reader)


def reader_of(books: int) -> Reader:
    """A reader of every third of the best-known books, and a release that knows them."""
    call_command("collectstatic", interactive=False, verbosity=0)
    publish(settings.RELEASE_STORE)
    return library_of(Book.objects.order_by("goodbooks_id")[: books * 3 : 3])


def look_at_lists(reader: Reader) -> None:
    """Say how long the list takes in the web process, and one with filters."""
    client = client_of(reader)
    for address in LISTS:
        seconds = []
        for _ in range(ROUNDS):
            begun = perf_counter()
            answer = client.get(address, headers={"host": "localhost"})
            seconds.append(perf_counter() - begun)
            assert answer.status_code == HTTPStatus.OK, address
        percentiles = quantiles(seconds[WARM:], n=20)
        say(
            f"{address}: median {1000 * percentiles[9]:.0f} ms, 95% {1000 * percentiles[18]:.0f} ms"
        )


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say how long it took, and the CPU time of this process, its PostgreSQL and its children.

    Spark's JVM is not among them, as nobody waits for it.
    """
    begun, cpu_begun = perf_counter(), _cpu_time()
    yield
    say(f"{what}: {perf_counter() - begun:.1f} s, CPU time {_cpu_time() - cpu_begun:.1f} s")


def _cpu_time() -> float:
    children = getrusage(RUSAGE_CHILDREN)
    return search.cpu_time() + children.ru_utime + children.ru_stime


def drawn(works: int) -> Drawn:
    """Works made of the words and names of the catalog's books, and these books themselves."""
    books = Book.objects.order_by("pk").for_cards()
    isbns = dict(
        BookIdentifier.objects.filter(scheme=BookIdentifier.Scheme.ISBN13)
        .order_by("-pk")
        .values_list("book", "value")
    )
    known = [
        KnownBook(book.title, next(iter(book.author_names), "Anonymous"), isbns.get(book.pk, ""))
        for book in books
    ]
    names = " ".join(Author.objects.order_by("pk").values_list("name", flat=True)).split()
    words = " ".join(book.title for book in known).split()
    return Drawn(works, seed=SEED, words=words, names=names, known=known)
