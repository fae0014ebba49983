"""Whoever changes a book: search knows it at once, as the database keeps its documents."""

from decimal import Decimal

import pytest
from django.db import connection, transaction

from catalog.models import Author, Book, BookAuthor, SearchDocument
from catalog.search import search
from tests.factories import AuthorFactory, BookFactory

pytestmark = pytest.mark.django_db


def found(text: str) -> list[int]:
    return [book.pk for book in search(text)]


def test_a_book_without_anything_has_its_document() -> None:
    book = Book.objects.create(title="Bare")
    document = SearchDocument.objects.get(book=book)
    assert (document.title, document.authors, document.series) == ("bare", [], "")
    assert found("bare") == [book.pk]


def test_a_changed_title_is_found_at_once_and_the_old_one_no_longer() -> None:
    book = BookFactory.create(title="Olive")
    Book.objects.filter(pk=book.pk).update(title="Kumquat", original_title="Pomelo")
    assert found("kumquat") == found("pomelo") == [book.pk]
    assert found("olive") == []


def test_a_series_and_its_number() -> None:
    book = BookFactory.create(title="Tehanu")
    Book.objects.filter(pk=book.pk).update(series_name="Earthsea", series_number=Decimal("4.50"))
    assert found("earthsea 4.5") == [book.pk]
    assert SearchDocument.objects.get(book=book).number == "4.5"
    Book.objects.filter(pk=book.pk).update(series_name="", series_number=None)
    assert found("earthsea") == []


def test_many_books_at_once() -> None:
    books = Book.objects.bulk_create(Book(title=f"Marzipan {n}") for n in range(3))
    assert sorted(found("marzipan")) == [book.pk for book in books]
    Book.objects.bulk_create(
        [Book(pk=book.pk, title=f"Nougat {n}") for n, book in enumerate(books)],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["title"],
    )
    assert found("marzipan") == []
    assert sorted(found("nougat")) == [book.pk for book in books]


def test_authors_who_come_and_go() -> None:
    book = BookFactory.create(title="Spoon", authors=["Wanda Pumpernickel"])
    assert found("pumpernickel spoon") == [book.pk]
    BookAuthor.objects.create(
        book=book, author=AuthorFactory.create(name="Zoltan Knäcke"), position=2
    )
    assert found("knacke pumpernickel") == [book.pk]
    BookAuthor.objects.filter(position=1).update(
        author=AuthorFactory.create(name="Ida Ciabatta"), position=3
    )
    assert found("pumpernickel") == []
    assert found("ciabatta") == [book.pk]
    BookAuthor.objects.all().delete()
    assert found("ciabatta") == found("knacke") == []


def test_an_author_of_another_name() -> None:
    books = [BookFactory.create(authors=["Robert Galbraith"]) for _ in range(2)]
    Author.objects.update(name="Joanne Murray")
    assert sorted(found("joanne murray")) == [book.pk for book in books]
    assert found("galbraith") == []


def test_fame_and_status_are_those_of_the_book() -> None:
    book = BookFactory.create(title="Gorse", ratings_count=1)
    Book.objects.update(ratings_count=7, status=Book.Status.HIDDEN)
    document = SearchDocument.objects.get(book=book)
    assert (document.ratings_count, document.status) == (7, "hidden")


def test_a_document_goes_with_its_book() -> None:
    book = BookFactory.create(authors=["Ann Writer", "Bob Writer"])
    book.delete()
    assert not SearchDocument.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as the end of a transaction does


def test_what_is_undone_is_undone_for_search_too() -> None:
    book = BookFactory.create(title="Before")
    begun = transaction.savepoint()
    Book.objects.filter(pk=book.pk).update(title="After")
    transaction.savepoint_rollback(begun)
    assert found("before") == [book.pk]
    assert found("after") == []


def test_a_title_of_500_strange_letters_is_stored() -> None:
    for title in ("\ufdfa" * 500, "一" * 500, "ß" * 500, "x" * 500, ". " * 250):
        Book.objects.create(title=title)
    assert SearchDocument.objects.count() == 5
