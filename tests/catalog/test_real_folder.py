"""A whole data set: goodbooks-10k where it is beside the project, else the starter shelf."""

from pathlib import Path
from time import perf_counter

import pytest
from django.db.models import Count

from catalog.goodbooks.load import load_folder
from catalog.goodbooks.table import Problems, find_table
from catalog.matching import Wanted, match
from catalog.models import Book
from tests.factories import LibraryEntryFactory

pytestmark = [pytest.mark.django_db, pytest.mark.services]

GOODBOOKS = Path(__file__).parents[2] / ".." / "shared" / "goodbooks"


@pytest.fixture
def folder(starter_folder: Path) -> Path:
    return GOODBOOKS if GOODBOOKS.is_dir() else starter_folder


def test_a_whole_data_set_after_the_starter_shelf(folder: Path, starter_folder: Path) -> None:
    first = load_folder(starter_folder, simulated=False, say=lambda line: None)
    assert not first.problems.counts
    gatsby = Book.objects.get(title="The Great Gatsby")
    entry = LibraryEntryFactory.create(book=gatsby)
    number_in_file = sum(1 for _ in rows(folder))
    said: list[str] = []

    begun = perf_counter()
    outcome = load_folder(folder, simulated=False, say=said.append)
    seconds = perf_counter() - begun

    assert seconds < 60
    assert len(said) >= 4
    loaded = Book.objects.filter(goodbooks_id__in=[int(number) for number, _, _ in rows(folder)])
    assert loaded.count() == number_in_file == outcome.new + outcome.changed + outcome.same
    assert not loaded.annotate(n=Count("credits")).filter(n=0).exists()
    assert loaded.exclude(title_key="").count() == number_in_file
    entry.refresh_from_db()
    assert entry.book == Book.objects.get(title="The Great Gatsby")
    again = load_folder(folder, simulated=False, say=lambda line: None)
    assert not again.changed_anything
    assert again.problems.counts == outcome.problems.counts


def test_every_title_of_the_data_set_leads_to_its_own_book(folder: Path) -> None:
    load_folder(folder, simulated=False, say=lambda line: None)
    own = dict(Book.objects.values_list("goodbooks_id", "pk"))
    wanted = [
        Wanted(int(number), title=title, author=authors.partition(",")[0])
        for number, title, authors in rows(folder)
    ]

    begun = perf_counter()
    found = match(wanted)
    seconds = perf_counter() - begun

    assert seconds < 10
    ambiguous = [row for row in wanted if found[row.key].state == "ambiguous"]
    assert len(ambiguous) <= len(wanted) // 1000
    wrong = [row for row in wanted if found[row.key].book_id not in (own[int(str(row.key))], None)]
    assert wrong == []
    assert all(found[row.key].state != "unmatched" for row in wanted)


def rows(folder: Path) -> list[tuple[str, str, str]]:
    table = find_table(folder, "books", Problems())
    assert table is not None
    found = table.rows("book_id", "title", "authors")
    return [(row.values[0], row.values[1], row.values[2]) for row in found]
