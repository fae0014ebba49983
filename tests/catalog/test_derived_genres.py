"""Genres of books that nobody has shelved."""

from pathlib import Path
from typing import Any

import pytest

from catalog.goodbooks.derived import derive_genres
from catalog.goodbooks.load import load_folder
from catalog.models import Book, BookGenre
from tests.factories import BookFactory, GenreFactory

pytestmark = pytest.mark.django_db


def bare(**fields: Any) -> Book:
    """A book without a genre."""
    book: Book = BookFactory.create(**fields)
    book.shelvings.all().delete()
    return book


def genres(book: Book) -> list[tuple[str, bool]]:
    """The genres of a book in their order, and whether they are estimated."""
    return list(book.shelvings.values_list("genre__slug", "is_derived"))


def test_subjects_and_the_series_tell_first() -> None:
    for slug in ("science-fiction", "dystopia"):
        GenreFactory.create(slug=slug)
    BookFactory.create(authors=["Ann"], series_name="Sand", genres=["adventure", "classics"])
    BookFactory.create(authors=["Ann"], series_name="Sand", genres=["adventure"])
    BookFactory.create(authors=["Ann"], genres=["cooking"])
    BookFactory.create(authors=["Bea"], series_name="Sand", genres=["romance"])
    book = bare(authors=["Ann"], series_name="Sand", subjects=["Science fiction", "Fiction"])

    assert derive_genres() == 1
    assert genres(book) == [("science-fiction", True), ("adventure", True), ("classics", True)]
    assert max(book.shelvings.values_list("count", flat=True)) == 3
    assert derive_genres() == 0


def test_without_them_the_authors_other_books_tell_what_most_of_them_are() -> None:
    BookFactory.create(authors=["Ann"], genres=["horror", "poetry"])
    BookFactory.create(authors=["Ann"], genres=["horror"])
    BookFactory.create(authors=["Ann"], genres=["horror"])
    helped = BookFactory.create(authors=["Bea", "Ann"], genres=["romance"])
    helped.credits.filter(position=2).update(role="translator")
    book, other = bare(authors=["Ann"]), bare(authors=["Cat"])

    assert derive_genres() == 1
    assert genres(book) == [("horror", True)]
    assert genres(other) == []


def test_a_book_with_genres_and_one_locked_by_a_curator_stay() -> None:
    BookFactory.create(authors=["Ann"], genres=["horror"])
    own = BookFactory.create(authors=["Ann"], genres=["poetry"])
    locked = bare(authors=["Ann"], locked_fields=["genres"])

    assert derive_genres() == 0
    assert genres(own) == [("poetry", False)]
    assert genres(locked) == []


def test_estimates_follow_new_subjects_for_the_books_that_are_asked_for() -> None:
    GenreFactory.create(slug="horror")
    book, other = bare(subjects=["Horror tales"]), bare(subjects=["Horror tales"])

    assert derive_genres(book_ids=[book.pk]) == 1
    assert (genres(book), genres(other)) == ([("horror", True)], [])
    Book.objects.filter(pk=book.pk).update(subjects=[])
    assert derive_genres(book_ids=[book.pk]) == 1
    assert genres(book) == []


def test_shelves_replace_estimates_at_the_next_load(tmp_path: Path) -> None:
    files = {
        "books": 'book_id,title,authors\n1,"Sand (Sand, #1)",Ann\n2,"Dune (Sand, #2)",Ann\n',
        "tags": "tag_id,tag_name\n1,sci-fi\n2,romance\n",
        "book_tags": "book_id,tag_id,count\n1,1,50\n",
    }

    def load(**changed: str) -> bool:
        for name, text in (files | changed).items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return load_folder(tmp_path, simulated=False, say=lambda line: None).changed_anything

    assert load()
    book = Book.objects.get(goodbooks_id=2)
    assert genres(book) == [("science-fiction", True)]
    assert not load()

    assert load(book_tags="book_id,tag_id,count\n1,1,50\n2,2,7\n")
    assert genres(book) == [("romance", False)]
    assert BookGenre.objects.filter(is_derived=True).count() == 0
