"""Imports, from what a reader gives to the library and the list."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Book
from catalog.normalize import title_key
from recommender.models import ImportItem, ImportJob, LibraryEntry, Reader, SourceShelf
from recommender.services import import_worker, imports, library, runs, staging
from recommender.services.hold import HOLD, MAX_ATTEMPTS
from recommender.sources.base import ShelfPage, ShelfRow, SourceError
from recommender.sources.profile import NotAProfile
from recsite.local.standins.faults import Fault
from recsite.local.standins.readers import sample_readers
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ReaderFactory,
)
from tests.recommender.conftest import Camps

HEADER = "Book Id,Title,Author,ISBN,ISBN13,My Rating,Date Read,Date Added,Exclusive Shelf\n"
State = ImportJob.State
Pull = Callable[..., ImportJob]


def export(*rows: str) -> bytes:
    return (HEADER + "\n".join(rows)).encode()


def sea_export(camps: Camps, stars: int = 5) -> bytes:
    rows = [
        f'{n},"{book.title}","{book.author_names[0]}",,,{stars},,2026/01/0{n},read'
        for n, book in enumerate(camps.sea[:3], start=1)
    ]
    return export(*rows, '9,"A Book Nobody Knows","A. Nonymous",,,4,,2026/02/01,read')


def finish(job: ImportJob) -> None:
    """A worker reads the file, its reader says yes, and a worker does the rest."""
    import_worker.run_import(job_id=job.pk, task_id="read")
    assert imports.confirm(job=job)
    import_worker.run_import(job_id=job.pk, task_id="task")


def upload_agreed(reader: Reader, camps: Camps) -> ImportJob:
    """A file whose reader has said yes before a worker came to it."""
    job = imports.start_upload(
        reader=reader, filename="mine.csv", file=io.BytesIO(sea_export(camps))
    )
    ImportJob.objects.update(confirmed_at=timezone.now())
    return job


@pytest.fixture
def pull(settings: Settings, camps: Camps, goodreads_standin: str, valkey_url: str) -> Pull:
    """Pull the shelf of a number at the stand-in, in this process."""
    settings.GOODREADS_BASE_URL = goodreads_standin
    settings.IMPORT_COOLDOWN_SECONDS = 0

    def run(number: int, reader: Reader | None = None) -> ImportJob:
        job = imports.start_pull(reader=reader or ReaderFactory.create(), text=str(int(number)))
        import_worker.run_import(job_id=job.pk, task_id="task")
        job.refresh_from_db()
        return job

    return run


def test_an_export_becomes_a_library_and_a_list(camps: Camps) -> None:
    reader = ReaderFactory.create()

    job = imports.start_upload(
        reader=reader, filename="mine.csv", file=io.BytesIO(sea_export(camps))
    )
    assert job.state == State.QUEUED
    finish(job)

    job.refresh_from_db()
    assert job.state == State.DONE
    assert job.run is not None
    assert job.run.recommendations.get(rank=1).book == camps.sea[3]
    assert {entry.title for entry in reader.entries.filter(book=None)} == {"A Book Nobody Knows"}
    assert sorted(item.state for item in job.items.all()) == ["matched"] * 3 + ["unmatched"]


def test_importing_again_changes_only_what_changed(camps: Camps) -> None:
    reader = ReaderFactory.create()
    for stars in (5, 5, 3):
        job = imports.start_upload(
            reader=reader, filename="mine.csv", file=io.BytesIO(sea_export(camps, stars))
        )
        before = dict(reader.entries.values_list("pk", "updated_at"))
        finish(job)
        after = dict(reader.entries.values_list("pk", "updated_at"))
        if stars == 5 and before:
            assert after == before
    assert reader.entries.filter(stars=3).count() == 3
    assert set(after) == set(before)


def test_what_a_reader_left_out_stays_left_out(camps: Camps) -> None:
    entry = LibraryEntryFactory.create(book=camps.sea[0], is_left_out=True, stars=2)

    job = imports.start_upload(
        reader=entry.reader, filename="a.csv", file=io.BytesIO(sea_export(camps))
    )
    finish(job)

    entry.refresh_from_db()
    assert entry.is_left_out
    assert entry.stars == 5


def test_two_editions_of_a_book_are_one_entry_with_the_rating(camps: Camps) -> None:
    title, author = camps.sea[0].title, camps.sea[0].author_names[0]
    rows = [
        f'1,"{title}","{author}",,,0,,2026/03/01,read',
        f'2,"{title}","{author}",,,4,,2026/01/01,read',
    ]
    job = imports.start_upload(
        reader=ReaderFactory.create(), filename="mine.csv", file=io.BytesIO(export(*rows))
    )
    finish(job)

    assert LibraryEntry.objects.get(stars=4).book == camps.sea[0]


def test_a_file_that_is_none_stages_nothing(camps: Camps) -> None:
    with pytest.raises(SourceError):
        imports.start_upload(
            reader=ReaderFactory.create(), filename="x.pdf", file=io.BytesIO(b"%PDF-1.7")
        )
    assert not ImportJob.objects.exists()


def test_text_that_names_no_profile_is_refused(pull: Pull) -> None:
    with pytest.raises(NotAProfile):
        imports.start_pull(reader=ReaderFactory.create(), text="what shall I read?")


def test_a_second_click_finds_the_import_that_is_under_way(pull: Pull) -> None:
    reader = ReaderFactory.create()
    first = imports.start_pull(reader=reader, text="1")
    assert imports.start_pull(reader=reader, text="1") == first


def test_a_newer_request_takes_the_place_of_the_one_under_way(camps: Camps, pull: Pull) -> None:
    reader = ReaderFactory.create()
    mistyped = imports.start_pull(reader=reader, text="1")

    job = imports.start_upload(
        reader=reader, filename="mine.csv", file=io.BytesIO(sea_export(camps))
    )
    import_worker.run_import(job_id=mistyped.pk, task_id="late")
    finish(job)

    mistyped.refresh_from_db()
    assert (mistyped.state, mistyped.error_code) == (State.FAILED, "replaced")
    assert reader.entries.count() == 4


@pytest.mark.services
def test_a_second_profile_takes_the_place_of_the_first(
    pull: Pull, camps: Camps, starter_folder: Path
) -> None:
    """Somebody tries the sample reader, then brings an export and the own profile."""
    call_command("load_goodbooks", str(starter_folder), verbosity=0)
    sample, own = sample_readers(starter_folder, count=2)
    reader = ReaderFactory.create()
    pull(sample.user_id, reader)
    upload = imports.start_upload(
        reader=reader, filename="a.csv", file=io.BytesIO(sea_export(camps))
    )
    finish(upload)

    job = pull(own.user_id, reader)
    pull(own.user_id, reader)

    assert set(reader.entries.values_list("account", flat=True)) == {"", str(own.user_id)}
    assert reader.entries.filter(account="").count() == 4
    assert reader.entries.exclude(account="").count() >= 0.95 * job.items.count()
    assert set(reader.shelves.values_list("account", flat=True)) == {str(own.user_id)}


@pytest.mark.services
def test_all_shelves_are_pulled_and_asked_for_changes_alone(
    pull: Pull, camps: Camps, starter_folder: Path
) -> None:
    call_command("load_goodbooks", str(starter_folder), verbosity=0)
    reader = LibraryEntryFactory.create(book=camps.sea[0], stars=5).reader
    [sample] = sample_readers(starter_folder, count=1)
    first = pull(sample.user_id, reader)

    shelves = reader.shelves.values_list("shelf", flat=True)
    assert set(shelves) == {"read", "to-read", "currently-reading"}  # not one that is not there
    sizes = reader.entries.shelf_sizes()
    assert sizes["currently-reading"] == 2
    assert sizes["to-read"] > 5
    assert all(shelf.etags for shelf in reader.shelves.all())
    assert not reader.entries.filter(shelf="to-read", stars__isnull=False).exists()

    again = pull(sample.user_id, reader)
    assert first.pages_fetched >= 6
    assert (again.pages_fetched, again.items.count(), again.state) == (0, 0, State.DONE)

    reader.shelves.filter(shelf="to-read").update(etags=['W/"of before"'])
    reader.entries.filter(shelf="to-read")[0].delete()
    third = pull(sample.user_id, reader)
    assert set(third.items.values_list("shelf", flat=True)) == {"to-read"}
    assert reader.entries.shelf_sizes() == sizes
    assert all(shelf.etags for shelf in reader.shelves.all())


@pytest.mark.services
def test_an_unchanged_shelf_is_not_read_again_but_gives_a_new_list(
    pull: Pull, camps: Camps
) -> None:
    """Of several pages, too, and though the catalog lacks most of its books."""
    entry = LibraryEntryFactory.create(book=camps.sea[0], stars=5)
    first = pull(Fault.LONG_SHELF, entry.reader)
    assert len(SourceShelf.objects.get(shelf="read").etags) == 3
    lost = first.items.filter(state=ImportItem.State.UNMATCHED).exclude(isbn13="").first()
    assert lost
    book = BookFactory.create(title="Another Title Altogether")
    book.identifiers.create(scheme="isbn13", value=lost.isbn13)

    again = pull(Fault.LONG_SHELF, entry.reader)

    assert first.items.exists()
    assert not again.items.exists()
    assert again.state == State.DONE
    assert entry.reader.entries.get(source_key=lost.source_key).book == book


def test_a_row_counts_as_soon_as_the_catalog_knows_its_book(camps: Camps) -> None:
    reader = ReaderFactory.create()
    LibraryEntryFactory.create(reader=reader, book=camps.sea[0], stars=5)
    lost = LibraryEntryFactory.create(
        reader=reader, book=None, title="The New One", author="Ann Author"
    )
    runs.recommend(reader=reader)
    lost.refresh_from_db()
    assert lost.book is None

    book = BookFactory.create(
        title="The New One", title_key=title_key("The New One"), authors=["Ann Author"]
    )
    runs.recommend(reader=reader)

    lost.refresh_from_db()
    assert lost.book == book


def test_the_same_shelf_is_not_pulled_twice_in_a_minute(pull: Pull, settings: Settings) -> None:
    settings.IMPORT_COOLDOWN_SECONDS = 60
    ImportJobFactory.create(account="7", state=State.DONE, finished_at=timezone.now())
    with pytest.raises(imports.TooSoon):
        imports.start_pull(reader=ReaderFactory.create(), text="7")


def test_guests_share_the_pulls_of_an_hour(pull: Pull, settings: Settings) -> None:
    settings.GUEST_PULLS_AN_HOUR = 2
    for number in (1, 2):
        imports.start_pull(reader=ReaderFactory.create(user=None), text=str(number))
    guest = ReaderFactory.create(user=None)
    with pytest.raises(imports.TooManyGuests, match="export file"):
        imports.start_pull(reader=guest, text="3")
    imports.start_pull(reader=ReaderFactory.create(), text="3")
    ImportJob.objects.update(created_at=timezone.now() - timedelta(hours=2))
    imports.start_pull(reader=guest, text="3")


@pytest.mark.services
def test_a_shelf_of_three_hundred_is_staged_page_by_page(pull: Pull) -> None:
    job = pull(Fault.LONG_SHELF)
    assert job.items.filter(stars__isnull=False).count() >= 300
    assert job.pages_fetched >= 2
    assert job.saw_whole_shelf


@pytest.mark.services
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.PRIVATE_AS_401, "private_or_not_found"),
        (Fault.UNKNOWN_READER, "private_or_not_found"),
        (Fault.UNKNOWN_SHELF, "unknown_shelf"),
        (Fault.BOT_FILTER, "bot_filter"),
        (Fault.ENTITY_BOMB, "unsafe_feed"),
        (Fault.EMPTY_SHELF, "nothing_to_recommend_from"),
    ],
)
def test_a_pull_that_fails_says_why(pull: Pull, fault: Fault, code: str) -> None:
    job = pull(fault)
    assert (job.state, job.error_code) == (State.FAILED, code)
    assert job.error_message.endswith(".")
    assert job.finished_at
    assert not job.held_by


@pytest.mark.services
def test_a_failed_pull_leaves_the_library_as_it_was(pull: Pull) -> None:
    entry = LibraryEntryFactory.create()
    pull(Fault.PRIVATE_AS_401, entry.reader)
    pull(Fault.EMPTY_SHELF, entry.reader)
    assert list(entry.reader.entries.all()) == [entry]


@pytest.mark.services
def test_a_busy_source_is_tried_again_later(
    camps: Camps, settings: Settings, valkey_url: str
) -> None:
    settings.GOODREADS_BASE_URL = "http://127.0.0.1:9"  # nobody answers there
    job = imports.start_pull(reader=ReaderFactory.create(), text="1")
    with pytest.raises(import_worker.TryLater):
        import_worker.run_import(job_id=job.pk, task_id="task")
    job.refresh_from_db()
    assert job.state == State.QUEUED
    assert job.error_code == "source_unavailable"

    ImportJob.objects.update(attempts=MAX_ATTEMPTS - 1)
    import_worker.run_import(job_id=job.pk, task_id="task")
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "source_unavailable")


def test_a_task_that_runs_twice_works_once(camps: Camps) -> None:
    reader = ReaderFactory.create()
    job = upload_agreed(reader, camps)
    import_worker.run_import(job_id=job.pk, task_id="task")
    import_worker.run_import(job_id=job.pk, task_id="task")
    import_worker.run_import(job_id=job.pk, task_id="another")
    assert reader.runs.count() == 1


def test_a_job_somebody_holds_is_left_alone(camps: Camps) -> None:
    reader = ReaderFactory.create()
    job = upload_agreed(reader, camps)
    ImportJob.objects.update(held_by="first", held_until=timezone.now() + HOLD)

    import_worker.run_import(job_id=job.pk, task_id="second")
    assert not reader.runs.exists()

    import_worker.run_import(job_id=job.pk, task_id="first")  # the same message, delivered again
    assert reader.runs.count() == 1


def test_a_job_whose_worker_died_is_queued_again(
    camps: Camps, django_capture_on_commit_callbacks: Any
) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    reader = ReaderFactory.create()
    job = upload_agreed(reader, camps)
    ImportJob.objects.update(
        state=State.MATCHING, held_by="dead", held_until=long_ago, queued_at=long_ago
    )

    with django_capture_on_commit_callbacks() as queued:
        assert import_worker.requeue_stalled() == 1
        assert import_worker.requeue_stalled() == 0
    assert len(queued) == 1

    import_worker.run_import(job_id=job.pk, task_id="alive")
    assert reader.runs.count() == 1


def test_a_job_that_fails_again_and_again_ends(camps: Camps) -> None:
    job = imports.start_upload(
        reader=ReaderFactory.create(), filename="mine.csv", file=io.BytesIO(sea_export(camps))
    )
    ImportJob.objects.update(attempts=MAX_ATTEMPTS, queued_at=timezone.now() - timedelta(minutes=5))
    import_worker.requeue_stalled()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "gave_up")


def test_try_again_begins_anew(camps: Camps) -> None:
    reader = ReaderFactory.create()
    job = upload_agreed(reader, camps)
    ImportJob.objects.update(state=State.FAILED, error_code="x", error_message="Oh.")

    job = imports.retry(job=ImportJob.objects.get())
    assert (job.state, job.error_message) == (State.QUEUED, "")
    import_worker.run_import(job_id=job.pk, task_id="task")
    assert reader.runs.count() == 1

    done = imports.retry(job=ImportJob.objects.get())
    assert done.state == State.DONE


@pytest.mark.django_db
def test_of_a_book_on_two_shelves_the_first_row_counts() -> None:
    job = ImportJobFactory.create()
    for number, shelf in enumerate(("read", "to-read"), start=1):
        rows = [
            ShelfRow(source_key=key, title="T", author="A", stars=None, shelf=shelf)
            for key in ("both", shelf)
        ]
        staging.stage_page(job=job, page=ShelfPage(number=number, rows=tuple(rows)), shelf=shelf)
    assert list(job.items.values_list("source_key", "shelf", "state")) == [
        ("both", "read", "staged"),
        ("read", "read", "staged"),
        ("both", "to-read", "repeated"),
        ("to-read", "to-read", "staged"),
    ]


@pytest.mark.django_db
class TestAShelfThatShrinks:
    """Entries go only when a whole pull that can be believed no longer has them."""

    @staticmethod
    def apply(reader: Reader, keys: range, *, whole: bool = True, failed: int = 0) -> None:
        reader.imports.all().delete()
        job = ImportJob.objects.create(
            reader=reader, kind="goodreads_feed", account="7", etags=["W/1"], saw_whole_shelf=whole
        )
        ImportItem.objects.bulk_create(
            ImportItem(
                job=job, position=key, source_key=str(key), title=f"T{key}", stars=4, shelf="read"
            )
            for key in keys
        )
        for position in range(100, 100 + failed):
            ImportItem.objects.create(job=job, position=position, state="failed", shelf="read")
        with transaction.atomic():
            library.apply_items(job=job)

    def test_other_shelves_lose_what_they_no_longer_have(self) -> None:
        reader = ReaderFactory.create()
        for key in range(100, 110):
            LibraryEntryFactory.create(
                reader=reader, book=None, source_key=str(key), account="7", shelf="to-read"
            )
        self.apply(reader, range(20))
        assert reader.entries.count() == 30
        seen = {"to-read": {"saw_whole_shelf": True, "etags": ["W/2"]}, "read": None}
        job = ImportJob.objects.create(
            reader=reader, kind="goodreads_feed", account="7", other_shelves=seen, state="done"
        )
        for key in range(100, 109):
            ImportItem.objects.create(
                job=job, position=key, source_key=str(key), title=f"T{key}", shelf="to-read"
            )
        with transaction.atomic():
            library.apply_items(job=job)
        assert reader.entries.on_shelf("to-read").count() == 9
        assert reader.entries.on_shelf("read").count() == 20
        assert reader.shelves.get(shelf="read").etags == ["W/1"]
        assert reader.shelves.get(shelf="to-read").etags == ["W/2"]

    def test_one_book_less_is_believed(self) -> None:
        reader = ReaderFactory.create()
        self.apply(reader, range(20))
        self.apply(reader, range(1, 20))
        assert reader.entries.count() == 19

    def test_half_the_books_less_is_believed_the_second_time(self) -> None:
        reader = ReaderFactory.create()
        self.apply(reader, range(20))
        self.apply(reader, range(10))
        assert reader.entries.count() == 20
        assert SourceShelf.objects.get().etags == []
        self.apply(reader, range(10))
        assert reader.entries.count() == 10
        assert SourceShelf.objects.get().etags == ["W/1"]

    def test_a_pull_with_a_row_that_cannot_be_read_removes_nothing(self) -> None:
        reader = ReaderFactory.create()
        self.apply(reader, range(20))
        self.apply(reader, range(1, 20), failed=1)
        assert reader.entries.count() == 20

    def test_a_partial_or_empty_pull_removes_nothing(self) -> None:
        reader = ReaderFactory.create()
        self.apply(reader, range(20))
        for keys in (range(19), range(0), range(19)):
            self.apply(reader, keys, whole=False)
        self.apply(reader, range(0))
        assert reader.entries.count() == 20


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"k1": 1, "k2": 2}, {"k2": 1, "k1": 2}),  # two editions were switched
        ({"k1": 2}, {"k1": 1, "k3": 2}),  # an edition was moved to another book
        ({"k1": 1, "k2": 2}, {"k2": 1}),  # two editions turned out to be of one book
        ({"k1": None}, {"k2": 1, "k1": None}),
        ({"k1": None, "k2": 1}, {"k1": 1}),
    ],
)
def test_keys_and_books_may_change_places(
    before: dict[str, int | None], after: dict[str, int | None]
) -> None:
    reader = ReaderFactory.create()
    books = {1: BookFactory.create(), 2: BookFactory.create(), None: None}
    for key, number in before.items():
        LibraryEntryFactory.create(
            reader=reader, book=books[number], source_key=key, account="7", title="T"
        )
    job = ImportJobFactory.create(reader=reader, account="7")
    for key, number in after.items():
        ImportItemFactory.create(job=job, source_key=key, book=books[number])

    library.apply_items(job=job)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    got = {entry.source_key: entry.book for entry in reader.entries.all()}
    assert got == {key: books[number] for key, number in after.items()}


@pytest.mark.services
def test_a_sample_reader_of_the_starter_shelf(
    pull: Pull, starter_folder: Path, goodreads_standin: str
) -> None:
    """Nearly all of what a sample reader has read is found in the catalog it comes from."""
    call_command("load_goodbooks", str(starter_folder), verbosity=0)
    sample = sample_readers(starter_folder, count=1)[0]
    job = pull(sample.user_id)
    matched = job.items.filter(state=ImportItem.State.MATCHED).count()
    assert matched >= 0.9 * job.items.count()
    assert Book.objects.count() > 240


def other_export(camps: Camps, stars: str) -> bytes:
    book = camps.sea[0]
    return (
        "Title,Authors,ISBN/UID,Read Status,Star Rating\n"
        f"{book.title},{book.author_names[0]},0060853980,read,{stars}\n"
    ).encode()


def test_files_of_two_services_make_one_entry_and_the_last_rating_counts(camps: Camps) -> None:
    reader = ReaderFactory.create()
    files = [sea_export(camps), other_export(camps, "2.25"), other_export(camps, "2.25")]
    for content in files:
        job = imports.start_upload(reader=reader, filename="mine.csv", file=io.BytesIO(content))
        finish(job)

    entry = reader.entries.get(book=camps.sea[0])
    assert (float(entry.stars or 0), entry.source) == (2.25, "storygraph")
    assert reader.entries.count() == 4


def test_a_file_without_stars_takes_away_none_given_elsewhere(camps: Camps) -> None:
    reader = ReaderFactory.create()
    for content in (sea_export(camps), other_export(camps, "")):
        job = imports.start_upload(reader=reader, filename="mine.csv", file=io.BytesIO(content))
        finish(job)

    entry = reader.entries.get(book=camps.sea[0])
    assert (float(entry.stars or 0), entry.source) == (5, "goodreads")
