"""Readers see that their books are looked for, how far it is, and can say no."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from catalog.models import WantedBook
from catalog.openlibrary.parse import Work
from recommender.models import LibraryEntry, Reader
from recommender.services import proposals
from recsite.local.standins.openlibrary import OpenLibraryStandin
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ReaderFactory,
)
from tests.pages import client_of, read

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
BOX = "Look up books we don’t know at Open Library"
PART = "/library/look-ups"


@pytest.fixture
def on(open_library: OpenLibraryStandin) -> None:
    """A site that can ask Open Library."""


def wanted(reader: Reader, state: str, **fields: object) -> LibraryEntry:
    """A line that is looked for, or was."""
    book = BookFactory.create() if state == "added" else None
    row = WantedBook.objects.create(
        key=f"{WantedBook.objects.count()}",
        title="Rare",
        due_at=timezone.now(),
        state=state,
        book=book,
        works=[{}] if state == "doubtful" else [],
        **fields,
    )
    entry: LibraryEntry = LibraryEntryFactory.create(reader=reader, book=book, wanted=row)
    return entry


def test_a_library_shows_how_far_it_is_and_htmx_renews_it() -> None:
    reader = ReaderFactory.create()
    for state in ("waiting", "waiting", "failed", "nothing", "added"):
        wanted(reader, state)
    client = client_of(reader)
    told = read(client.get(reverse("library"))).one(id="look-ups")
    assert told.words == "Looking for 5 of your books at Open Library: 1 found so far."
    [again] = [told.attributes["hx-get"]]
    assert again == f"{PART}?seen=5-1-3-0"
    assert client.get(again, headers=HTMX).status_code == 204
    WantedBook.objects.filter(state="failed").update(state="nothing")
    renewed = read(client.get(again, headers=HTMX)).one(id="look-ups")
    assert renewed.attributes["hx-get"] == f"{PART}?seen=5-1-2-0"


def test_once_it_has_ended_the_library_says_so_for_a_week() -> None:
    reader = ReaderFactory.create()
    entry = wanted(reader, "nothing", asked_at=timezone.now())
    client = client_of(reader)
    told = read(client.get(reverse("library"))).one(id="look-ups")
    assert (
        "We looked for 1 of your books at Open Library, and found none. We will look again"
        in told.words
    )
    assert "hx-get" not in told.attributes
    WantedBook.objects.update(asked_at=timezone.now() - timedelta(days=8))
    assert not read(client.get(reverse("library"))).all(id="look-ups")
    assert entry.wanted


def test_what_is_doubtful_leads_to_the_choice() -> None:
    reader = ReaderFactory.create()
    entry, other = wanted(reader, "doubtful"), wanted(reader, "nothing")
    proposals.offer(entries=[entry], works=[Work("OL1W", "Rare", credited=("A",))])
    client = client_of(reader)
    page = read(client.get(reverse("library")))
    assert "For 1 of them" in page.one(id="look-ups").words
    [proposal] = reader.proposals.all()
    assert page.one("a", href=reverse("proposal", args=[proposal.pk]))
    chosen = read(client.get(reverse("library"), {"use": "to-choose"}))
    assert chosen.all(id=f"entry-{entry.pk}")
    assert not chosen.all(id=f"entry-{other.pk}")
    assert "Which of these is it?" in read(client.get(f"/books/missing/{proposal.pk}/")).words


def test_an_open_search_that_found_nothing_gets_what_was_found_since() -> None:
    reader = ReaderFactory.create()
    entry = wanted(reader, "doubtful")
    work = Work("OL1W", "Rare", credited=("A",))
    mine = reader.proposals.create(entry=entry, title="Rare", state="nothing")
    proposals.offer(entries=[entry], works=[work])
    mine.refresh_from_db()
    assert (mine.state, proposals.works_of(mine), reader.proposals.count()) == (
        "choosing",
        [work],
        1,
    )
    assert mine.works[0]["key"] == asdict(work)["key"]


def test_the_part_is_its_owners_and_without_htmx_the_library() -> None:
    reader = ReaderFactory.create()
    wanted(reader, "waiting")
    assert client_of(reader).get(PART).headers["Location"] == reverse("library")
    assert client_of(None).get(PART, headers=HTMX).headers["Location"] == reverse("library")
    other = client_of(ReaderFactory.create()).get(PART, headers=HTMX)
    assert b"look-ups" not in other.content


@pytest.mark.parametrize(("ticked", "kept"), [({"look_up": "on"}, True), ({}, False)])
def test_the_preview_asks_and_the_answer_is_kept(
    on: None, ticked: dict[str, str], kept: bool
) -> None:
    reader = ReaderFactory.create()
    job = ImportJobFactory.create(reader=reader, kind="table_file", account="", state="preview")
    ImportItemFactory.create(job=job, change="new")
    client = client_of(reader)
    page = read(client.get(reverse("import", args=[job.pk])))
    assert page.one("input", name="look_up").attributes["checked"] == ""
    assert BOX in page.words
    client.post(reverse("import-confirm", args=[job.pk]), ticked)
    reader.refresh_from_db()
    assert reader.looks_up_books is kept
    later = ImportJobFactory.create(reader=ReaderFactory.create(looks_up_books=kept))
    type(later).objects.filter(pk=later.pk).update(kind="table_file", account="", state="preview")
    ImportItemFactory.create(job=later, change="new")
    box = read(client_of(later.reader).get(reverse("import", args=[later.pk]))).one(name="look_up")
    assert ("checked" in box.attributes) is kept


def test_where_nothing_is_looked_for_nobody_is_asked(settings: Settings) -> None:
    settings.ADD_BOOKS = "off"
    reader = ReaderFactory.create()
    job = ImportJobFactory.create(reader=reader, kind="table_file", account="", state="preview")
    ImportItemFactory.create(job=job, change="new")
    client = client_of(reader)
    assert not read(client.get(reverse("import", args=[job.pk]))).all(name="look_up")
    client.post(reverse("import-confirm", args=[job.pk]))
    reader.refresh_from_db()
    assert reader.looks_up_books is None
    assert not read(client.get(reverse("account"))).all(id="look-up")


def test_the_account_page_changes_it(on: None) -> None:
    reader = ReaderFactory.create(looks_up_books=True)
    wanted(reader, "waiting")
    client = client_of(reader)
    assert read(client.get(reverse("account"))).one(name="looks_up").attributes["checked"] == ""
    client.post(reverse("account-look-up"), {})
    assert Reader.objects.get(looks_up_books=False) == reader
    assert not reader.entries.exclude(wanted=None).exists()
    client.post(reverse("account-look-up"), {"looks_up": "on"})
    assert Reader.objects.get(looks_up_books=True) == reader
    assert client_of(None).post(reverse("account-look-up")).status_code == 404


def test_the_first_page_says_so(on: None, settings: Settings) -> None:
    told = "looked up at Open Library"
    assert told in read(client_of(None).get(reverse("landing"))).words
    settings.ADD_BOOKS = "off"
    assert told not in read(client_of(None).get(reverse("landing"))).words
