"""Matching: numbers before titles, and never a wrong book."""

from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.kinds import classify
from catalog.matching import Match, Wanted, match
from catalog.models import Author, Book, BookAuthor, BookIdentifier
from catalog.normalize import split_title, surname_key, title_key
from tests.catalog.hard_titles import BOOKS, LINES
from tests.factories import BookFactory

pytestmark = pytest.mark.django_db


def make_book(number: int, title: str, author: str, original: str = "", **fields: object) -> Book:
    split = split_title(title)
    book = Book.objects.create(
        goodbooks_id=number,
        title=split.title,
        title_key=split.key,
        original_title=original,
        original_title_key=title_key(original),
        series_name=split.series,
        series_number=None if split.is_box_set else split.number,
        kind=classify(split).kind,
        **fields,
    )
    writer, _ = Author.objects.get_or_create(
        name=author, defaults={"surname_key": surname_key(author)}
    )
    BookAuthor.objects.create(book=book, author=writer, position=1)
    return book


def only(wanted: Wanted) -> Match:
    return match([wanted])[wanted.key]


def test_hard_titles_lead_to_their_book_or_to_none() -> None:
    books = {number: make_book(number, *rest) for number, *rest in BOOKS}
    numbers = {book.pk: number for number, book in books.items()}

    found = match(
        [Wanted(i, title=title, author=author) for i, (title, author, _) in enumerate(LINES)]
    )

    assert len(LINES) >= 120
    surprises = [
        (title, author, f"expected {expected}, found {numbers.get(found[i].book_id or 0)}")
        for i, (title, author, expected) in enumerate(LINES)
        if numbers.get(found[i].book_id or 0) != expected
    ]
    assert surprises == []


def test_work_comes_before_edition_and_edition_before_isbn_and_isbn_before_title() -> None:
    by_work = make_book(1, "One", "Ann Author", goodreads_work_id=11)
    by_edition = make_book(2, "Two", "Ann Author")
    by_isbn = make_book(3, "Three", "Ann Author")
    by_title = make_book(4, "Four", "Ann Author")
    scheme = BookIdentifier.Scheme
    by_edition.identifiers.create(scheme=scheme.GOODREADS, value="22")
    by_isbn.identifiers.create(scheme=scheme.ISBN13, value="9780439023481")
    wanted = Wanted("row", 22, 11, "9780439023481", "Four", "Ann Author")

    assert only(wanted) == Match(by_work.pk, "matched", "work", (by_work.pk,))
    by_work.delete()
    assert only(wanted) == Match(by_edition.pk, "matched", "edition", (by_edition.pk,))
    by_edition.delete()
    assert only(wanted) == Match(by_isbn.pk, "matched", "isbn", (by_isbn.pk,))
    by_isbn.delete()
    assert only(wanted) == Match(by_title.pk, "matched", "title", (by_title.pk,))
    by_title.delete()
    assert only(wanted) == Match()


def test_two_books_of_one_title_and_author_are_ambiguous_with_the_best_known_first() -> None:
    lesser = make_book(1, "Collected Stories", "Ann Author", ratings_count=10)
    better = make_book(2, "The Collected Stories", "Ann Author", ratings_count=20)

    found = only(Wanted("row", title="Collected Stories", author="Ann Author"))

    assert found == Match(None, "ambiguous", "title", (better.pk, lesser.pk))


def test_a_title_without_an_author_is_only_a_suggestion() -> None:
    book = make_book(1, "Persuasion", "Jane Austen")

    assert only(Wanted("row", title="Persuasion")) == Match(None, "ambiguous", "title", (book.pk,))


def test_a_title_speaks_before_an_original_title() -> None:
    dracula = make_book(1, "Dracula", "Bram Stoker")
    make_book(2, "Dracula (Marvel Illustrated)", "Bram Stoker", "Dracula")

    assert only(Wanted("row", title="Dracula", author="Bram Stoker")).book_id == dracula.pk


def test_numbers_that_have_changed_decide_nothing_where_one_book_fits() -> None:
    wish = make_book(1, "The Last Wish (The Witcher, #1)", "Andrzej Sapkowski")
    saga = make_book(2, "Saga (Saga, #1)", "Brian K. Vaughan")

    renumbered = Wanted(1, title="The Last Wish (The Witcher, #0.5)", author="Andrzej Sapkowski")
    second = Wanted(2, title="Saga (Saga, #2)", author="Brian K. Vaughan")
    named = Wanted(3, title="Saga (The Saga Series, #4)", author="Brian K. Vaughan")
    assert only(renumbered).book_id == wish.pk
    assert only(second).book_id is None
    assert only(named).book_id == saga.pk  # of another series, as far as names tell


def test_the_row_s_own_series_and_number_win_over_a_bare_title() -> None:
    part = make_book(1, "Wool (Wool, #1)", "Hugh Howey")
    whole = make_book(2, "Wool Omnibus (Silo, #1)", "Hugh Howey")
    make_book(3, "Shift (Silo, #2)", "Hugh Howey")

    silo = only(Wanted("row", title="Wool (Silo, #1)", author="Hugh Howey"))
    assert silo == Match(whole.pk, "matched", "series", (whole.pk,))
    assert only(Wanted("row", title="Wool (Wool, #1)", author="Hugh Howey")).book_id == part.pk
    assert only(Wanted("row", title="Wool", author="Hugh Howey")).book_id == part.pk
    # A number that leads to a book of another title says nothing.
    assert only(Wanted("row", title="Wool (Silo, #2)", author="Hugh Howey")).book_id == part.pk


def test_any_author_of_a_book_will_do() -> None:
    book = make_book(1, "Good Omens", "Terry Pratchett")
    gaiman = Author.objects.create(name="Neil Gaiman", surname_key="gaiman")
    book.credits.create(author=gaiman, position=2)

    found = only(Wanted("row", title="Good Omens", author="Neil Gaiman"))

    assert found == Match(book.pk, "matched", "title", (book.pk,))


def test_nothing_wanted_nothing_found() -> None:
    assert match([]) == {}


def test_thousands_of_lines_take_no_more_queries_than_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    writer = Author.objects.create(name="Ann Author", surname_key="author")
    books = Book.objects.bulk_create(
        Book(goodbooks_id=i, title=f"Book {i}", title_key=f"book {i}", goodreads_work_id=i)
        for i in range(1, 2_501)
    )
    BookAuthor.objects.bulk_create(
        BookAuthor(book=book, author=writer, position=1) for book in books
    )
    BookIdentifier.objects.bulk_create(
        BookIdentifier(book=book, scheme="goodreads", value=str(book.goodbooks_id))
        for book in books
    )
    wanted = [
        Wanted(
            i,
            edition_id=i if i % 2 else 1_000_000 + i,
            isbn13="9780439023481",
            title=f"The Book {i} (Some Series, #3)",
            author="Author, Ann",
        )
        for i in range(1, 2_501)
    ]

    with django_assert_num_queries(3):  # no line has a work id, and Django asks for none
        found = match(wanted)

    assert [found[i].book_id for i in range(1, 2_501)] == [book.pk for book in books]


def test_a_line_with_a_list_of_volumes_is_their_omnibus() -> None:
    book = BookFactory.create(
        title="Happy Endings",
        authors=["Kay Writer"],
        kind=Book.Kind.OMNIBUS,
        series_name="The Choice",
        first_volume=Decimal("0.4"),
        last_volume=Decimal("2.6"),
    )
    wanted = Wanted(1, title="Happy Endings (The Choice, #0.4, 0.5, 2.6)", author="Kay Writer")
    assert match([wanted])[1].book_id == book.pk
