"""What changed between two saved lists."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from catalog.models import Book
from recommender.models import Reader, Run
from recommender.services import dismissals, entries, runs
from tests.factories import (
    BookFactory,
    LibraryEntryFactory,
    ModelReleaseFactory,
    ReaderFactory,
    RunFactory,
)
from tests.pages import client_of, read
from tests.recommender.conftest import Camps

pytestmark = pytest.mark.django_db


def words(reader: Reader, a: Run, b: Run) -> str:
    address = f"{reverse('compare')}?a={a.pk}&b={b.pk}"
    return read(client_of(reader).get(address)).one("main").words


def test_it_says_what_came_what_went_and_why(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    first = runs.recommend(reader=reader, top=4)
    dismissals.dismiss(reader=reader, target=camps.sea[1])
    dismissals.dismiss(reader=reader, target=camps.sea[2].credits.get().author)
    entries.shelve(reader=reader, book=camps.sea[3], shelf="to-read")
    LibraryEntryFactory.create(reader=reader, book=camps.sea[4], stars=4)
    second = runs.recommend(reader=reader, top=4, requested={"dial": 1})

    said = words(reader, first, second)

    for part in (
        "Sea 1 place 1: you dismissed it",
        "Sea 2 place 2: you dismissed its author",
        "Sea 3 place 3: you want to read it",
        "Sea 4 place 4: you have rated it since, with 4 stars",
        "your rating of Sea 4 is new",
        "Your books changed: 1 added.",
        "You asked for Adventurous instead of Balanced.",
    ):
        assert part in said
    assert said == words(reader, second, first)


def test_what_was_undone_and_removed_in_between_is_told(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    gone = LibraryEntryFactory.create(reader=reader, book=camps.sea[3], stars=None, shelf="to-read")
    book, author = camps.sea[1], camps.sea[2].credits.get().author
    standing = [dismissals.dismiss(reader=reader, target=target) for target in (book, author)]
    first = runs.recommend(reader=reader, top=3)
    for dismissal in standing:
        dismissals.undo(dismissal=dismissal)
    dismissals.undo(dismissal=dismissals.dismiss(reader=reader, target=camps.sea[4]))
    entries.remove(entry=gone)
    second = runs.recommend(reader=reader, top=3)
    dismissals.dismiss(reader=reader, target=camps.sea[4])

    said = words(reader, first, second)

    for part in (
        "Sea 1 place 1: you no longer dismiss it",
        "Sea 2 place 2: you no longer dismiss its author",
        "Sea 3 place 3: you have removed it from your library",
        "Sea 4 place 1: other books took its place",
    ):
        assert part in said


def test_what_came_into_the_library_later_explains_nothing(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    moor = LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=5)
    first = runs.recommend(reader=reader, top=20)
    entries.edit(entry=moor, stars=Decimal("0.5"), shelf="read", read_on=None)
    second = runs.recommend(reader=reader, top=20)
    entries.set_left_out(entry=moor, is_left_out=True)
    entries.shelve(reader=reader, book=camps.moor[1], shelf="to-read")
    third = runs.recommend(reader=reader, top=20)

    said = words(reader, first, second)
    assert "Moor 1" in said
    assert "you have changed your stars for Moor 0" in said
    assert "want to read" not in said
    said = words(reader, first, third)
    assert "your rating of Moor 0 no longer counts" in said
    assert "you want to read it" in said


def test_a_book_without_stars_is_told_as_a_reading(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    first = runs.recommend(reader=reader, top=20)
    moor = LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=None)
    second = runs.recommend(reader=reader, top=20)
    entries.edit(entry=moor, stars=Decimal(5), shelf="read", read_on=None)
    third = runs.recommend(reader=reader, top=20)
    entries.edit(entry=moor, stars=None, shelf="to-read", read_on=None)
    fourth = runs.recommend(reader=reader, top=20)

    said = words(reader, first, second)
    assert "Your books changed: 1 added." in said
    assert "your reading of Moor 0 is new" in said
    assert "Your books changed: 1 changed." in words(reader, second, third)
    assert "your rating of Moor 0 no longer counts" in words(reader, third, fourth)


def test_since_when_books_count_is_told_both_ways(camps: Camps) -> None:
    reader = ReaderFactory.create()
    day = date(2018, 1, 1)
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5, read_on=day)
    LibraryEntryFactory.create(reader=reader, book=camps.moor[0], stars=5)
    first = runs.recommend(reader=reader, top=4)
    entries.set_read_since(reader=reader, since=date(2019, 1, 1))
    second = runs.recommend(reader=reader, top=4)
    entries.set_read_since(reader=reader, since=None)
    third = runs.recommend(reader=reader, top=4)

    said = words(reader, first, second)
    assert "Only what you read since 2019 counts now." in said
    assert "You asked for" not in said
    assert "your rating of Sea 0 no longer counts" in said
    assert "your other books changed" in said
    assert "Everything you have read counts now." in words(reader, second, third)


def test_a_book_that_was_hidden_since_is_told_and_keeps_its_page(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    first = runs.recommend(reader=reader, top=3)
    Book.objects.filter(pk=camps.sea[1].pk).update(status=Book.Status.HIDDEN)
    second = runs.recommend(reader=reader, top=3)
    assert "Sea 1 place 1: it is no longer recommended to anyone" in words(reader, first, second)
    address = reverse("book", args=[camps.sea[1].pk])
    assert client_of(reader).get(address).status_code == 200
    assert client_of(ReaderFactory.create()).get(address).status_code == 404


def test_another_model_is_told_by_its_day_and_not_by_its_number() -> None:
    reader, book = ReaderFactory.create(), BookFactory.create()
    old, new = (
        RunFactory.create(
            reader=reader, books=[book], release=ModelReleaseFactory.create(built_at=day)
        )
        for day in (datetime(2026, 10, 3, 12, tzinfo=UTC), datetime(2026, 11, 7, 12, tzinfo=UTC))
    )
    said = words(reader, old, new)
    assert "the newer list comes from one built on November 7, 2026." in said
    assert new.release.version not in said
    assert "Both lists have the same books." in said


def test_lists_of_others_do_not_exist() -> None:
    mine, theirs = RunFactory.create(), RunFactory.create()
    address = f"{reverse('compare')}?a={mine.pk}&b={theirs.pk}"
    for reader in (mine.reader, theirs.reader, ReaderFactory.create(user=None), None):
        assert client_of(reader).get(address).status_code == 404


@pytest.mark.parametrize("query", ["", "a=1&b=2", f"a={UUID(int=1)}&b={UUID(int=2)}"])
def test_what_is_no_list_is_not_found(query: str) -> None:
    address = f"{reverse('compare')}?{query}"
    assert client_of(ReaderFactory.create()).get(address).status_code == 404


def test_history_and_lists_lead_here() -> None:
    reader = ReaderFactory.create()
    old, new = RunFactory.create_batch(2, reader=reader, books=[BookFactory.create()])
    client = client_of(reader)
    page = read(client.get(reverse("run", args=[new.pk])))
    assert page.one("a", href=f"{reverse('compare')}?a={old.pk}&b={new.pk}")
    history = read(client.get(reverse("history")))
    assert [one.words for one in history.all("option", value=str(old.pk))]
    assert history.one("form", action=reverse("compare"))


def test_long_lists_cost_no_more_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    reader = ReaderFactory.create()
    client = client_of(reader)
    for size in (1, 12):
        a, b = (
            RunFactory.create(reader=reader, books=BookFactory.create_batch(size)) for _ in range(2)
        )
        address = f"{reverse('compare')}?a={a.pk}&b={b.pk}"
        client.get(address)
        with django_assert_num_queries(12):
            client.get(address)
