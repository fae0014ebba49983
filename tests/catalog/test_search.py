"""What readers type, and what they mean."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, DjangoDbBlocker

from catalog.kinds import classify
from catalog.models import Book, BookIdentifier
from catalog.normalize import split_title
from catalog.search import matching, near_titles, search, search_as_curator
from tests.factories import BookFactory

pytestmark = pytest.mark.django_db

# title, author, series, number, ratings
SHELF = [
    ("Harry Potter and the Sorcerer's Stone", "J.K. Rowling", "Harry Potter", 1, 4_000_000),
    ("Harry Potter and the Chamber of Secrets", "J.K. Rowling", "Harry Potter", 2, 2_000_000),
    ("Harry Potter: Film Wizardry", "Brian Sibley", "", None, 30_000),
    ("The Hunger Games", "Suzanne Collins", "The Hunger Games", 1, 4_900_000),
    ("Catching Fire", "Suzanne Collins", "The Hunger Games", 2, 1_900_000),
    ("The Hobbit", "J.R.R. Tolkien", "", None, 2_500_000),
    ("The Hobbit: Graphic Novel", "Chuck Dixon", "", None, 3_000_000),
    ("Cien años de soledad", "Gabriel García Márquez", "", None, 600_000),
    ("Les Misérables", "Victor Hugo", "", None, 500_000),
    ("A Wizard of Earthsea", "Ursula K. Le Guin", "Earthsea Cycle", 1, 150_000),
    ("The Tombs of Atuan", "Ursula K. Le Guin", "Earthsea Cycle", 2, 60_000),
    ("Stone Butch Blues", "Leslie Feinberg", "", None, 9_000),
    ("It", "Stephen King", "", None, 500_000),
    ("It Ends with Us", "Colleen Hoover", "", None, 900_000),
    ("The Shining", "Stephen King", "", None, 800_000),
    ("V.", "Thomas Pynchon", "", None, 15_000),
    ("The Firm", "John Grisham", "", None, 500_000),
    ("Alanna: The First Adventure", "Tamora Pierce", "", None, 80_000),
    ("Freedom", "Jonathan Franzen", "", None, 110_000),
    ("Long Walk to Freedom", "Nelson Mandela", "", None, 400_000),
    ("1984", "George Orwell", "", None, 2_000_000),
    ("Catch-22", "Joseph Heller", "", None, 600_000),
    ("The Amazing Spider-Man", "Stan Lee", "", None, 5_000),
    ("Fifty Shades of Grey", "E.L. James", "Fifty Shades", 1, 1_300_000),
    ("Twenty Thousand Leagues Under the Sea", "Jules Verne", "", None, 100_000),
    ("The Things They Carried", "Tim O'Brien", "", None, 180_000),
    ("Slaughterhouse-Five", "Kurt Vonnegut Jr.", "", None, 800_000),
    ("Crime and Punishment", "Fyodor Dostoyevsky", "", None, 400_000),
    ("Dune", "Frank Herbert", "Dune", 1, 500_000),
    ("Sapiens: A Brief History of Humankind", "Yuval Noah Harari", "", None, 100_000),
    ("Мастер и Маргарита", "Михаил Булгаков", "", None, 140_000),
    ("الأسود يليق بك", "أحلام مستغانمي", "", None, 20_000),
    ("ノルウェイの森", "村上 春樹", "", None, 30_000),
    ("채식주의자", "한강", "", None, 12_000),
    ("The", "Nobody Known", "", None, 3),
    ("!!!", "Nobody Known", "", None, 4),
]


@pytest.fixture(scope="module")
def shelf(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The books, made once; the transactions of the tests are inside this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        for title, author, series, number, fame in SHELF:
            BookFactory.create(
                title=title,
                kind=classify(split_title(title)).kind,
                authors=[author],
                series_name=series,
                series_number=number,
                ratings_count=fame,
            )
        yield
        transaction.set_rollback(True)


def first(text: str) -> str:
    found = search(text)
    return found[0].title if found else ""


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("HARRY POTTER", "Harry Potter and the Sorcerer's Stone"),
        ("chamber secrets", "Harry Potter and the Chamber of Secrets"),
        ("secrets of the chamber", "Harry Potter and the Chamber of Secrets"),
        ("the hobbit", "The Hobbit"),
        ("hobbit", "The Hobbit"),
        ("tolkien hobbit", "The Hobbit"),
        ("the hobbit by j. r. r. tolkien", "The Hobbit"),
        ("hobbit jrr tolkien", "The Hobbit"),
        ("The Firm", "The Firm"),
        ("Freedom", "Freedom"),
        ("stephen king it", "It"),
        ("it stephen king", "It"),
        ("stephen king", "The Shining"),
        ("It", "It"),
        ("1984", "1984"),
        ("V.", "V."),
        ("v", "V."),
        ("The", "The"),
        ("sapiens", "Sapiens: A Brief History of Humankind"),
        ("first", "Alanna: The First Adventure"),
    ],
)
def test_words_in_any_order(shelf: None, typed: str, title: str) -> None:
    assert first(typed) == title


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("hunger games 2", "Catching Fire"),
        ("2 hunger games", "Catching Fire"),
        ("The Hunger Games #2", "Catching Fire"),
        ("hunger games book two", "Catching Fire"),
        ("hunger games, vol. II", "Catching Fire"),
        ("hunger games 1", "The Hunger Games"),
        ("earthsea", "A Wizard of Earthsea"),
        ("earthsea cycle 2", "The Tombs of Atuan"),
        ("le guin earthsea 2", "The Tombs of Atuan"),
    ],
)
def test_a_series_and_a_number(shelf: None, typed: str, title: str) -> None:
    assert first(typed) == title


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("cien anos", "Cien años de soledad"),
        ("CIEN AÑOS", "Cien años de soledad"),
        ("garcia marquez", "Cien años de soledad"),
        ("miserables", "Les Misérables"),
        ("le guin", "A Wizard of Earthsea"),
        ("leguin atuan", "The Tombs of Atuan"),
        ("o'brien", "The Things They Carried"),
        ("obrien", "The Things They Carried"),
        ("O’Brien things", "The Things They Carried"),
        ("vonnegut", "Slaughterhouse-Five"),
        ("Kurt Vonnegut, Jr.", "Slaughterhouse-Five"),
        ("slaughterhouse 5", "Slaughterhouse-Five"),
        ("slaughterhousefive", "Slaughterhouse-Five"),
        ("sorcerers stone", "Harry Potter and the Sorcerer's Stone"),
        ("catch 22", "Catch-22"),
        ("catch22", "Catch-22"),
        ("spiderman", "The Amazing Spider-Man"),
        ("spider man", "The Amazing Spider-Man"),
        ("50 shades", "Fifty Shades of Grey"),
        ("20,000 leagues", "Twenty Thousand Leagues Under the Sea"),
        ("dostoevskij", "Crime and Punishment"),
        ("dostoevsky crime & punishment", "Crime and Punishment"),
        ("мастер", "Мастер и Маргарита"),
        ("БУЛГАКОВ", "Мастер и Маргарита"),
        ("الاسود يليق", "الأسود يليق بك"),
        ("أحلام", "الأسود يليق بك"),
        ("ノルウェイの森", "ノルウェイの森"),
        ("森", "ノルウェイの森"),
        ("村上春樹", "ノルウェイの森"),
        ("채식", "채식주의자"),
        ("har\u00adry\u200b pot\u00adter", "Harry Potter and the Sorcerer's Stone"),
        ("ｄｕｎｅ", "Dune"),
    ],
)
def test_what_is_written_in_more_than_one_way(shelf: None, typed: str, title: str) -> None:
    assert first(typed) == title


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("harry poter", "Harry Potter and the Sorcerer's Stone"),
        ("tolkein", "The Hobbit"),
        ("hobbti tolkien", "The Hobbit"),
        ("dnue", "Dune"),
        ("udne", "Dune"),
        ("9184", "1984"),
        ("the frim", "The Firm"),
        ("fredom", "Freedom"),
        ("hungre gaems", "The Hunger Games"),
        ("catchin fire suzane colins", "Catching Fire"),
        ("miserabels", "Les Misérables"),
        ("мастре", "Мастер и Маргарита"),
    ],
)
def test_slips_are_forgiven(shelf: None, typed: str, title: str) -> None:
    assert first(typed) == title


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("hu", "The Hunger Games"),
        ("hung", "The Hunger Games"),
        ("harry p", "Harry Potter and the Sorcerer's Stone"),
        ("harrypot", "Harry Potter and the Sorcerer's Stone"),
        ("hobb", "The Hobbit"),
        ("hobit grap", "The Hobbit: Graphic Novel"),
        ("hungr gam", "The Hunger Games"),
        ("the hunger games cat", "Catching Fire"),
        ("stone butch", "Stone Butch Blues"),
    ],
)
def test_half_a_word_is_enough_while_somebody_types(shelf: None, typed: str, title: str) -> None:
    assert first(typed) == title


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("dune audiobook", "Dune"),
        ("dune frank herbert paperback", "Dune"),
        ("hunger games trilogy suzanne collins", "The Hunger Games"),
    ],
)
def test_words_that_no_book_has_do_no_harm(shelf: None, typed: str, title: str) -> None:
    assert first(typed) == title


@pytest.mark.parametrize(
    "typed", ["", " ", "x", "?!", "zqxjkv wvut", "\x00", "\ud800", "\u200b", "'", "\\", "|:*"]
)
def test_nothing_is_found_where_nothing_is_meant(shelf: None, typed: str) -> None:
    assert search(typed) == []
    assert near_titles(typed) == []


def test_what_cannot_be_stored_parts_words(shelf: None) -> None:
    assert first("hunger\x00games\ud800") == "The Hunger Games"
    assert first("'hunger' & !games:* | \\") == "The Hunger Games"


def test_a_very_long_text_is_cut(shelf: None) -> None:
    assert first("dune " + "x" * 100_000) == "Dune"
    assert search("ab cd " * 10_000) == []


def test_a_title_without_a_word_is_found_as_it_is_written(shelf: None) -> None:
    assert first("!!!") == "!!!"


def test_books_about_a_book_come_behind_it(shelf: None) -> None:
    titles = [book.title for book in search("hobbit")]
    assert titles == ["The Hobbit", "The Hobbit: Graphic Novel"]
    assert [book.title for book in search("harry potter")][2] == "Harry Potter: Film Wizardry"


def test_the_better_known_of_equal_books_comes_first() -> None:
    for author, fame in (("Dan Brown", 90), ("Dante", 80), ("Troy Denning", 100)):
        BookFactory.create(title="Inferno", authors=[author], ratings_count=fame)
    assert [book.ratings_count for book in search("inferno")] == [100, 90, 80]
    assert search("inferno dante")[0].ratings_count == 80


def test_an_original_title_is_as_good_as_a_title() -> None:
    book = BookFactory.create(
        title="The Girl with the Dragon Tattoo", original_title="Män som hatar kvinnor"
    )
    assert search("man som hatar kvinnor") == search("dragon tattoo") == [book]


@pytest.fixture
def numbered(shelf: None) -> Book:
    book = Book.objects.get(title="Dune")
    book.goodreads_work_id, book.open_library_key = 3_634_639, "OL893415W"
    book.save()
    for scheme, value in (("isbn13", "9780439023481"), ("goodreads", "234225")):
        BookIdentifier.objects.create(book=book, scheme=scheme, value=value)
    return book


@pytest.mark.parametrize(
    "typed",
    [
        "9780439023481",
        "978-0-439-02348-1",
        "978 0 439 02348 1",
        "0439023483",
        "0-439-02348-3",
        "439023483",
        "ISBN 0439023483",
        "ISBN-13: 978-0439023481",
        "dune 9780439023481",
        "234225",
        "3634639",
        "goodreads:234225",
        "OL893415W",
        "https://openlibrary.org/works/OL893415W/Dune",
        "https://www.goodreads.com/book/show/234225.Dune",
        "goodreads.com/en/book/show/234225-dune?from_search=true",
        "https://www.goodreads.com/work/editions/3634639-dune",
        "https://www.goodreads.com/book/show/999999999-dune",
        "https://shop.example/books/dune/dp/0439023483/ref=x",
    ],
)
def test_a_number_or_an_address_leads_to_its_book(numbered: Book, typed: str) -> None:
    assert search(typed)[:1] == [numbered]


@pytest.mark.parametrize(
    "typed",
    ["9780439023482", "9.78044E+12", "234226", "https://www.goodreads.com/book/show/1", "9" * 50],
)
def test_a_number_that_no_book_has_finds_none(numbered: Book, typed: str) -> None:
    assert search(typed) == []


def test_a_number_is_a_title_before_it_is_anything_else(numbered: Book) -> None:
    numbered.identifiers.create(scheme="goodreads", value="1984")
    assert first("1984") == "1984"


def test_a_hidden_book_is_not_found(numbered: Book) -> None:
    Book.objects.filter(pk=numbered.pk).update(status=Book.Status.HIDDEN)
    assert search("dune") == search("9780439023481") == search("dnue") == []
    assert near_titles("dune") == []


def test_curators_find_hidden_books_and_any_number(numbered: Book) -> None:
    Book.objects.filter(pk=numbered.pk).update(status=Book.Status.HIDDEN)
    for typed in ("dune", "dnue", str(numbered.pk), str(numbered.goodbooks_id), "3634639"):
        assert numbered in search_as_curator(typed)
        assert numbered in Book.objects.filter(matching(typed))
    assert search_as_curator("9" * 18) == []


def test_long_lists_have_all_books_that_are_found() -> None:
    for n in range(25):
        BookFactory.create(title=f"Wool {n}")
    BookFactory.create(title="Silk")
    assert Book.objects.filter(matching("wool")).count() == 25
    assert not Book.objects.filter(matching("zqxjkv")).exists()


def test_near_titles_for_what_is_spelled_quite_wrong(shelf: None) -> None:
    assert search("frdmoe") == []
    assert near_titles("slawterhouze") == ["Slaughterhouse-Five"]


def test_the_number_of_queries_does_not_grow(
    shelf: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for typed in ("harry potter", "hobbit"):
        with django_assert_num_queries(5):
            search(typed)
