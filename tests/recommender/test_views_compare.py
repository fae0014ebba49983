"""What changed between two saved lists."""

from uuid import UUID

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from recommender.models import Reader, Run
from recommender.services import dismissals, runs, shelving
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
    shelving.shelve(reader=reader, book=camps.sea[3], shelf="to-read")
    LibraryEntryFactory.create(reader=reader, book=camps.sea[4], stars=4)
    second = runs.recommend(reader=reader, top=4, asked={"dial": 1})

    said = words(reader, first, second)

    for part in (
        "Sea 1 place 1: you dismissed it",
        "Sea 2 place 2: you dismissed its author",
        "Sea 3 place 3: it is on your to-read shelf",
        "Sea 4 place 4: you have rated it since, with 4 stars",
        "your rating of Sea 4 is new",
        "Your ratings changed: 1 added.",
        "You asked for adventurous instead of the list as it comes.",
    ):
        assert part in said
    assert said == words(reader, second, first)


def test_another_release_is_named() -> None:
    reader, book = ReaderFactory.create(), BookFactory.create()
    old, new = (
        RunFactory.create(reader=reader, books=[book], release=ModelReleaseFactory.create())
        for _ in range(2)
    )
    said = words(reader, old, new)
    assert f"release {new.release.version} instead of {old.release.version}" in said
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
        with django_assert_num_queries(11):
            client.get(address)
