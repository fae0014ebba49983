"""Books that rows and entries probably mean: nothing is used before the reader says yes."""

import io

import pytest
from django.db import IntegrityError, transaction

from catalog.models import Book
from catalog.normalize import title_key
from recommender.models import ImportItem, ImportJob, LibraryEntry, Reader
from recommender.selectors.recommendations import taste_of
from recommender.services import import_worker, imports, library, repairs, suggestions
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ReaderFactory,
)
from tests.recommender.conftest import Camps
from tests.recommender.services.test_previews import HEADER, export, finish, preview

pytestmark = pytest.mark.django_db


def book(title: str, author: str = "Ann Author") -> Book:
    return BookFactory.create(title=title, title_key=title_key(title), authors=[author])


@pytest.fixture
def quiet() -> Book:
    return book("Quiet: The Power of Introverts")


@pytest.fixture
def loud() -> Book:
    return book("Loud: The Power of Noise")


LINES = "\nQuiet,Ann Author,5,21\nLoud (Unabridged),Ann Author,2,22"


def upload(reader: Reader, camps: Camps, more: str = LINES) -> ImportJob:
    return preview(reader, export(camps, more=more))


def pull(reader: Reader) -> ImportJob:
    """A pull that was applied, with a row that is proposed."""
    job = ImportJobFactory.create(reader=reader, state="matching")
    ImportItemFactory.create(job=job, title="Quiet", author="Ann Author", source_key="21",
                             state="staged", stars=5)  # fmt: skip
    library.match_items(job=job)
    library.apply_items(job=job)
    ImportJob.objects.filter(pk=job.pk).update(state="done")
    job.refresh_from_db()
    return job


def entry_of(reader: Reader, key: str = "21") -> LibraryEntry:
    return reader.entries.get(source_key=key)


def test_what_is_not_accepted_is_imported_without_its_book_and_never_recommended(
    camps: Camps, quiet: Book, loud: Book
) -> None:
    reader = ReaderFactory.create()
    job = upload(reader, camps)
    assert job.items.group_sizes() == {"new": 3, "proposed": 2, "unmatched": 1, "failed": 1}

    finish(job)

    entry = entry_of(reader)
    assert (entry.book, entry.suggested_book) == (None, quiet)
    taste = taste_of(reader=reader)
    assert quiet.goodbooks_id not in taste.ratings
    assert {quiet.goodbooks_id, loud.goodbooks_id} <= taste.known


def test_all_are_accepted_at_once_or_one_and_taken_back(
    camps: Camps, quiet: Book, loud: Book
) -> None:
    reader = ReaderFactory.create()
    job = upload(reader, camps)

    assert suggestions.accept_rows(job=job) == 2
    assert job.items.group_sizes() == {"new": 3, "repaired": 2, "unmatched": 1, "failed": 1}
    assert suggestions.undo_rows(job=job) == 2
    first = job.items.get(title="Quiet")
    assert suggestions.accept_rows(job=job, rows=[first.pk]) == 1
    assert not reader.entries.exists()
    finish(job)

    assert entry_of(reader).book == quiet
    assert entry_of(reader, "22").book is None
    assert taste_of(reader=reader).ratings[quiet.goodbooks_id or 0] == 5


def test_rows_accepted_for_a_book_that_another_row_has_are_told_as_listed_twice(
    camps: Camps, quiet: Book
) -> None:
    reader = ReaderFactory.create()
    job = upload(reader, camps, f"\n{quiet.title},Ann Author,5,21\nQuiet,Ann Author,4,22")

    suggestions.accept_rows(job=job)
    finish(job)

    assert entry_of(reader).book == quiet
    assert not reader.entries.filter(source_key="22").exists()


def test_what_was_accepted_or_declined_stays_so_in_the_next_import(
    camps: Camps, quiet: Book, loud: Book
) -> None:
    reader = ReaderFactory.create()
    job = upload(reader, camps)
    suggestions.accept_rows(job=job, rows=[job.items.get(title="Quiet").pk])
    repairs.skip(item=job.items.get(suggested_book=loud))
    finish(job)
    assert entry_of(reader, "22").is_suggestion_declined

    again = upload(reader, camps)

    assert again.items.get(source_key="21").book == quiet
    assert again.items.get(source_key="22").state == ImportItem.State.SKIPPED
    finish(again)
    assert entry_of(reader, "22").is_suggestion_declined
    assert loud.goodbooks_id not in taste_of(reader=reader).known


def test_a_declined_row_can_be_undecided_again(camps: Camps, quiet: Book, loud: Book) -> None:
    job = upload(ReaderFactory.create(), camps)
    row = job.items.get(title="Quiet")
    repairs.skip(item=row)

    assert suggestions.undo_rows(job=job, rows=[row.pk]) == 1

    row.refresh_from_db()
    assert (row.state, row.book, row.suggested_book) == ("proposed", None, quiet)


def test_a_pull_has_no_preview_so_its_library_asks(quiet: Book) -> None:
    reader = ReaderFactory.create()
    job = pull(reader)
    assert list(reader.entries.proposed()) == [entry_of(reader)]

    accepted = suggestions.accept_entries(reader=reader)

    assert accepted == [entry_of(reader).pk]
    assert entry_of(reader).book == quiet
    assert job.items.get().is_accepted
    assert suggestions.undo_entries(reader=reader, entries=accepted) == 1
    assert entry_of(reader).book is None
    assert job.items.get().state == "proposed"


def test_rows_of_an_applied_import_change_the_library_at_once(quiet: Book) -> None:
    reader = ReaderFactory.create()
    job = pull(reader)
    row = job.items.get()

    assert suggestions.accept_rows(job=job, rows=[row.pk]) == 1
    assert entry_of(reader).book == quiet
    assert suggestions.undo_rows(job=job) == 1
    assert entry_of(reader).book is None
    repairs.skip(item=row)

    assert entry_of(reader).is_suggestion_declined
    assert not reader.entries.proposed().exists()
    assert suggestions.undo_rows(job=job, rows=[row.pk]) == 1
    assert reader.entries.proposed().exists()


def test_an_entry_is_declined_in_the_library(quiet: Book) -> None:
    reader = ReaderFactory.create()
    job = pull(reader)
    where = {"source": "goodreads", "source_key": "21"}

    assert suggestions.decline_entry(reader=reader, **where)
    assert not suggestions.decline_entry(reader=reader, **where)

    assert job.items.get().state == "skipped"
    assert suggestions.undo_entries(reader=reader, entries=[entry_of(reader).pk]) == 1
    assert job.items.get().state == "proposed"
    assert reader.entries.proposed().exists()


def test_a_book_that_the_library_has_is_not_given_twice(quiet: Book) -> None:
    reader = ReaderFactory.create()
    pull(reader)
    LibraryEntryFactory.create(reader=reader, book=quiet, source="site")

    assert not reader.entries.proposed().exists()
    assert suggestions.accept_entries(reader=reader) == []
    assert entry_of(reader).book is None


def test_of_two_entries_that_mean_one_book_the_rated_one_gets_it(quiet: Book) -> None:
    reader = ReaderFactory.create()
    plain, rated = (
        LibraryEntryFactory.create(reader=reader, book=None, suggested_book=quiet, stars=stars)
        for stars in (None, 4)
    )

    assert suggestions.accept_entries(reader=reader) == [rated.pk]
    assert not reader.entries.proposed().exists()
    plain.refresh_from_db()
    assert plain.book is None


def test_nobody_accepts_for_another_reader(quiet: Book) -> None:
    pull(owner := ReaderFactory.create())
    stranger = ReaderFactory.create()

    assert suggestions.accept_entries(reader=stranger, entries=[entry_of(owner).pk]) == []
    assert entry_of(owner).book is None


def test_libraries_from_before_get_their_suggestions_with_the_next_list(
    camps: Camps, quiet: Book
) -> None:
    reader = ReaderFactory.create()
    entry = LibraryEntryFactory.create(reader=reader, book=None, title="Quiet", author="A. Author")

    library.match_unmatched_entries(reader=reader)

    entry.refresh_from_db()
    assert (entry.book, entry.suggested_book) == (None, quiet)


def test_an_import_that_is_not_applied_takes_no_answers(quiet: Book) -> None:
    job = pull(ReaderFactory.create())
    ImportJob.objects.filter(pk=job.pk).update(state="canceled")

    assert suggestions.accept_rows(job=job) == 0
    assert suggestions.undo_rows(job=job) == 0


@pytest.mark.parametrize("fields", [{}, {"with_book": True}])
def test_a_proposed_row_has_a_suggested_book_and_no_other(fields: dict[str, bool]) -> None:
    books = {"book": BookFactory.create(), "suggested_book": BookFactory.create()} if fields else {}
    with pytest.raises(IntegrityError, match="import_item_proposed"), transaction.atomic():
        ImportItemFactory.create(state="proposed", **books)


def test_only_a_suggestion_can_be_declined() -> None:
    with pytest.raises(IntegrityError, match="suggestion_declined"), transaction.atomic():
        LibraryEntryFactory.create(book=None, is_suggestion_declined=True)


def test_letters_read_again_are_matched_anew(camps: Camps) -> None:
    story = book("Příběh: Román o knize", "Božena Němcová")
    reader = ReaderFactory.create()
    lines = f"{HEADER}Příběh,Božena Němcová,5,1\nŽluťoučký kůň,Karel Čapek,4,2"
    job = imports.start_upload(
        reader=reader, filename="mine.csv", file=io.BytesIO(lines.encode("cp1250"))
    )
    import_worker.run_import(job_id=job.pk, task_id="read")
    job.refresh_from_db()
    assert job.encoding
    imports.read_again(job=job, encoding="cp1250")
    import_worker.run_import(job_id=job.pk, task_id="read")
    assert job.items.get(source_key="1").suggested_book == story

    job.refresh_from_db()
    imports.read_again(job=job, encoding="cp1251")
    import_worker.run_import(job_id=job.pk, task_id="read")

    assert job.items.get(source_key="1").suggested_book is None
