"""Server time and weight of every page with books on it: 10,000 books, 1,000 entries.

    make bench-pages

The catalog and the model are drawn at random with a fixed seed: times depend on how much there is,
not on which books they are. Requests go to Django's handler, so that the time of the network and
of gunicorn is not in the figures, and all else is: sessions, middleware, database, templates.
"""

import gc
import gzip
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import quantiles
from time import perf_counter
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.client import ClientHandler

from recommender.engine.manifest import Dataset
from recommender.engine.publish import Draft, Part, promote, write_release
from recommender.engine.store import open_store
from recommender.engine.weights import SIGNED_WEIGHTS

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from catalog.models import Book
    from recommender.models import Reader

BOOKS, NEIGHBOURS, LIBRARY, ROUNDS = 10_000, 150, 1_000, 60
MOST_MILLISECONDS, MOST_BYTES = 60, 60_000
COVER = re.compile(rb'<svg class="cover".*?</svg>', re.DOTALL)
#: By what a page is called in docs/PERFORMANCE.md.
ADDRESSES = {
    "list of ten": "/recommendations/",
    "dial at “very adventurous”": "/recommendations/?dial=2",
    "with three filters": "/recommendations/?genre=genre-3&year_from=1950&series=3",
    "fifty books": "/recommendations/?n=50",
    "library": "/library/",
    "library with four filters": "/library/?q=number+1&stars=rated&use=counting&sort=author",
    "pile": "/pile/",
    "your series": "/series/",
    "browse": "/browse/",
    "genre": "/genres/genre-3/",
    "search": "/books/?q=number+1",
    "rate": "/rate/",
    "proof": "/proof/",
    "read together": "/together/",
    "gift": "/gift/?first=The+Book+of+Number+1",
    "saved lists": "/history/",
    "account": "/account/",
}


def publish(store_uri: str) -> None:
    """A release of neighbors in the size of the real one."""
    random = np.random.default_rng(7)
    picks = [
        np.sort(random.choice(BOOKS, NEIGHBOURS, replace=False)).astype(np.int32)
        for _ in range(BOOKS)
    ]
    part = Part(
        {
            "starts": np.arange(0, BOOKS * NEIGHBOURS + 1, NEIGHBOURS, dtype=np.int64),
            "targets": np.concatenate(picks),
            "values": random.exponential(0.02, BOOKS * NEIGHBOURS).astype(np.float32),
        },
        {"weights": SIGNED_WEIGHTS.to_json()},
    )
    draft = Draft(
        books={
            "book_id": np.arange(1, BOOKS + 1, dtype=np.int64),
            "ratings": (600_000 / np.arange(1, BOOKS + 1) ** 0.8).astype(np.int64),
        },
        parts={"neighbours": part},
        dataset=Dataset("drawn", True, ratings=1, readers=1, books=BOOKS, sha256="0"),
        default_ranker="neighbours",
    )
    store = open_store(store_uri)
    promote(store, write_release(store, draft, now=datetime(2026, 1, 1, tzinfo=UTC)).version)


def load_catalog() -> None:
    """Books with one or two authors, three genres and a description; a fifth in series."""
    from catalog.models import Author, Book, BookAuthor, BookGenre, Genre

    authors = Author.objects.bulk_create(
        Author(name=f"Jane Writer{n}", surname_key=f"writer{n}") for n in range(5000)
    )
    genres = Genre.objects.bulk_create(
        Genre(slug=f"genre-{n}", name=f"Genre {n}") for n in range(30)
    )
    books = Book.objects.bulk_create(
        Book(
            goodbooks_id=n,
            goodreads_work_id=n,
            title=f"The Book of Number {n}",
            title_key=f"book of number {n}",
            year=1900 + n % 120,
            language="eng",
            series_name=f"Series {n // 25}" if n % 5 == 0 else "",
            series_number=n % 25 // 5 + 1 if n % 5 == 0 else None,
            description="Somebody sets out and comes back changed. " * 25,
            description_source="Bookfold",
            ratings_count=600_000 // n,
        )
        for n in range(1, BOOKS + 1)
    )
    BookAuthor.objects.bulk_create(
        BookAuthor(book=book, author=authors[(n * (1 + 7 * place)) % 5000], position=place + 1)
        for n, book in enumerate(books, start=1)
        for place in range(1 + (n % 3 == 0 and n % 5000 != 0))
    )
    BookGenre.objects.bulk_create(
        BookGenre(book=book, genre=genres[(n + 7 * place) % 30], count=10 - place)
        for n, book in enumerate(books)
        for place in range(3)
    )


def library_of(books: "QuerySet[Book]") -> "Reader":
    """An account that has rated four in five of these books and wants to read the others."""
    from recommender import shelves
    from recommender.models import LibraryEntry
    from tests.factories import ReaderFactory, UserFactory

    reader = ReaderFactory.create(user=UserFactory.create())
    LibraryEntry.objects.bulk_create(
        LibraryEntry(
            reader=reader,
            book=book,
            source="goodreads",
            source_key=str(n),
            title=book.title,
            stars=1 + n % 5 if n % 5 else None,
            shelf=shelves.Shelf.READ if n % 5 else shelves.Shelf.TO_READ,
        )
        for n, book in enumerate(books)
    )
    return reader


def own_addresses(reader: "Reader") -> Mapping[str, str]:
    """Pages whose address names a row: a book, a list that is shared, a group of two."""
    from catalog.models import Book
    from recommender.services import groups, runs, saved_lists

    run = runs.recommend(reader=reader)
    saved_lists.share(run=run)
    run.refresh_from_db()
    group = groups.begin(reader=reader, name="Ann")
    other = library_of(Book.objects.order_by("pk")[1 : LIBRARY * 3 : 3])
    groups.add(group=group, reader=other, name="Bob")
    volume = Book.objects.exclude(series_name="").order_by("pk")[0]
    return {
        "book": f"/books/{volume.pk}/",
        "author": f"/authors/{volume.author_credits[0].author_id}/",
        "series": f"/series/{volume.pk}/",
        "saved list": f"/recommendations/{run.pk}/",
        "shared list": f"/lists/{run.share_token}/",
        "list for two": f"/together/{group.pk}/",
    }


@pytest.mark.django_db
def test_pages_are_quick_and_light(own_store: str) -> None:
    from catalog.models import Book
    from tests.pages import client_of

    publish(own_store)
    load_catalog()
    reader = library_of(Book.objects.order_by("pk")[: LIBRARY * 3 : 3])
    with connection.cursor() as cursor:  # as autovacuum does in an hour
        cursor.execute("ANALYZE")
    requests, handler = RequestFactory(), ClientHandler()
    requests.cookies = client_of(reader).cookies

    def get(address: str) -> HttpResponse:
        return cast("HttpResponse", handler(requests.get(address).environ))

    gc.collect()
    gc.freeze()  # as recsite.wsgi does
    broken = []
    for name, address in {**ADDRESSES, **own_addresses(reader)}.items():
        answer = get(address)
        assert answer.status_code == 200, address
        light = len(COVER.sub(b"", answer.content))
        times = []
        for _ in range(ROUNDS):
            begun = perf_counter()
            get(address)
            times.append(1000 * (perf_counter() - begun))
        cuts = quantiles(times, n=20)
        weights = (light, len(answer.content), len(gzip.compress(answer.content)))
        print(  # noqa: T201 the figures are what it is run for
            f"\n| {name} | {answer.content.count(b'data-book-id=')} | {cuts[9]:.0f} | "
            f"{cuts[18]:.0f} | " + " | ".join(f"{weight / 1000:.1f}" for weight in weights) + " |"
        )
        if name == "fifty books":
            continue
        is_list = address.startswith("/recommendations/?") or address == "/recommendations/"
        if light > MOST_BYTES or (is_list and cuts[18] > MOST_MILLISECONDS):
            broken.append(name)
    assert not broken
