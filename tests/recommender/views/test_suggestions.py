"""Yes and no to the books that rows and entries probably mean, in the preview and the library."""

import pytest
from django.test import Client
from django.urls import reverse

from recommender.models import ImportItem, ImportJob, LibraryEntry, Reader
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ReaderFactory,
    RunFactory,
)
from tests.pages import client_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Reader:
    return ReaderFactory.create()


@pytest.fixture
def job(reader: Reader) -> ImportJob:
    """A preview with two rows that are probably books."""
    job = ImportJobFactory.create(
        reader=reader, kind="goodreads_export", account="", filename="mine.csv", state="preview"
    )
    for title in ("Quiet", "Loud"):
        meant = BookFactory.create(title=f"{title}: The Power of It", authors=["Ann Author"])
        ImportItemFactory.create(job=job, title=title, state="proposed", suggested_book=meant)
    return job


@pytest.fixture
def entries(reader: Reader) -> list[LibraryEntry]:
    return [
        LibraryEntryFactory.create(
            reader=reader,
            book=None,
            title=title,
            suggested_book=BookFactory.create(title=f"{title}: The Power of It"),
        )
        for title in ("Quiet", "Loud")
    ]


def answer(client: Client, job: ImportJob, **data: object) -> str:
    address = reverse("import-proposed", args=[job.pk])
    return str(client.post(address, data)["Location"])


def states(job: ImportJob) -> list[str]:
    return list(job.items.order_by("position").values_list("state", flat=True))


def test_the_preview_shows_them_side_by_side(job: ImportJob) -> None:
    page = read(client_of(job.reader).get(reverse("import", args=[job.pk])))

    assert page.one(id="proposed-title").words == "2 more are probably these"
    pairs = page.all("div", class_="pair")
    assert "Quiet, Some Body 4 stars · Read" in pairs[0].words
    assert "Quiet: The Power of It, Ann Author 1969" in pairs[0].words
    assert page.one("button", name="accept", value="all").words == "Accept all 2"


def test_one_is_told_as_one(job: ImportJob) -> None:
    job.items.get(title="Loud").delete()

    page = read(client_of(job.reader).get(reverse("import", args=[job.pk])))

    assert page.one(id="proposed-title").words == "1 more is probably this"
    assert not page.all("button", name="accept", value="all")


def test_yes_to_all_and_back(job: ImportJob) -> None:
    client = client_of(job.reader)

    assert answer(client, job, accept="all") == reverse("import", args=[job.pk]) + "#answers"
    assert states(job) == ["repaired", "repaired"]
    page = read(client.get(reverse("import", args=[job.pk])))
    assert "2 books accepted." in page.words
    assert page.one("button", name="undo", value="all").words == "Undo the 2 you accepted"
    answer(client, job, undo="all")
    assert states(job) == ["proposed", "proposed"]


def test_yes_to_one_no_to_the_other_and_back(job: ImportJob) -> None:
    client = client_of(job.reader)
    quiet, loud = job.items.order_by("position")

    answer(client, job, accept=quiet.pk)
    answer(client, job, decline=loud.pk)
    assert states(job) == ["repaired", "skipped"]
    page = read(client.get(reverse("import", args=[job.pk])))
    for row in (quiet, loud):
        assert page.one("button", name="undo", value=str(row.pk))
        answer(client, job, undo=row.pk)

    assert states(job) == ["proposed", "proposed"]


def test_an_answer_on_the_page_of_rows_leads_back_to_it(job: ImportJob) -> None:
    client = client_of(job.reader)
    rows = reverse("import-rows", args=[job.pk])
    row = job.items.first()
    assert row
    page = read(client.get(f"{rows}?state=proposed"))
    assert page.one("button", name="accept", value=str(row.pk))

    assert answer(client, job, accept=row.pk, state="proposed") == f"{rows}?state=proposed"
    assert answer(client, job, undo=row.pk, state="") == rows


def test_a_row_s_page_offers_its_suggested_book_first(job: ImportJob) -> None:
    row = job.items.get(title="Quiet")

    page = read(client_of(job.reader).get(reverse("import-row", args=[job.pk, row.pk])))

    values = [radio.attributes["value"] for radio in page.all("input", type="radio")]
    assert values == [str(row.suggested_book_id), "none"]


def test_a_row_without_a_suggestion_is_offered_similar_titles(job: ImportJob) -> None:
    book = BookFactory.create(
        title="Prime Numbers", title_key="prime numbers", authors=["Ann Author"]
    )
    row = ImportItemFactory.create(
        job=job, state="unmatched", title="Pryme Numbres", author="Ann Author"
    )

    page = read(client_of(job.reader).get(reverse("import-row", args=[job.pk, row.pk])))

    assert page.one("input", type="radio", value=str(book.pk))


@pytest.mark.parametrize(
    "data", [{}, {"accept": "some"}, {"accept": "all", "undo": "all"}, {"decline": "all"}]
)
def test_an_answer_that_is_none_changes_nothing(job: ImportJob, data: dict[str, str]) -> None:
    client = client_of(job.reader)

    answer(client, job, **data)

    assert states(job) == ["proposed", "proposed"]
    assert "Say yes or no" in read(client.get(reverse("import", args=[job.pk]))).words


def test_a_row_of_another_import_is_not_found(job: ImportJob) -> None:
    other = ImportItemFactory.create()
    address = reverse("import-proposed", args=[job.pk])
    for act in ("accept", "decline", "undo"):
        assert client_of(job.reader).post(address, {act: other.pk}).status_code == 404


def test_strangers_and_nobody_answer_for_nobody(
    job: ImportJob, entries: list[LibraryEntry]
) -> None:
    of_import = reverse("import-proposed", args=[job.pk])
    of_library = reverse("library-proposed")
    stranger = client_of(ReaderFactory.create())
    for client in (stranger, client_of(None)):
        assert client.post(of_import, {"accept": "all"}).status_code == 404
        assert client.post(of_library, {"accept": entries[0].pk}).status_code == 404
    assert stranger.post(of_library, {"accept": "all"}).status_code == 302
    assert states(job) == ["proposed", "proposed"]
    assert not LibraryEntry.objects.exclude(book=None).exists()


def test_an_import_under_way_is_not_answered_for(job: ImportJob) -> None:
    job.state = "matching"
    job.save()

    answer(client_of(job.reader), job, accept="all")

    assert states(job) == ["proposed", "proposed"]


def test_the_library_asks_and_undoes(reader: Reader, entries: list[LibraryEntry]) -> None:
    client, address = client_of(reader), reverse("library-proposed")
    page = read(client.get(reverse("library")))
    assert page.one(id="proposed-title").words == "2 more are probably these"

    assert client.post(address, {"accept": "all"})["Location"] == reverse("library") + "#answers"
    page = read(client.get(reverse("library")))
    assert "2 books found. The ratings count from now on." in page.words
    assert not page.all(id="proposed")
    client.post(address, {"undo": "all"})

    assert "undecided again" in (page := read(client.get(reverse("library")))).words
    assert page.one(id="proposed")
    assert not reader.entries.exclude(book=None).exists()


def test_the_library_takes_a_no_and_undoes_it(reader: Reader, entries: list[LibraryEntry]) -> None:
    client, address = client_of(reader), reverse("library-proposed")

    client.post(address, {"decline": entries[0].pk})

    page = read(client.get(reverse("library")))
    assert "“Quiet” is another book." in page.words
    assert page.one(id="proposed-title").words == "1 more is probably this"
    client.post(address, {"undo": "all"})
    assert reader.entries.proposed().count() == 2


def test_a_book_that_is_there_already_is_told(reader: Reader, entries: list[LibraryEntry]) -> None:
    client = client_of(reader)
    assert entries[0].suggested_book
    LibraryEntryFactory.create(reader=reader, book=entries[0].suggested_book)

    client.post(reverse("library-proposed"), {"accept": entries[0].pk})

    assert "already has this book" in read(client.get(reverse("library"))).words


def test_the_message_after_an_import_leads_to_what_is_undecided(job: ImportJob) -> None:
    ImportJob.objects.filter(pk=job.pk).update(
        state="done", run=RunFactory.create(reader=job.reader)
    )
    client = client_of(job.reader)

    page = read(client.get(reverse("import", args=[job.pk]), follow=True))

    link = page.one("a", href=reverse("library") + "#proposed")
    assert link.words == "2 more are probably in our catalog: check them"
    assert job.items.filter(state=ImportItem.State.PROPOSED).count() == 2
