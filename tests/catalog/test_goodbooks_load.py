"""Loading a goodbooks-shaped folder into the catalog."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.goodbooks.load import Outcome, load_folder
from catalog.goodbooks.table import UnusableFolder
from catalog.matching import Wanted, match
from catalog.models import Author, Book, BookIdentifier
from catalog.openlibrary.parse import Work
from catalog.services import additions
from recsite.common.tables import LONGEST_CELL
from tests.factories import LibraryEntryFactory

pytestmark = pytest.mark.django_db

BOOKS = """\
book_id,goodreads_book_id,best_book_id,work_id,books_count,isbn,isbn13,authors,\
original_publication_year,original_title,title,language_code,average_rating,ratings_count,\
work_ratings_count
1,2767052,2767052,2792775,272,439023483,9.78043902348e+12,Suzanne Collins,2008.0,\
The Hunger Games,"The Hunger Games (The Hunger Games, #1)",eng,4.34,4780653,4942365
2,3,33,4640799,491,439554934,9.78043955493e+12,"J.K. Rowling, Mary GrandPré",1997.0,\
Harry Potter and the Philosopher's Stone,\
"Harry Potter and the Sorcerer's Stone (Harry Potter, #1)",en-US,4.44,4602479,4800065
3,1381,1381,3356006,10,,,Homer,-720.0,,"The Odyssey",fre,3.73,100,
4,44,44,44,1,,,Suzanne Collins,,,"Boxset (The Hunger Games, #1-3)",,,0,0
"""
TAGS = "tag_id,tag_name\n1,to-read\n2,ya\n3,young-adult\n4,dystopia\n5,romance\n"
BOOK_TAGS = "goodreads_book_id,tag_id,count\n2767052,1,9999\n2767052,2,60\n2767052,3,40\n\
2767052,4,50\n2767052,5,1\n3,3,7\n"
TO_READ = "user_id,book_id\n1,1\n2,1\n2,2\n"
DESCRIPTIONS = 'book_id,description\n1,"""A girl takes her sister\'s place."""\n'
WHOLE = {
    "books": BOOKS,
    "tags": TAGS,
    "book_tags": BOOK_TAGS,
    "to_read": TO_READ,
    "descriptions": DESCRIPTIONS,
}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def load(folder: Path, *, simulated: bool = False) -> Outcome:
    return load_folder(folder, simulated=simulated, say=lambda line: None)


def book(number: int) -> Book:
    return Book.objects.get(goodbooks_id=number)


def test_the_planner_knows_how_many_rows_have_come(tmp_path: Path) -> None:
    load(write(tmp_path, WHOLE))
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'catalog_book'::regclass")
        assert cursor.fetchone() == (Book.objects.count(),)


def test_books_come_with_all_that_the_folder_says(tmp_path: Path) -> None:
    outcome = load(write(tmp_path, WHOLE))

    assert (outcome.new, outcome.new_authors) == (4, 4)
    games = book(1)
    assert (games.title, games.series_name, games.series_number) == (
        "The Hunger Games",
        "The Hunger Games",
        Decimal(1),
    )
    assert (games.year, games.language, games.goodreads_work_id) == (2008, "eng", 2792775)
    assert (games.ratings_count, games.average_rating) == (4942365, Decimal("4.34"))
    assert (games.to_read_count, games.is_simulated, games.kind) == (2, False, "work")
    assert games.description == "A girl takes her sister's place."
    assert games.description_source == "beeFormer (machine-written, CC BY-SA 4.0)"
    potter = book(2)
    assert potter.author_names == ["J.K. Rowling"]
    assert [str(one.author) for one in potter.contributors] == ["Mary GrandPré"]
    assert potter.original_title_key == "harry potter and the philosophers stone"
    assert sorted(potter.identifiers.values_list("scheme", "value")) == [
        ("goodreads", "3"),
        ("goodreads", "33"),
        ("isbn13", "9780439554930"),
    ]
    assert (book(3).year, book(3).language, book(3).ratings_count) == (-720, "eng", 100)
    assert book(4).kind == "box_set"
    assert (book(4).first_volume, book(4).last_volume) == (Decimal(1), Decimal(3))
    assert (book(4).series_name, book(4).series_number) == (
        "The Hunger Games",
        None,
    )


STRAY = """\
book_id,work_id,authors,original_title,title,language_code
1,11,Ann Author,Blue,"Blue (Colors, #1)",eng
2,12,Ann Author,Red,"Red (Colors, #2)",spa
3,13,Ann Author,Green,"Vert (Colors, #3)",fre
4,100186,Nobody Else,,Um Nome,por
5,15,Ann Author,Gray,"Gray (Colors, #4)",en-GB
"""


def test_a_stray_edition_gives_a_book_neither_its_language_nor_its_title(tmp_path: Path) -> None:
    load(write(tmp_path, {"books": STRAY}))

    assert list(Book.objects.order_by("goodbooks_id").values_list("title", "language")) == [
        ("Blue", "eng"),
        ("Red", "eng"),
        ("Green", "eng"),
        ("Um Nome", "eng"),  # a work whose language was looked up
        ("Gray", "eng"),
    ]
    assert (book(3).title_key, book(3).series_name, book(3).series_number) == (
        "green",
        "Colors",
        Decimal(3),
    )


def test_another_load_mends_languages_that_no_curator_has_set(tmp_path: Path) -> None:
    load(write(tmp_path, {"books": STRAY}))
    Book.objects.update(language="spa")
    Book.objects.filter(goodbooks_id=1).update(locked_fields=["language"])

    assert load(tmp_path).changed == 4
    assert [book(number).language for number in range(1, 6)] == ["spa", *["eng"] * 4]
    assert not load(tmp_path).changed_anything


def test_shelves_become_genres_and_accidents_are_left_out(tmp_path: Path) -> None:
    load(write(tmp_path, WHOLE))

    assert list(book(1).shelvings.values_list("genre__name", "count")) == [
        ("Young Adult", 100),
        ("Dystopia", 50),
    ]


def test_a_second_load_changes_nothing_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    load(tmp_path)
    before = list(Book.objects.order_by("pk").values())

    said = StringIO()
    call_command("load_goodbooks", str(tmp_path), stdout=said)

    assert "Nothing changed: the catalog already has all 4 books of the folder." in said.getvalue()
    assert list(Book.objects.order_by("pk").values()) == before


def test_changed_rows_are_changed_and_nothing_is_deleted(tmp_path: Path) -> None:
    load(write(tmp_path, WHOLE))
    changed = BOOKS.replace("J.K. Rowling, Mary GrandPré", "Mary GrandPré, J.K. Rowling").replace(
        ",2008.0,", ",2009.0,"
    )
    changed = "\n".join(line for line in changed.splitlines() if not line.startswith(("3,", "4,")))

    outcome = load(write(tmp_path, {**WHOLE, "books": changed + "\n"}))

    assert (outcome.new, outcome.changed, outcome.credits_set) == (0, 1, 1)
    assert book(1).year == 2009
    assert book(2).credited_names == ["Mary GrandPré", "J.K. Rowling"]
    assert book(2).author_names == ["J.K. Rowling"]
    assert Book.objects.count() == 4


def test_an_empty_cell_empties_no_field_and_a_missing_file_changes_nothing(tmp_path: Path) -> None:
    load(write(tmp_path / "full", WHOLE))
    bare = 'book_id,title,authors\n1,"The Hunger Games (The Hunger Games, #1)",Suzanne Collins\n'

    outcome = load(write(tmp_path / "bare", {"books": bare.replace("1,", "1,", 1)}))

    games = book(1)
    assert (games.year, games.language, games.to_read_count) == (2008, "eng", 2)
    assert games.shelvings.count() == 2
    assert outcome.changed == 1  # the count of ratings is not there, which is none
    assert games.ratings_count == 0


def test_what_a_curator_locked_stays(tmp_path: Path) -> None:
    load(write(tmp_path, WHOLE))
    writer = Author.objects.create(name="A Pen Name", surname_key="name")
    Book.objects.filter(goodbooks_id=1).update(
        title="Hunger", title_key="hunger", series_name="", series_number=None, year=1900,
        locked_fields=["title", "series_name", "authors", "genres", "description"],
        description="Ours.", description_source="Us",
    )  # fmt: skip
    games = book(1)
    games.credits.update(author=writer)
    games.shelvings.all().delete()

    load(tmp_path)

    games = book(1)
    assert (games.title, games.title_key, games.series_name) == ("Hunger", "hunger", "")
    assert (games.series_number, games.description) == (None, "Ours.")
    assert games.author_names == ["A Pen Name"]
    assert games.shelvings.count() == 0
    assert games.year == 2008


def test_a_description_from_elsewhere_is_not_replaced(tmp_path: Path) -> None:
    load(write(tmp_path, {**WHOLE, "descriptions": DESCRIPTIONS.replace("girl", "woman")}))
    load(write(tmp_path, WHOLE))
    assert book(1).description == "A girl takes her sister's place."

    Book.objects.filter(goodbooks_id=1).update(description="Better.", description_source="Else")
    load(tmp_path)
    assert book(1).description == "Better."


def test_wrong_rows_are_reported_with_file_and_line(tmp_path: Path) -> None:
    rows = (
        "x,5,5,5,1,,,Somebody,,,A Title,eng,,,",
        "1,5,5,5,1,,,Somebody,,,A Double,eng,,,",
        "6,six,6,6,1,439023484,,Somebody,soon,,A Title,Klingon,7,many,",
        "7,7,7,7,1,,,,,,Nobody's,eng,,,",
        "8,8,8,8,1,,,Somebody,,,,eng,,,",
        "9,9",
        '10,10,10,10,1,,,Some\x00body,,,"Two\nLines",eng,,,',
        "11,1381,1381,3356006,1,439023483,,Somebody Else,,,Taken Numbers,eng,,,",
    )
    files = {
        **WHOLE,
        "books": BOOKS + "\n".join(rows) + "\n",
        "book_tags": BOOK_TAGS + "999,2,5\n3,99,5\n3,2,-1\n3,3,4\n",
        "to_read": TO_READ + "1,77\n",
        "descriptions": DESCRIPTIONS + '2,""\n',
    }

    outcome = load(write(tmp_path, files))

    assert [str(problem) for problem in outcome.problems.listed] == [
        "books.csv, line 6: book_id is 'x', not the number of a book; the row is left out",
        "books.csv, line 7: book_id 1 is also on line 2; the row is left out",
        "books.csv, line 8: original_publication_year is 'soon', not a year; it is left out",
        "books.csv, line 8: language_code is 'Klingon', not a known code; it is left out",
        "books.csv, line 8: isbn '439023484' fails its check digit; it is left out",
        "books.csv, line 8: goodreads_book_id is 'six', not a number; it is left out",
        "books.csv, line 8: ratings_count is 'many', not a number; it is left out",
        "books.csv, line 8: average_rating is '7', not 0 to 5 stars; it is left out",
        "books.csv, line 9: no author is named",
        "books.csv, line 10: the title is empty; the row is left out",
        "books.csv, line 11: 2 columns where 15 are expected",
        "books.csv, line 12: a null character; the row is left out",
        "book_tags.csv, line 8: goodreads_book_id '999' is not a book of this folder",
        "book_tags.csv, line 9: tag_id '99' is not in tags.csv",
        "book_tags.csv, line 10: count is '-1', not a number above zero",
        "book_tags.csv, line 11: the book has tag_id 3 twice; the larger count is kept",
        "to_read.csv, line 5: book_id '77' is not a book of this folder",
        "descriptions.csv, line 3: the description is empty",
    ]
    assert [str(notice) for notice in outcome.notices.listed] == [
        "books.csv, line 14: work_id 3356006 belongs to book 3; it is left out here",
        "books.csv, line 14: goodreads 1381 belongs to another book already, and stays there",
        "books.csv, line 14: isbn13 9780439023481 belongs to another book already, and stays there",
    ]
    assert set(Book.objects.values_list("goodbooks_id", flat=True)) == {1, 2, 3, 4, 6, 7, 11}


def test_doubles_are_kept_and_reported(tmp_path: Path) -> None:
    double = '5,55,55,55,1,,,Homer,,,"Odyssey",eng,,,\n'

    outcome = load(write(tmp_path, {**WHOLE, "books": BOOKS + double}))

    assert [notice.reason for notice in outcome.notices.listed] == [
        "book 5 has the title and the author of book 3 (line 4); both are kept"
    ]
    assert outcome.new == 5


def test_columns_may_stand_in_any_order_and_files_may_be_gzipped(tmp_path: Path) -> None:
    (tmp_path / "books.csv.gz").write_bytes(
        gzip.compress("\ufefftitle,authors,book_id\nEmma,Jane Austen,7\n".encode())
    )
    (tmp_path / "to_read.csv.gz").write_bytes(gzip.compress(b"book_id,user_id\n7,1\n"))

    load(tmp_path)

    assert (book(7).title, book(7).to_read_count) == ("Emma", 1)


STARTER = """\
book_id,goodreads_book_id,best_book_id,work_id,isbn,isbn13,authors,original_publication_year,\
original_title,title,language_code,average_rating,ratings_count
1000001,,,,,9780439023481,Suzanne Collins,2008,,"The Hunger Games (The Hunger Games, #1)",eng,4,9
1000002,,,,,,J. K. Rowling,1997,,"Harry Potter and the Philosopher's Stone (Harry Potter, #1)",\
eng,4,8
1000003,,,,,,Homer,,,The Margites,eng,4,7
"""
STARTER_TAGS = "book_id,tag_id,count\n1000001,2,5\n"


def test_starter_books_are_known_as_simulated(tmp_path: Path) -> None:
    load(write(tmp_path, {"books": STARTER, "tags": TAGS, "book_tags": STARTER_TAGS}))

    assert set(Book.objects.values_list("is_simulated", flat=True)) == {True}
    assert [str(genre) for genre in book(1000001).genres.all()] == ["Young Adult"]
    assert not BookIdentifier.objects.filter(scheme="goodreads").exists()


def test_any_folder_may_be_said_to_be_simulated(tmp_path: Path) -> None:
    load(write(tmp_path, WHOLE), simulated=True)
    assert set(Book.objects.values_list("is_simulated", flat=True)) == {True}


def test_a_starter_book_is_taken_over_with_all_that_readers_saved(tmp_path: Path) -> None:
    load(write(tmp_path / "starter", {"books": STARTER}))
    games, potter = book(1000001), book(1000002)
    entry = LibraryEntryFactory.create(book=games)

    outcome = load(write(tmp_path / "full", WHOLE))

    assert (outcome.new, outcome.changed, outcome.taken_over) == (2, 2, 2)
    assert (book(1).pk, book(2).pk) == (games.pk, potter.pk)
    entry.refresh_from_db()
    assert entry.book == book(1)
    assert book(1).is_simulated is False
    assert book(2).title == "Harry Potter and the Sorcerer's Stone"
    assert match([Wanted("row", edition_id=33)])["row"].book_id == potter.pk
    assert book(1000003).is_simulated is True


def test_a_set_with_other_numbers_takes_over_the_works_that_are_here_and_back(
    tmp_path: Path,
) -> None:
    full = write(tmp_path / "full", WHOLE)
    load(full)
    games, odyssey, before = book(1), book(3), Book.objects.count()
    entry = LibraryEntryFactory.create(book=games)
    other = write(
        tmp_path / "other",
        {
            "books": "book_id,title,authors,work_id\n"
            '102792775,"Los Juegos del Hambre",Suzanne Collins,2792775\n'  # by its work
            "101000001,The Odyssey,Homer,\n"  # by title and author
            "100000001,Another,Homer,1\n"
        },
    )

    outcome = load(other)

    assert (outcome.new, outcome.taken_over) == (1, 2)
    assert book(102792775).pk == games.pk
    assert book(101000001).pk == odyssey.pk
    assert book(100000001).is_simulated is False
    entry.refresh_from_db()
    assert entry.book == games
    assert load(other).new == 0

    back = load(full)

    assert (back.new, back.taken_over) == (0, 2)
    assert (book(1).pk, book(3).pk) == (games.pk, odyssey.pk)
    assert Book.objects.count() == before + 1


def test_a_starter_book_that_is_here_already_is_not_made_again(tmp_path: Path) -> None:
    load(write(tmp_path / "full", WHOLE))

    outcome = load(write(tmp_path / "starter", {"books": STARTER}))

    assert (outcome.new, outcome.left_out) == (1, 2)
    assert book(1).ratings_count == 4942365
    assert load(tmp_path / "starter").changed_anything is False


GAMES = Work(
    key="OL5W",
    title="The Hunger Games",
    authors=("Suzanne Collins",),
    credited=("Suzanne Collins",),
    first_year=2008,
)


@pytest.mark.parametrize(
    "work",
    [
        GAMES,
        replace(GAMES, title="Hunger Games: a Novel", isbns=("9780439023481",)),
        replace(GAMES, title="Die Tribute von Panem", goodreads_ids=("2767052",)),
    ],
    ids=["by title", "by ISBN", "by edition"],
)
def test_a_book_that_a_reader_added_is_taken_over_too(work: Work, tmp_path: Path) -> None:
    added = additions.add(work=work, user=None).book
    entry = LibraryEntryFactory.create(book=added)

    outcome = load(write(tmp_path, WHOLE))

    assert (outcome.new, outcome.taken_over) == (3, 1)
    assert book(1).pk == added.pk
    assert (book(1).title, book(1).open_library_key) == ("The Hunger Games", "OL5W")
    assert not Book.objects.filter(goodbooks_id__gte=2_000_001).exists()
    entry.refresh_from_db()
    assert entry.book == book(1)
    assert load(tmp_path).changed_anything is False


@pytest.mark.parametrize(
    "work",
    [
        replace(GAMES, title="Gregor the Overlander"),
        replace(GAMES, credited=("Ann Onym",), authors=("Ann Onym",), isbns=("9780439023481",)),
    ],
    ids=["another title", "another author"],
)
def test_an_added_book_that_is_another_work_stays_what_it_is(work: Work, tmp_path: Path) -> None:
    added = additions.add(work=work, user=None).book
    assert load(write(tmp_path, WHOLE)).taken_over == 0
    added.refresh_from_db()
    assert (added.goodbooks_id or 0) >= 2_000_001


def test_an_added_book_of_the_starter_shelf_is_taken_over_by_it(tmp_path: Path) -> None:
    added = additions.add(work=GAMES, user=None).book
    load(write(tmp_path, {"books": STARTER}))
    assert book(1_000_001).pk == added.pk
    assert Book.objects.count() == 3


def test_a_book_that_a_curator_added_is_known_by_its_work(tmp_path: Path) -> None:
    own = Book.objects.create(title="Games", title_key="games", goodreads_work_id=2792775)

    load(write(tmp_path, WHOLE))

    assert book(1).pk == own.pk


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("other.csv", b"", "has no books.csv or books.csv.gz"),
        ("books.csv", b"", "books.csv is empty."),
        ("books.csv", b"book_id,title\n1,Emma\n", "has no column authors"),
        ("books.csv", b"book_id,title,authors\nx,y,z\n", "has no usable book"),
        ("books.csv", b"book_id,title,authors\n1,\xff\xfe,z\n", "is not UTF-8 text"),
        ("books.csv.gz", b"book_id,title,authors\n", "is damaged; download it again"),
        (
            "books.csv.gz",
            gzip.compress(BOOKS.encode(), mtime=0)[:-20],
            "is damaged; download it again",
        ),
        pytest.param(
            "books.csv",
            b'book_id,title,authors\n1,"' + b"x" * (LONGEST_CELL + 1),
            "is not a CSV file",
            id="a quote that nobody closed",
        ),
    ],
)
def test_an_unusable_folder_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandError, match=f"{sentence}.*Nothing has changed."):
        call_command("load_goodbooks", str(tmp_path), stdout=StringIO())


def test_a_damaged_table_leaves_the_catalog_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    (tmp_path / "book_tags.csv").write_text("some,other,columns\n1,2,3\n")
    with pytest.raises(UnusableFolder, match="has no column goodreads_book_id"):
        load(tmp_path)
    assert Book.objects.count() == 0


def numbered_books(titles: str, authors: str) -> str:
    """A table of twelve books, called and written as these say of their numbers."""
    rows = [f"{n},{titles.format(n)},{authors.format(n)}" for n in range(1, 13)]
    return "\n".join(["book_id,title,authors", *rows, ""])


def test_another_set_with_the_same_numbers_is_refused(tmp_path: Path) -> None:
    load(write(tmp_path, {"books": numbered_books("Sea {}", "Mariner {}")}))
    reader_s = LibraryEntryFactory.create(book=Book.objects.get(goodbooks_id=3))

    write(tmp_path, {"books": numbered_books("Moor {}", "Walker {}")})
    with pytest.raises(CommandError) as refused:
        call_command("load_goodbooks", str(tmp_path), stdout=StringIO())

    assert str(refused.value) == (
        "12 of its numbers are those of other books here: 1 is “Moor 1” there and “Sea 1” in the "
        "catalog. Another set of books needs numbers of its own. Nothing has changed."
    )
    reader_s.refresh_from_db()
    assert reader_s.book is not None
    assert reader_s.book.title == "Sea 3"
    assert Book.objects.count() == 12


@pytest.mark.parametrize(
    ("titles", "authors"), [("Ocean {}", "Mariner {}"), ("Sea {}", "Somebody {}")]
)
def test_a_set_may_rename_its_books_or_their_authors(
    tmp_path: Path, titles: str, authors: str
) -> None:
    load(write(tmp_path, {"books": numbered_books("Sea {}", "Mariner {}")}))
    load(write(tmp_path, {"books": numbered_books(titles, authors)}))
    assert Book.objects.count() == 12


def test_what_spark_does_not_convert_is_refused_with_its_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--columns names a column for each of reader"):
        call_command("load_catalog", tmp_path, format="csv", stdout=StringIO())
    assert not Book.objects.exists()


def test_the_report_is_short_unless_more_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, {**WHOLE, "to_read": TO_READ + "1,77\n" * 5})

    said = StringIO()
    call_command("load_goodbooks", str(tmp_path), "--list=2", stdout=said)

    assert said.getvalue().count("book_id '77'") == 2
    assert "to_read.csv: and 3 more; --list=5 lists all" in said.getvalue()
    assert "5 problems listed above" in said.getvalue()
