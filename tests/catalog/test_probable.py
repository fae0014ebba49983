"""What a line probably means: one book of its author, and none that only looks like it."""

from collections.abc import Hashable

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.matching import Wanted, match
from catalog.models import Book
from catalog.probable import propose
from tests.catalog.test_matching import make_book

pytestmark = pytest.mark.django_db

BOOKS = (
    (1, "Freakonomics: A Rogue Economist Explores the Hidden Side of Everything (Freakonomics, #1)",
     "Steven D. Levitt"),
    (2, "Moby-Dick or, The Whale", "Herman Melville"),
    (3, "Tortilla Flat", "John Steinbeck"),
    (4, "The Well of Ascension (Mistborn, #2)", "Brandon Sanderson"),
    (5, "The Final Empire (Mistborn, #1)", "Brandon Sanderson"),
    (6, "Quiet: The Power of Introverts in a World That Can't Stop Talking", "Susan Cain"),
    (7, "Diary of a Wimpy Kid (Diary of a Wimpy Kid, #1)", "Jeff Kinney"),
    (8, "Twilight (Twilight, #1)", "Stephenie Meyer"),
    (9, "Naruto, Vol. 01: The Tests of the Ninja (Naruto, #1)", "Masashi Kishimoto"),
    (10, "The Snowman (Harry Hole, #7)", "Jo Nesbø"),
    (11, "The Last Wish (The Witcher, #1)", "Andrzej Sapkowski"),
    (12, "Slaughterhouse-Five", "Kurt Vonnegut"),
    (13, "Alien", "Alan Dean Foster"),
    (14, "Henry IV, Part One", "William Shakespeare"),
    (15, "The Royal Ranger (Ranger's Apprentice, #12)", "John Flanagan"),
    (16, "Les Misérables", "Victor Hugo"),
    (17, "Leaves of Grass", "Walt Whitman"),
    (18, "Stories: All-New Tales", "Neil Gaiman"),
    (19, "The Hitchhiker's Guide to the Galaxy (Hitchhiker's Guide to the Galaxy, #1)",
     "Douglas Adams"),
    (20, "The Lord of the Rings Box Set (The Lord of the Rings, #1-3)", "J.R.R. Tolkien"),
    (21, "Watchmen", "Alan Moore"),
    (22, "Essays", "Michel de Montaigne"),
    (23, "The Complete Essays", "Michel de Montaigne"),
)  # fmt: skip

PROBABLE = (
    ("Freakonomics", "Steven D. Levitt", 1),
    ("Moby-Dick", "Herman Melville", 2),
    ("Moby Dick (Penguin Classics)", "Melville, Herman", 2),
    ("Tortilla Flat (Spanish Edition)", "John Steinbeck", 3),
    ("Tortilla Flat (en anglais)", "John Steinbeck", 3),
    ("Tortilla Flat (Unabridged)", "John Steinbeck", 3),
    ("Tortilla Flat: Gilded Pocket Edition", "John Steinbeck", 3),
    ("Tortilla Flat: A Story of Monterey", "John Steinbeck", 3),
    ("Leaves of Grass (Norton Critical Edition)", "Walt Whitman", 17),
    ("Leaves of Grass: Complete and Unabridged", "Walt Whitman", 17),
    ("The Well of Ascension: Book two of Mistborn", "Brandon Sanderson", 4),
    ("Mistborn: The Final Empire", "Brandon Sanderson", 5),
    ("The Final Empire: Mistborn Book One", "Brandon Sanderson", 5),
    ("Quiet", "Susan Cain", 6),
    ("The Royal Ranger: A New Beginning (Ranger's Apprentice: The Royal Ranger, #1)",
     "John Flanagan", 15),
    # translations
    ("Пепел и сталь (Mistborn #1)", "Brandon Sanderson", 5),
    ("Der Sohn (The Mistborn Saga, #2)", "Brandon Sanderson", 4),
    ("El muñeco de nieve (Harry Hole, #7)", "Nesbø, Jo", 10),
    ("Per Anhalter durch die Galaxis (Hitchhiker's Guide to the Galaxy, #1)", "Douglas Adams", 19),
    # slips
    ("Slaughterhouse 5", "Kurt Vonnegut", 12),
    ("Slaughter House Five", "Kurt Vonnegut", 12),
    ("Slaugtherhouse-Five", "Kurt Vonnegut", 12),
    ("Les Misrables", "Victor Hugo", 16),
    ("Tortila Flat", "John Steinbeck", 3),
    ("Freakonomcs", "Steven D. Levitt", 1),
    ("Tortilla Flat", "John Steinbek", 3),
    ("Twilight", "Stephanie Meyer", 8),
)  # fmt: skip

OTHERS = (
    # another volume, a sequel
    ("Naruto, Vol. 02: The Worst Client (Naruto, #2)", "Masashi Kishimoto"),
    ("Naruto, Vol. 2", "Masashi Kishimoto"),
    ("Naruto", "Masashi Kishimoto"),
    ("Diary of a Wimpy Kid: Dog Days", "Jeff Kinney"),
    ("Diary of a Wimpy Kid: Dog Days (Diary of a Wimpy Kid, #4)", "Jeff Kinney"),
    ("Diary of a Wimpy Kid (Diary of a Wimpy Kid, #4)", "Jeff Kinney"),
    ("The Royal Ranger: The Red Fox Clan (Ranger's Apprentice: The Royal Ranger, #2)",
     "John Flanagan"),
    ("Tortilla Flat, Volume II", "John Steinbeck"),
    ("Tortilla Flat: Part 2", "John Steinbeck"),
    ("Super Freakonomics", "Steven D. Levitt"),
    ("Aliens", "Alan Dean Foster"),
    ("Henry VI, Part One", "William Shakespeare"),
    ("Henry IV, Part Two", "William Shakespeare"),
    ("Quiet: Growing up as an Introvert", "Susan Cain"),
    # books about it, and its other forms
    ("Twilight: The Graphic Novel, Vol. 1 (Twilight: The Graphic Novel, #1)", "Stephenie Meyer"),
    ("The Twilight Saga: The Official Illustrated Guide", "Stephenie Meyer"),
    ("Twilight: Director's Notebook", "Stephenie Meyer"),
    ("Tortilla Flat: A Study Guide", "John Steinbeck"),
    ("Tortilla Flat (Manga Classics)", "John Steinbeck"),
    ("Tortilla Flat (Young Readers Edition)", "John Steinbeck"),
    ("Moby-Dick: A Screenplay", "Herman Melville"),
    # several in one
    ("Tortilla Flat / Cannery Row", "John Steinbeck"),
    ("The Mistborn Trilogy (Mistborn, #1-3)", "Brandon Sanderson"),
    ("The Lord of the Rings", "J.R.R. Tolkien"),
    # renumbered, and the catalog lacks it
    ("Blood of Elves (The Witcher, #1)", "Andrzej Sapkowski"),
    ("The Assassin and the Healer (Mistborn, #1.5)", "Brandon Sanderson"),
    # another author, or none
    ("Tortilla Flat: A Novel of Monterey", "Ernest Hemingway"),
    ("Tortilla Flat (Unabridged)", ""),
    ("", "John Steinbeck"),
)  # fmt: skip


@pytest.fixture
def catalog() -> dict[int, int]:
    """The keys of the books, with the numbers by which the tests name them."""
    return {make_book(*book).pk: book[0] for book in BOOKS}


def proposed(catalog: dict[int, int], lines: list[tuple[str, str]]) -> dict[Hashable, int]:
    """The numbers of the books proposed for some lines of title and author."""
    wanted = [Wanted(line, title=line[0], author=line[1]) for line in lines]
    found = propose(wanted, match(wanted))
    return {line: catalog[one.book_id] for line, one in found.items()}


def test_one_book_of_the_author_fits(catalog: dict[int, int]) -> None:
    meant = {(title, author): number for title, author, number in PROBABLE}

    assert proposed(catalog, list(meant)) == meant


def test_another_book_is_not_proposed(catalog: dict[int, int]) -> None:
    assert proposed(catalog, list(OTHERS)) == {}


def test_two_books_that_fit_are_not_proposed(catalog: dict[int, int]) -> None:
    make_book(50, "Quiet: A Handbook", "Susan Cain")
    make_book(51, "Quiet: Another Look", "Susan Cain")

    assert proposed(catalog, [("Quiet (Unabridged)", "Susan Cain")]) == {}


def test_a_certain_match_is_not_proposed(catalog: dict[int, int]) -> None:
    assert proposed(catalog, [("Tortilla Flat", "John Steinbeck")]) == {}


def test_a_number_that_leads_to_the_book_of_another_line_has_been_changed(
    catalog: dict[int, int],
) -> None:
    translated = ("El imperio final (Mistborn, #1)", "Brandon Sanderson")

    assert proposed(catalog, [translated]) == {translated: 5}
    assert proposed(catalog, [translated, ("The Final Empire", "Brandon Sanderson")]) == {}


def test_the_isbn_tells_an_english_edition_with_another_title_from_a_translation(
    catalog: dict[int, int],
) -> None:
    english = Wanted(1, isbn13="9780575094185", title="Mistletoe (Mistborn, #1)",
                     author="Brandon Sanderson")  # fmt: skip
    german = Wanted(2, isbn13="9783453316249", title="Nebelgeboren (Mistborn, #1)",
                    author="Brandon Sanderson")  # fmt: skip
    found = propose([english, german], match([english, german]))

    assert {key: catalog[one.book_id] for key, one in found.items()} == {2: 5}


def test_books_that_were_merged_are_not_proposed(catalog: dict[int, int]) -> None:
    flat = Book.objects.get(goodbooks_id=3)
    Book.objects.filter(pk=flat.pk).update(
        status=Book.Status.MERGED, merged_into=Book.objects.get(goodbooks_id=2)
    )

    assert proposed(catalog, [("Tortilla Flat (Unabridged)", "John Steinbeck")]) == {}


def test_many_lines_take_as_many_queries_as_one(
    catalog: dict[int, int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    names = [*((title, author) for title, author, _ in PROBABLE), *OTHERS]
    lines = [Wanted(i, title=title, author=author) for i, (title, author) in enumerate(names)]
    found = match(lines)

    with django_assert_num_queries(2):
        propose(lines, found)
