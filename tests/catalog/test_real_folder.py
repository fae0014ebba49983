"""A whole data set: goodbooks-10k where it is beside the project, else the starter shelf."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from catalog.editions import split_book_title
from catalog.goodbooks.load import load_folder, write_folder
from catalog.goodbooks.reader import read_folder
from catalog.goodbooks.table import Problems, find_table
from catalog.matching import Wanted, match
from catalog.models import Book, BookAuthor
from catalog.normalize import title_key
from tests.factories import LibraryEntryFactory

pytestmark = [pytest.mark.django_db, pytest.mark.services]

GOODBOOKS = Path(__file__).parents[2] / ".." / "shared" / "goodbooks"
#: Of a load of 10,000 books: it reads by the table and writes by the batch, never by the book.
MOST_QUERIES = 120


@pytest.fixture
def folder(starter_folder: Path) -> Path:
    return GOODBOOKS if GOODBOOKS.is_dir() else starter_folder


@pytest.mark.long
def test_a_whole_data_set_after_the_starter_shelf(folder: Path, starter_folder: Path) -> None:
    """Read and loaded once for all that is asked of it, as it takes a while."""
    first = load_folder(starter_folder, simulated=False, say=lambda line: None)
    assert not first.problems.counts
    entry = LibraryEntryFactory.create(book=Book.objects.get(title="The Great Gatsby"))
    in_file = rows(folder)
    said: list[str] = []
    contents = read_folder(folder, problems=Problems(), say=said.append)

    with counted_queries() as queries:
        outcome = write_folder(contents, simulated=False, say=said.append)

    assert len(queries) <= MOST_QUERIES
    assert len(said) >= 4
    loaded = Book.objects.known_as(int(number) for number, _, _ in in_file)
    assert loaded.count() == len(in_file) == outcome.new + outcome.changed + outcome.same
    credited = BookAuthor.objects.values_list("book", flat=True)
    assert set(loaded.values_list("pk", flat=True)) <= set(credited)
    assert not loaded.filter(title_key="").exists()
    entry.refresh_from_db()
    assert entry.book == Book.objects.get(title="The Great Gatsby")
    again = write_folder(contents, simulated=False, say=lambda line: None)
    assert not again.changed_anything
    assert again.same == len(in_file)
    assert again.notices.counts == outcome.notices.counts
    assert_every_title_leads_to_its_own_book(in_file)


def assert_every_title_leads_to_its_own_book(in_file: list[tuple[str, str, str]]) -> None:
    own = dict(Book.objects.values_list("goodbooks_id", "pk"))
    wanted = [
        Wanted(int(number), title=title, author=authors.partition(",")[0])
        for number, title, authors in in_file
    ]

    with counted_queries() as queries:
        found = match(wanted)

    assert len(queries) <= 4
    states = Counter(found[row.key].state for row in wanted)
    assert {row.key for row in wanted if found[row.key].state == "unmatched"} <= given_way(in_file)
    assert states["ambiguous"] <= len(wanted) // 1000
    wrong = [row for row in wanted if found[row.key].book_id not in (own[int(str(row.key))], None)]
    assert wrong == []


def given_way(in_file: list[tuple[str, str, str]]) -> set[int]:
    """The books whose titles in the file are of an edition, and gave way to those of the work."""
    keys = dict(Book.objects.values_list("goodbooks_id", "title_key"))
    changed = {int(number) for number, title, _ in in_file if title_key(title) != keys[int(number)]}
    bare = {
        int(number)
        for number, title, _ in in_file
        if split_book_title(title).key != keys[int(number)]
    }
    assert len(changed) <= 60
    assert len(bare) <= 2
    return changed


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """How queries begin. Django's own count would keep the whole text of each."""
    queries: list[str] = []

    def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        queries.append(sql[:60])
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        yield queries


def rows(folder: Path) -> list[tuple[str, str, str]]:
    table = find_table(folder, "books", Problems())
    assert table is not None
    found = table.rows("book_id", "title", "authors")
    return [(row.values[0], row.values[1], row.values[2]) for row in found]
