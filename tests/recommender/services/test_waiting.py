"""Lines of other libraries that get a book on the day it is added."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from catalog.models import Book
from recommender.models import LibraryEntry, Reader
from recommender.services import waiting
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ReaderFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def klara() -> Book:
    book: Book = BookFactory.create(
        title="Klara and the Sun", title_key="klara and the sun", authors=["Kazuo Ishiguro"]
    )
    book.identifiers.create(scheme="isbn13", value="9780593318171")
    book.identifiers.create(scheme="goodreads", value="54120408")
    return book


def line(**fields: Any) -> LibraryEntry:
    """A line that waits for its book."""
    values = {"book": None, "title": "Something Else", "author": "Some Body"} | fields
    entry: LibraryEntry = LibraryEntryFactory.create(**values)
    return entry


def given(book: Book) -> set[int]:
    waiting.give_to_waiting(book_id=book.pk)
    return set(LibraryEntry.objects.filter(book=book).values_list("pk", flat=True))


def test_an_edition_an_isbn_or_title_and_author_are_sure(klara: Book) -> None:
    by_edition = line(source="goodreads", source_key="54120408")
    by_isbn = line(source="storygraph", source_key="k1")
    job = ImportJobFactory.create(reader=by_isbn.reader, kind="storygraph_export", state="done")
    ImportItemFactory.create(job=job, source_key="k1", state="unmatched", isbn13="9780593318171")
    by_title = line(title="Klara & the Sun", author="Ishiguro, Kazuo", source="table")
    assert given(klara) == {by_edition.pk, by_isbn.pk, by_title.pk}
    assert given(klara) == {by_edition.pk, by_isbn.pk, by_title.pk}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Maggie O'Farrell", "Maggie O’Farrell"),
        ("Gabriel García Márquez", "Marquez, Gabriel Garcia"),
        ("Antoine de Saint-Exupéry", "A. de Saint-Exupery"),
        ("Kurt Vonnegut Jr.", "KURT VONNEGUT"),
        ("村上 春樹", "村上 春樹"),
    ],
)
def test_an_author_may_be_written_in_another_way(name: str, other: str) -> None:
    book = BookFactory.create(title="Rare", title_key="rare", authors=[name])
    assert given(book) == set()
    waits = line(title="Rare", author=other)
    assert given(book) == {waits.pk}


def test_what_is_merely_like_it_goes_on_waiting(klara: Book) -> None:
    line(title="Klara", author="Kazuo Ishiguro")
    line(title="Klara and the Sun", author="Eve Else")
    line(title="Klara and the Sun", author="")
    line(source="storygraph", source_key="54120408")
    of_another_source = line(source="bookwyrm", source_key="k1")
    job = ImportJobFactory.create(
        reader=of_another_source.reader, kind="storygraph_export", state="done"
    )
    ImportItemFactory.create(job=job, source_key="k1", state="unmatched", isbn13="9780593318171")
    assert given(klara) == set()


def test_a_title_that_two_books_have_is_not_sure(klara: Book) -> None:
    BookFactory.create(
        title="Klara and the Sun", title_key="klara and the sun", authors=["K. Ishiguro"]
    )
    line(title="Klara and the Sun", author="Kazuo Ishiguro")
    assert given(klara) == set()


def test_a_library_has_a_book_once(klara: Book) -> None:
    reader: Reader = ReaderFactory.create()
    words = {"title": "Klara and the Sun", "author": "Kazuo Ishiguro"}
    line(reader=reader, stars=None, **words)
    rated = line(reader=reader, stars=5, **words)
    owner = ReaderFactory.create()
    has = LibraryEntryFactory.create(reader=owner, book=klara)
    line(reader=owner, **words)
    assert given(klara) == {rated.pk, has.pk}


def test_a_book_that_is_gone_is_given_to_nobody() -> None:
    assert waiting.give_to_waiting(book_id=0) == 0


def test_it_is_queued_once_the_book_is_committed(
    klara: Book, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as queued:
        waiting.queue(book=klara)
    assert len(queued) == 1


def test_more_lines_cost_no_more_queries(
    klara: Book, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        line(title="Klara and the Sun", author="Kazuo Ishiguro")
    with django_assert_max_num_queries(13):
        assert len(given(klara)) == 30
