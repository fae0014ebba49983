"""What readers change here, and what imports make of it."""

from decimal import Decimal

import pytest

from catalog.models import Book, Enrichment
from catalog.services import enrichment
from recommender.models import ImportItem, ImportJob, LibraryEntry, Reader, SourceShelf
from recommender.services import entries, library
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ReaderFactory,
)

pytestmark = pytest.mark.django_db


def bring(
    reader: Reader, *books: Book, stars: int | None = 4, shelf: str = "read", whole: bool = False
) -> ImportJob:
    """Apply an import of these books, from the whole shelf of a profile or from a file."""
    job = ImportJobFactory.create(
        reader=reader,
        state=ImportJob.State.DONE,
        kind=ImportJob.Kind.GOODREADS_FEED if whole else ImportJob.Kind.GOODREADS_EXPORT,
        account="12345" if whole else "",
        saw_whole_shelf=whole,
    )
    for book in books:
        ImportItemFactory.create(
            job=job, book=book, source_key=str(book.pk), title=book.title, stars=stars, shelf=shelf
        )
    library.apply_items(job=job)
    return job


def line(reader: Reader, book: Book) -> LibraryEntry:
    return reader.entries.get(book=book)


@pytest.fixture
def reader() -> Reader:
    return ReaderFactory.create()


@pytest.fixture
def book() -> Book:
    return BookFactory.create()


def test_an_edited_star_stays_and_the_rest_follows_the_source(reader: Reader, book: Book) -> None:
    bring(reader, book, stars=4, shelf="currently-reading")
    entry = line(reader, book)
    entries.edit(entry=entry, stars=Decimal("2.5"), shelf=entry.shelf, read_on=None)

    job = bring(reader, book, stars=5, shelf="read")

    entry.refresh_from_db()
    assert (entry.stars, entry.shelf) == (Decimal("2.5"), "read")
    assert job.items.get().change == ImportItem.Change.CHANGED


def test_an_edited_shelf_stays(reader: Reader, book: Book) -> None:
    bring(reader, book, stars=4)
    entry = line(reader, book)
    entries.edit(entry=entry, stars=entry.stars, shelf="did-not-finish", read_on=None)

    job = bring(reader, book, stars=4)

    entry.refresh_from_db()
    assert entry.shelf == "did-not-finish"
    assert job.items.get().change == ImportItem.Change.UNCHANGED


def test_stars_that_were_taken_away_here_do_not_come_back(reader: Reader, book: Book) -> None:
    bring(reader, book, stars=4)
    entries.edit(entry=line(reader, book), stars=None, shelf="read", read_on=None)
    bring(reader, book, stars=4)
    assert line(reader, book).stars is None


def test_a_reader_can_follow_the_source_again(reader: Reader, book: Book) -> None:
    bring(reader, book, stars=4)
    entries.edit(entry=line(reader, book), stars=Decimal(1), shelf="read", read_on=None)
    entries.follow_source(entry=line(reader, book))
    assert line(reader, book).stars == 1
    bring(reader, book, stars=4)
    assert line(reader, book).stars == 4


def test_what_was_rated_on_the_site_stays_so(reader: Reader, book: Book) -> None:
    entries.shelve(reader=reader, book=book, shelf="read", stars=Decimal(2))
    bring(reader, book, stars=5)
    entry = line(reader, book)
    assert (entry.stars, entry.source) == (Decimal(2), "goodreads")


def test_a_wish_gives_way_when_an_import_says_it_was_read(reader: Reader, book: Book) -> None:
    entries.shelve(reader=reader, book=book, shelf="to-read")
    bring(reader, book, stars=5)
    entry = line(reader, book)
    assert (entry.stars, entry.shelf) == (Decimal(5), "read")


def test_what_was_left_out_stays_left_out(reader: Reader, book: Book) -> None:
    bring(reader, book)
    entries.set_left_out(entry=line(reader, book), is_left_out=True)
    bring(reader, book, stars=1)
    assert line(reader, book).is_left_out


def test_what_was_removed_is_not_brought_back_by_any_source(reader: Reader, book: Book) -> None:
    other = BookFactory.create()
    bring(reader, book, other)
    entries.remove(entry=line(reader, book))

    again = bring(reader, book, other)
    bring(reader, book, other, whole=True)

    assert again.items.get(book=book).change == ImportItem.Change.REMOVED
    assert [entry.book for entry in reader.entries.all()] == [other]


def test_it_comes_back_when_its_reader_wants_it(reader: Reader, book: Book) -> None:
    bring(reader, book, stars=4)
    entries.remove(entry=line(reader, book))
    entries.shelve(reader=reader, book=book, shelf="read", stars=Decimal(3))
    assert not reader.removed_entries.exists()
    bring(reader, book, stars=4)
    assert line(reader, book).stars == 3


def test_a_wish_that_was_removed_may_come_back_as_a_book_that_was_read(
    reader: Reader, book: Book
) -> None:
    entries.shelve(reader=reader, book=book, shelf="to-read")
    entries.remove(entry=line(reader, book))
    bring(reader, book, stars=5)
    assert line(reader, book).stars == 5


def test_a_row_repaired_by_hand_comes_in_though_its_book_was_removed(
    reader: Reader, book: Book
) -> None:
    bring(reader, book)
    entries.remove(entry=line(reader, book))
    job = ImportJobFactory.create(
        reader=reader, kind=ImportJob.Kind.GOODREADS_EXPORT, state=ImportJob.State.DONE, account=""
    )
    library.apply_item(item=ImportItemFactory.create(job=job, book=book, stars=3))
    assert line(reader, book).stars == 3


def test_what_a_reader_touched_outlives_its_line_on_a_shelf_elsewhere(reader: Reader) -> None:
    edited, left_out, plain, *kept = BookFactory.create_batch(40)
    bring(reader, edited, left_out, plain, *kept, whole=True)
    entries.edit(entry=line(reader, edited), stars=Decimal(1), shelf="read", read_on=None)
    entries.set_left_out(entry=line(reader, left_out), is_left_out=True)

    bring(reader, *kept, whole=True)

    assert reader.entries.filter(book__in=[edited, left_out]).count() == 2
    assert not reader.entries.filter(book=plain).exists()
    assert SourceShelf.objects.get().shrunk_to is None


def test_what_was_removed_of_another_profile_keeps_nothing_out(reader: Reader, book: Book) -> None:
    bring(reader, book, whole=True)
    entries.remove(entry=line(reader, book))
    reader.removed_entries.update(account="999")
    bring(reader, book, whole=True)
    assert line(reader, book)


def test_books_that_come_into_a_library_are_asked_for_before_others(
    reader: Reader, book: Book
) -> None:
    imported, found, rated = (BookFactory.create() for _ in range(3))
    enrichment.sync_rows()
    job = ImportJobFactory.create(reader=reader, state=ImportJob.State.DONE)
    ImportItemFactory.create(job=job, book=imported)
    item = ImportItemFactory.create(job=job, state="unmatched", source_key="lost")

    library.apply_items(job=job)
    assert wanted() == {imported.pk}
    item.book, item.state = found, "repaired"
    library.apply_item(item=item)
    entries.shelve(reader=reader, book=rated, shelf="read", stars=Decimal(4))
    assert wanted() == {imported.pk, found.pk, rated.pk}

    Enrichment.objects.update(wanted_at=None)
    library.apply_items(job=job)  # nothing has changed, and nothing is written
    assert wanted() == set()


def test_a_line_whose_book_is_found_later_has_it_asked_for(reader: Reader) -> None:
    LibraryEntryFactory.create(reader=reader, book=None, title="Dune", author="Frank Herbert")
    dune = BookFactory.create(title="Dune", title_key="dune", authors=["Frank Herbert"])
    enrichment.sync_rows()

    assert library.match_unmatched_entries(reader=reader) == 1
    assert wanted() == {dune.pk}


def wanted() -> set[int]:
    return set(Enrichment.objects.exclude(wanted_at=None).values_list("pk", flat=True))
