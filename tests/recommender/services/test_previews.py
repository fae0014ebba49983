"""Files wait for a yes before they change a library, and rows that found no book for a hand."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from catalog.normalize import title_key
from recommender.models import ImportItem, ImportJob, Reader
from recommender.services import import_worker, imports, repairs
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ReaderFactory,
)
from tests.pages import client_of, read
from tests.recommender.conftest import Camps

State = ImportJob.State
HEADER = "Title,Author,My Rating,Book Id\n"


def export(camps: Camps, *, stars: int = 5, more: str = "") -> bytes:
    rows = [
        f"{book.title},{book.author_names[0]},{stars},{n}"
        for n, book in enumerate(camps.sea[:3], start=1)
    ]
    lost = ["A Book Nobody Knows,A. Nonymous,4,9", ",No Title,4,10"]
    return (HEADER + "\n".join([*rows, *lost]) + more).encode()


def preview(reader: Reader, content: bytes) -> ImportJob:
    """A file that a worker has read."""
    job = imports.start_upload(reader=reader, filename="mine.csv", file=io.BytesIO(content))
    import_worker.run_import(job_id=job.pk, task_id="read")
    job.refresh_from_db()
    assert job.state == State.PREVIEW, job.error_message
    return job


def finish(job: ImportJob) -> None:
    assert imports.confirm(job=job)
    import_worker.run_import(job_id=job.pk, task_id="write")
    job.refresh_from_db()
    assert job.state == State.DONE, job.error_message


def test_nothing_is_written_before_the_yes(camps: Camps) -> None:
    reader = ReaderFactory.create()

    job = preview(reader, export(camps))

    assert not reader.entries.exists()
    assert not reader.runs.exists()
    assert job.items.group_sizes() == {"new": 3, "unmatched": 1, "failed": 1}
    assert (job.held_by, job.held_until, job.attempts) == ("", None, 0)
    import_worker.run_import(job_id=job.pk, task_id="again")
    assert import_worker.requeue_stalled() == 0
    job.refresh_from_db()
    assert (job.state, job.attempts) == (State.PREVIEW, 0)

    finish(job)

    assert reader.entries.count() == 4
    assert not imports.confirm(job=job)


def test_the_same_file_again_changes_nothing_and_a_newer_one_what_is_new(camps: Camps) -> None:
    reader = ReaderFactory.create()
    finish(preview(reader, export(camps)))

    same = preview(reader, export(camps))
    assert same.items.group_sizes() == {"unchanged": 3, "unmatched": 1, "failed": 1}
    finish(same)
    newer = preview(reader, export(camps, stars=4, more="\nMoor 1,Walker No1,1,11"))

    assert newer.items.group_sizes() == {"changed": 3, "new": 1, "unmatched": 1, "failed": 1}
    finish(newer)
    assert newer.items.change_sizes() == {"changed": 3, "new": 1, "unchanged": 1}
    assert newer.removed == 0


def test_a_file_that_is_canceled_leaves_no_rows(camps: Camps) -> None:
    reader = ReaderFactory.create()
    job = preview(reader, export(camps))

    assert imports.cancel(job=job)

    job.refresh_from_db()
    assert (job.state, job.items.count(), reader.entries.count()) == (State.CANCELED, 0, 0)
    assert not imports.cancel(job=job)
    assert not imports.confirm(job=job)


def test_a_forgotten_preview_ends_after_a_week_and_says_so(camps: Camps) -> None:
    job = preview(ReaderFactory.create(), export(camps))
    assert imports.expire_previews() == 0

    ImportJob.objects.update(queued_at=timezone.now() - timedelta(days=8))

    assert imports.expire_previews() == 1
    job.refresh_from_db()
    assert job.state == State.CANCELED
    assert "week" in job.error_message
    assert not job.items.exists()


def test_a_preview_is_the_one_import_that_is_open(camps: Camps) -> None:
    reader = ReaderFactory.create()
    waiting = preview(reader, export(camps))
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportJobFactory.create(reader=reader)

    preview(reader, export(camps, stars=1))

    waiting.refresh_from_db()
    assert (waiting.state, waiting.error_code) == (State.FAILED, "replaced")
    assert not waiting.is_applied


def test_a_row_that_is_repaired_in_the_preview_is_imported_as_its_book(camps: Camps) -> None:
    reader = ReaderFactory.create()
    job = preview(reader, export(camps))

    repairs.repair(item=job.items.get(state="unmatched"), book=camps.moor[0])

    assert job.items.group_sizes() == {"new": 3, "repaired": 1, "failed": 1}
    assert not reader.entries.exists()
    finish(job)
    assert reader.entries.get(book=camps.moor[0]).title == "A Book Nobody Knows"
    again = preview(reader, export(camps))
    assert again.items.get(state="repaired").book == camps.moor[0]


def test_a_row_that_is_repaired_later_changes_the_library_at_once(camps: Camps) -> None:
    reader = ReaderFactory.create()
    job = preview(reader, export(camps))
    finish(job)
    row = job.items.get(state="unmatched")
    repairs.skip(item=row)

    repairs.repair(item=row, book=camps.moor[0])
    assert reader.entries.get(source_key="9").book == camps.moor[0]
    repairs.repair(item=row, book=camps.moor[1])

    assert reader.entries.get(source_key="9").book == camps.moor[1]
    assert reader.entries.count() == 4


def test_a_row_that_is_repaired_joins_the_entry_its_book_has(camps: Camps) -> None:
    reader = ReaderFactory.create()
    job = preview(reader, export(camps))
    finish(job)

    repairs.repair(item=job.items.get(state="unmatched"), book=camps.sea[0])

    entry = reader.entries.get(book=camps.sea[0])
    assert (float(entry.stars or 0), reader.entries.count()) == (4, 3)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("job_state", "row_state"),
    [("done", "matched"), ("done", "failed"), ("failed", "unmatched"), ("canceled", "unmatched")],
)
def test_rows_that_need_no_help_or_are_not_imported_stay(job_state: str, row_state: str) -> None:
    job = ImportJobFactory.create(kind="table_file", state=job_state, error_message="No.")
    row = ImportItemFactory.create(job=job, state=row_state)
    with pytest.raises(repairs.CannotRepair):
        repairs.repair(item=row, book=BookFactory.create())
    with pytest.raises(repairs.CannotRepair):
        repairs.skip(item=row)
    assert not job.reader.entries.exists()


@pytest.mark.django_db
def test_what_was_repaired_is_not_skipped() -> None:
    job = ImportJobFactory.create(state="done")
    row = ImportItemFactory.create(job=job, state="repaired", book=BookFactory.create())
    with pytest.raises(repairs.CannotRepair):
        repairs.skip(item=row)


def test_the_candidates_of_an_ambiguous_row_are_kept(camps: Camps) -> None:
    twins = [
        BookFactory.create(title="Twin", title_key="twin", authors=["Ann Author"]) for _ in range(2)
    ]
    job = preview(ReaderFactory.create(), f"{HEADER}Twin,Ann Author,4,1".encode())

    row = job.items.get()
    assert row.state == ImportItem.State.AMBIGUOUS
    assert set(row.candidates) == {book.pk for book in twins}


def test_the_plan_sees_entries_that_a_pull_brought(camps: Camps) -> None:
    entry = LibraryEntryFactory.create(book=camps.sea[0], stars=1)
    job = preview(entry.reader, export(camps))
    assert job.items.group_sizes()["changed"] == 1
    entry.refresh_from_db()
    assert float(entry.stars or 0) == 1


def test_a_second_row_and_a_second_edition_of_one_book_are_told_as_such(camps: Camps) -> None:
    reader = ReaderFactory.create()
    first, author = camps.sea[0].title, camps.sea[0].author_names[0]
    again = f"\n{first},{author},0,1\n{first},{author},3,77"

    job = preview(reader, export(camps, more=again))

    assert job.items.group_sizes() == {"new": 3, "unmatched": 1, "failed": 1, "repeated": 2}
    repeated = job.items.of_group(ImportItem.Group.REPEATED)
    assert sorted(item.line or 0 for item in repeated) == [7, 8]
    finish(job)
    assert reader.entries.get(book=camps.sea[0]).stars == 5


def test_whole_stars_do_not_overwrite_the_finer_ones_of_the_same_reading(camps: Camps) -> None:
    entry = LibraryEntryFactory.create(book=camps.sea[0], source="storygraph", stars=4.5)
    other = LibraryEntryFactory.create(
        reader=entry.reader, book=camps.sea[1], source="storygraph", stars=2.5
    )

    for _ in range(2):
        finish(preview(entry.reader, export(camps, stars=4)))
        entry.refresh_from_db()
        other.refresh_from_db()
        assert [entry.stars, other.stars] == [Decimal("4.5"), 4]


def test_letters_that_were_guessed_wrong_are_read_again(camps: Camps) -> None:
    book = BookFactory.create(
        title="Příběh", title_key=title_key("Příběh"), authors=["Božena Němcová"]
    )
    reader = ReaderFactory.create()
    row = f"\n{book.title},Božena Němcová,5,"
    job = preview(reader, (export(camps).decode() + row).encode("cp1250"))
    imports.read_again(job=job, encoding="cp1251")
    import_worker.run_import(job_id=job.pk, task_id="read")
    assert job.items.group_sizes() == {"new": 3, "unmatched": 2, "failed": 1}

    job.refresh_from_db()
    assert imports.read_again(job=job, encoding="cp1250")
    import_worker.run_import(job_id=job.pk, task_id="read")

    assert job.items.group_sizes() == {"new": 4, "unmatched": 1, "failed": 1}
    assert job.items.get(book=book).title == "Příběh"
    job.refresh_from_db()
    finish(job)
    assert reader.entries.get(book=book).stars == 5
    assert not imports.read_again(job=job, encoding="cp1251")


def test_letters_that_are_certain_are_not_read_again(camps: Camps) -> None:
    job = preview(ReaderFactory.create(), export(camps))
    assert job.encoding == ""
    assert not imports.read_again(job=job, encoding="cp1250")


def test_a_library_that_the_model_does_not_know_is_there_all_the_same(camps: Camps) -> None:
    reader = ReaderFactory.create()
    unknown = "\n".join(f"Unknown Book {n},A. Nonymous,5,{900 + n}" for n in range(3))
    job = preview(reader, (HEADER + unknown).encode())

    finish(job)

    assert job.run is None
    assert reader.entries.count() == 3
    page = read(client_of(reader).get(reverse("import", args=[job.pk]), follow=True))
    assert page.one("h1").words == "Your library"
    assert "Your 3 books are in your library." in page.words
    assert page.all("a", href=reverse("rate"))
