"""The account: what is kept, what is fetched, taking it along, and leaving for good."""

import csv
import io
import json
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from catalog.models import BookIdentifier
from recommender.models import ImportJob, LibraryEntry, Reader, Source, SourceShelf
from recommender.services import dismissals, groups, import_worker, imports
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ProposalFactory,
    ReaderFactory,
    RunFactory,
    UserFactory,
)
from tests.pages import Page, client_of, read

PAGE = "/account/"
PASSWORD = "a long password of mine"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def guest() -> Reader:
    return ReaderFactory.create(user=None)


def link(reader: Reader, account: str = "5907") -> SourceShelf:
    return SourceShelf.objects.create(
        reader=reader, source=Source.GOODREADS, account=account, shelf="read", pulled_at=NOW
    )


def with_everything(reader: Reader) -> None:
    """Something in every table that knows readers."""
    book = BookFactory.create(title="Dune", authors=["Frank Herbert"])
    LibraryEntryFactory.create(reader=reader, book=book, stars=5, title="Dune (Dune, #1)")
    run = RunFactory.create(reader=reader, books=[BookFactory.create(title="Emma")])
    job = ImportJobFactory.create(reader=reader, account="5907", run=run)
    item = ImportItemFactory.create(job=job, title="Solaris")
    ProposalFactory.create(reader=reader, item=item, title="Solaris")
    dismissals.dismiss(reader=reader, target=BookFactory.create(title="Twilight"), reason="other")
    link(reader)
    groups.begin(reader=reader, name="Solaris")


class TestPage:
    def test_nobody_is_sent_to_log_in(self) -> None:
        assert client_of(None).get(PAGE)["Location"] == "/accounts/login/"

    def test_it_tells_what_is_linked_and_when_it_is_looked_at_next(self) -> None:
        reader = ReaderFactory.create()
        link(reader)
        LibraryEntryFactory.create(reader=reader, source=Source.GOODREADS)
        words = read(client_of(reader).get(PAGE)).one("main").words
        assert "reader 5907: 1 book in your library comes from there" in words or "1 book" in words
        assert re.search(r"Checked .+; next check \w+day\.", words)

    def test_a_pace_is_kept_and_another_word_is_not(self) -> None:
        reader = ReaderFactory.create()
        link(reader)
        client = client_of(reader)
        assert client.post(PAGE, {"refresh_pace": "off"}).status_code == 302
        reader.refresh_from_db()
        assert reader.refresh_pace == "off"
        assert "not checked automatically" in read(client.get(PAGE)).one("main").words
        assert client.post(PAGE, {"refresh_pace": "hourly"}).status_code == 422
        reader.refresh_from_db()
        assert reader.refresh_pace == "off"

    def test_a_look_now_starts_an_import(self) -> None:
        reader = ReaderFactory.create()
        link(reader)
        answer = client_of(reader).post("/account/refresh")
        job = ImportJob.objects.get(reader=reader)
        assert answer["Location"] == f"/imports/{job.pk}/"
        assert job.account == "5907"

    def test_without_a_link_there_is_nothing_to_look_at(self) -> None:
        assert client_of(ReaderFactory.create()).post("/account/refresh").status_code == 404
        assert client_of(None).post("/account/refresh").status_code == 404

    def test_to_unlink_keeps_the_books(self) -> None:
        reader, other = ReaderFactory.create(), ReaderFactory.create()
        for one in (reader, other):
            link(one)
        LibraryEntryFactory.create(reader=reader, source=Source.GOODREADS)
        client_of(reader).post("/account/unlink")
        assert list(SourceShelf.objects.values_list("reader", flat=True)) == [other.pk]
        assert reader.entries.count() == 1


class TestFinder:
    def test_an_address_of_ones_own_leads_from_every_book_to_a_library(self) -> None:
        reader, book = guest(), BookFactory.create()
        BookIdentifier.objects.create(book=book, scheme="isbn13", value="9780618260300")
        client = client_of(reader)
        sent = {"finder_url": "https://library.example/find?q={isbn}&type=book"}
        assert client.post("/account/finder", sent).status_code == 302

        found = read(client.get(f"/books/{book.pk}/")).all("a")
        assert "https://library.example/find?q=9780618260300&type=book" in [
            one.attributes["href"] for one in found if one.words == "Find it at library.example"
        ]
        client.post("/account/finder", {"finder_url": ""})
        assert "Find it at" not in read(client.get(f"/books/{book.pk}/")).words

    @pytest.mark.parametrize(
        "wrong",
        [
            "javascript:alert({isbn})",
            "https://library.example/",
            "https://{isbn}.example/",
            "//library.example/{isbn}",
            "https://[{isbn}",
            "ftp://library.example/{isbn}",
        ],
    )
    def test_what_is_no_such_address_is_shown_again_and_not_kept(self, wrong: str) -> None:
        reader = guest()
        page = read(client_of(reader).post("/account/finder", {"finder_url": wrong}), status=422)
        assert page.one("input", name="finder_url").attributes["value"] == wrong
        assert page.all(class_="errorlist")
        reader.refresh_from_db()
        assert reader.finder_url == ""


class TestSharing:
    def test_it_is_off_until_the_owner_agrees_and_can_be_taken_back(self) -> None:
        reader, stranger = ReaderFactory.create(), ReaderFactory.create()
        client = client_of(reader)
        box = read(client.get(PAGE)).one("input", name="agrees")
        assert "checked" not in box.attributes
        assert client.post("/account/share", {"agrees": "on"})["Location"] == PAGE
        page = read(client.get(PAGE))
        assert "checked" in page.one("input", name="agrees").attributes
        assert "You agreed on" in page.one("main").words
        assert Reader.objects.get(shares_ratings=True) == reader
        assert (
            "checked"
            not in read(client_of(stranger).get(PAGE)).one("input", name="agrees").attributes
        )
        client.post("/account/share")
        assert not Reader.objects.filter(shares_ratings=True).exists()

    def test_guests_and_nobody_are_not_asked(self) -> None:
        someone = guest()
        assert not read(client_of(someone).get(PAGE)).all("input", name="agrees")
        for client in (client_of(someone), client_of(None)):
            assert client.post("/account/share", {"agrees": "on"}).status_code == 404
        assert not Reader.objects.filter(shares_ratings=True).exists()


def files_of(client: Client) -> dict[str, str]:
    answer = client.get("/account/data.zip")
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


class TestData:
    @pytest.mark.parametrize("is_guest", [True, False])
    def test_everything_is_in_it_and_nothing_of_others(self, is_guest: bool) -> None:
        reader = guest() if is_guest else ReaderFactory.create()
        with_everything(reader)
        LibraryEntryFactory.create(title="Somebody Else’s")
        files = files_of(client_of(reader))
        everything: dict[str, Any] = json.loads(files["everything.json"])
        assert [line["title"] for line in everything["library"]] == ["Dune (Dune, #1)"]
        assert everything["lists"][0]["books"][0]["title"] == "Emma"
        assert everything["dismissed"][0]["name"] == "Twilight"
        assert everything["imports"][0]["rows"][0]["title"] == "Solaris"
        assert everything["linked_shelves"][0]["account"] == "5907"
        assert everything["account"]["email"] == (reader.user.email if reader.user else None)
        assert "Somebody" not in "".join(files.values())
        assert "Emma" in files["recommendations.csv"]
        assert "Twilight" in files["dismissed.csv"]

    def test_the_library_can_be_imported_again(self) -> None:
        reader = ReaderFactory.create()
        books = [
            BookFactory.create(title=title, authors=[author])
            for title, author in (("Dune", "Frank Herbert"), ("Emma", "Jane Austen"))
        ]
        books.append(BookFactory.create(title="Solaris", authors=["Stanisław Lem"]))
        for book, stars, shelf in zip(
            books, (Decimal("4.5"), None, Decimal(2)), ("read", "to-read", "read"), strict=True
        ):
            LibraryEntryFactory.create(
                reader=reader, book=book, stars=stars, shelf=shelf, read_on=date(2026, 3, 14)
            )
        content = files_of(client_of(reader))["library.csv"].encode()
        again = ReaderFactory.create()
        job = imports.start_upload(reader=again, filename="library.csv", file=io.BytesIO(content))
        import_worker.run_import(job_id=job.pk, task_id="1")
        imports.confirm(job=job)
        job.refresh_from_db()
        import_worker.run_import(job_id=job.pk, task_id="2")
        fields = ("book", "stars", "shelf", "read_on")
        assert set(again.entries.values_list(*fields)) == set(reader.entries.values_list(*fields))

    def test_a_title_is_no_formula_in_a_spreadsheet(self) -> None:
        reader = ReaderFactory.create()
        LibraryEntryFactory.create(reader=reader, book=None, title="=HYPERLINK(1)")
        text = files_of(client_of(reader))["library.csv"]
        assert next(csv.DictReader(io.StringIO(text)))["Title"] == "'=HYPERLINK(1)"

    def test_nobody_has_no_data(self) -> None:
        assert client_of(None).get("/account/data.zip").status_code == 404


def traces_of(*marks: str) -> list[str]:
    """Tables in which a text or a key of somebody still stands."""
    return [
        model.__name__
        for model in apps.get_models()
        for row in model._default_manager.values()
        if any(mark in str(value) for mark in marks for value in row.values())
    ]


class TestLeaving:
    def test_an_account_is_gone_from_every_table_session_and_cache(
        self, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        reader = ReaderFactory.create()
        assert reader.user is not None
        reader.user.set_password(PASSWORD)
        reader.user.save()
        with_everything(reader)
        other = ReaderFactory.create()
        LibraryEntryFactory.create(reader=other)
        for row in (reader, reader.user):  # what an operator did to them
            LogEntry.objects.create(
                user=UserFactory.create(),
                content_type=ContentType.objects.get_for_model(row),
                object_id=str(row.pk),
                object_repr=str(row),
                action_flag=CHANGE,
            )
        email, pk = reader.user.email, reader.pk
        here, elsewhere = client_of(reader), client_of(reader)
        stranger = client_of(other)
        assert here.get(PAGE).status_code == 200
        # What the catalog knows stays; everything else that names the reader is looked for.
        assert traces_of(email)

        key = elsewhere.cookies[settings.SESSION_COOKIE_NAME].value
        with django_capture_on_commit_callbacks(execute=True):
            answer = here.post("/account/delete/", {"password": PASSWORD})

        assert answer["Location"] == "/"
        assert traces_of(email, "Solaris") == []
        for model in apps.get_models():
            for field in model._meta.fields:
                if field.remote_field and field.remote_field.model is Reader:
                    assert not model._default_manager.filter(**{field.name: pk}).exists()
        assert not Reader.objects.filter(pk=pk).exists()
        assert elsewhere.get(PAGE)["Location"] == "/accounts/login/"
        assert not Session.objects.filter(session_key=key).exists()
        assert stranger.get(PAGE).status_code == 200
        assert LibraryEntry.objects.count() == 1

    def test_a_wrong_password_deletes_nothing(self) -> None:
        reader = ReaderFactory.create()
        assert reader.user is not None
        reader.user.set_password(PASSWORD)
        reader.user.save()
        answer = client_of(reader).post("/account/delete/", {"password": "guess"})
        assert answer.status_code == 422
        assert "Nothing was deleted" in Page(answer).one("main").words
        assert Reader.objects.filter(pk=reader.pk).exists()

    def test_a_guest_types_a_word(self) -> None:
        reader = guest()
        with_everything(reader)
        client = client_of(reader)
        assert "1 book," in read(client.get("/account/delete/")).one("main").words
        assert client.post("/account/delete/", {"word": "no"}).status_code == 422
        assert Reader.objects.exists()
        assert client.post("/account/delete/", {"word": " Delete "}).status_code == 302
        assert not Reader.objects.exists()

    def test_nobody_has_nothing_to_delete(self) -> None:
        assert client_of(None).post("/account/delete/", {"word": "delete"}).status_code == 404

    def test_a_worker_on_an_import_of_theirs_finds_no_job_and_ends(self) -> None:
        reader = guest()
        job = ImportJobFactory.create(reader=reader, state=ImportJob.State.QUEUED)
        client_of(reader).post("/account/delete/", {"word": "delete"})
        import_worker.run_import(job_id=job.pk, task_id="late")
        assert not ImportJob.objects.exists()
