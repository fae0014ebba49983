"""The admin of readers, their libraries, imports and runs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from recommender.models import ImportJob, LibraryEntry, ModelRelease, Reader, Recommendation, Run
from tests.admin_pages import change_page, changelist, curator, queries_of
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ModelReleaseFactory,
    ReaderFactory,
    RunFactory,
)

pytestmark = pytest.mark.django_db

MAKERS: dict[str, Callable[[], Any]] = {
    "recommender_reader": lambda: LibraryEntryFactory.create().reader,
    "recommender_libraryentry": LibraryEntryFactory.create,
    "recommender_importjob": lambda: (
        ImportItemFactory.create(job__state=ImportJob.State.DONE, book=BookFactory.create()).job
    ),
    "recommender_importitem": lambda: ImportItemFactory.create(book=BookFactory.create()),
    "recommender_run": lambda: RunFactory.create(books=[BookFactory.create()]),
    "recommender_modelrelease": ModelReleaseFactory.create,
}


@pytest.fixture
def client() -> Client:
    return curator()


def results(client: Client, address: str) -> list[Any]:
    return list(client.get(address).context["cl"].result_list)


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_of_one_thing_is_there(client: Client, name: str) -> None:
    assert client.get(change_page(name, MAKERS[name]().pk)).status_code == 200


@pytest.mark.parametrize("name", sorted(set(MAKERS) - {"recommender_reader"}))
def test_nobody_adds_by_hand_what_the_site_writes(client: Client, name: str) -> None:
    address = changelist(name) + "add/"
    assert client.get(address).status_code == 403


def test_a_run_shows_its_places_without_a_query_for_each(client: Client) -> None:
    short = RunFactory.create(books=[BookFactory.create() for _ in range(5)])
    long = RunFactory.create(books=[BookFactory.create(title=f"Place {n}") for n in range(50)])

    client.get(change_page("recommender_run", short.pk))  # fills Django's cache of content types
    few = queries_of(client, change_page("recommender_run", short.pk))

    assert queries_of(client, change_page("recommender_run", long.pk)) == few
    page = client.get(change_page("recommender_run", long.pk)).content.decode()
    assert "Place 49" in page
    assert "A Wizard of Earthsea" in page


@pytest.mark.parametrize(
    "name", ["recommender_run", "recommender_importjob", "recommender_modelrelease"]
)
def test_history_cannot_be_changed(client: Client, name: str) -> None:
    thing = MAKERS[name]()
    before = type(thing).objects.filter(pk=thing.pk).values().get()

    page = client.get(change_page(name, thing.pk)).content.decode()
    response = client.post(
        change_page(name, thing.pk),
        {"ranker": "mine", "state": "failed", "dataset": "mine", "library_size": 7},
    )

    assert 'name="_save"' not in page
    assert response.status_code == 403
    assert type(thing).objects.filter(pk=thing.pk).values().get() == before


def test_the_places_of_a_run_cannot_be_changed(client: Client) -> None:
    run = RunFactory.create(books=[BookFactory.create()])
    place = run.recommendations.get()
    rows = {
        "recommendations-TOTAL_FORMS": 1,
        "recommendations-INITIAL_FORMS": 1,
        "recommendations-0-id": place.pk,
        "recommendations-0-run": run.pk,
        "recommendations-0-rank": 9,
        "recommendations-0-DELETE": "on",
    }

    assert client.post(change_page("recommender_run", run.pk), rows).status_code == 403
    assert Recommendation.objects.get(pk=place.pk).rank == 1


def test_a_release_cannot_be_deleted(client: Client) -> None:
    release = ModelReleaseFactory.create()
    address = change_page("recommender_modelrelease", release.pk).replace("/change/", "/delete/")
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert ModelRelease.objects.filter(pk=release.pk).exists()


def test_a_reader_can_be_deleted_with_all_that_is_his(client: Client) -> None:
    reader = LibraryEntryFactory.create().reader
    RunFactory.create(reader=reader, books=[BookFactory.create()])
    ImportItemFactory.create(job__reader=reader)
    address = change_page("recommender_reader", reader.pk).replace("/change/", "/delete/")

    assert client.post(address, {"post": "yes"}).status_code == 302

    assert not Reader.objects.filter(pk=reader.pk).exists()
    assert not LibraryEntry.objects.exists()
    assert not Run.objects.exists()


@pytest.mark.parametrize("book", ["author:9", "9" * 5000, "٣", ""])
def test_what_is_no_number_of_a_book_is_refused(client: Client, book: str) -> None:
    entry = LibraryEntryFactory.create(stars=4)

    response = client.post(change_page("recommender_libraryentry", entry.pk), {"book": book})

    assert response.status_code == (302 if book == "" else 200)
    entry.refresh_from_db()
    assert (entry.book is None) == (book == "")


def test_the_wrong_book_of_an_entry_is_put_right_and_nothing_else_changes(client: Client) -> None:
    entry = LibraryEntryFactory.create(stars=4)
    right = BookFactory.create()

    response = client.post(
        change_page("recommender_libraryentry", entry.pk), {"book": right.pk, "stars": "1"}
    )

    assert response.status_code == 302
    entry.refresh_from_db()
    assert entry.book == right
    assert entry.stars == 4


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("recommender_reader", "ursula@example.org"),
        ("recommender_libraryentry", "Rocannon"),
        ("recommender_libraryentry", "ursula@example.org"),
        ("recommender_importjob", "777123"),
        ("recommender_importjob", "ursula@example.org"),
        ("recommender_importitem", "Rocannon"),
        ("recommender_run", "ursula@example.org"),
        ("recommender_modelrelease", "20260101"),
    ],
)
def test_things_are_found_by_what_is_known_of_them(client: Client, name: str, text: str) -> None:
    for make in MAKERS.values():
        make()
    reader = ReaderFactory.create(user__email="ursula@example.org")
    job = ImportJobFactory.create(reader=reader, account="777123")
    release = ModelReleaseFactory.create(version="20260101T000000Z-00000000")
    wanted = {
        "recommender_reader": reader,
        "recommender_libraryentry": LibraryEntryFactory.create(
            reader=reader, title="Rocannon's World"
        ),
        "recommender_importjob": job,
        "recommender_importitem": ImportItemFactory.create(job=job, title="Rocannon's World"),
        "recommender_run": RunFactory.create(reader=reader),
        "recommender_modelrelease": release,
    }

    assert results(client, changelist(name, q=text)) == [wanted[name]]


def test_the_rows_of_an_import_without_a_book_are_one_click_away(client: Client) -> None:
    job = ImportJobFactory.create()
    ImportItemFactory.create(job=job, state="matched", book=BookFactory.create())
    lost = ImportItemFactory.create(job=job, state="unmatched")
    ImportItemFactory.create(state="unmatched")

    page = client.get(changelist("recommender_importjob")).content.decode()
    address = (
        f"{changelist('recommender_importitem')}?job__id__exact={job.pk}"
        "&amp;state__in=proposed,ambiguous,unmatched,failed"
    )

    assert f'<a href="{address}">1</a>' in page
    assert results(client, address.replace("&amp;", "&")) == [lost]


def test_filters_tell_guests_from_accounts_and_lost_lines_from_found_ones(client: Client) -> None:
    guest = ReaderFactory.create(user=None)
    owner = ReaderFactory.create()
    lost = LibraryEntryFactory.create(reader=guest, book=None)
    found = LibraryEntryFactory.create(reader=owner)

    assert results(client, changelist("recommender_reader", account="no")) == [guest]
    assert results(client, changelist("recommender_reader", account="yes")) == [owner]
    assert results(client, changelist("recommender_libraryentry", matched="no")) == [lost]
    assert results(client, changelist("recommender_libraryentry", matched="yes")) == [found]
