"""Exports of the services besides Goodreads, which one registry tells apart by their columns."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from recommender.models import ImportJob, Source
from recommender.sources import export_file
from recommender.sources.base import ShelfPage, ShelfRow
from recommender.sources.exports import EXPORTS, open_export
from recommender.sources.table_file import TEMPLATE
from recommender.sources.upload import TooManyRows, WrongColumns
from recommender.sources.values import read_shelf

FIXTURES = Path(__file__).parent / "fixtures"
# Service, then stars and shelves of the four rows.
FILES = [
    ("storygraph.csv", "storygraph_export", [4.75, None, None, 2.25]),
    ("librarything.tsv", "librarything_export", [4.5, None, 3, 0.5]),
    ("bookwyrm.csv", "bookwyrm_export", [4.5, None, None, 2]),
]


def page_of(data: bytes) -> ShelfPage:
    [page] = open_export(io.BytesIO(data)).pages()
    return page


@pytest.mark.parametrize(("file", "name", "stars"), FILES)
def test_a_file_is_known_by_its_columns(file: str, name: str, stars: list[float | None]) -> None:
    data = (FIXTURES / file).read_bytes()
    source = open_export(io.BytesIO(data))
    page = page_of(data)

    assert source.name == name
    assert (page.complete, page.total, page.problems) == (True, 4, ())
    assert [row.stars for row in page.rows] == stars
    first, second, third, last = page.rows
    assert first.title.startswith("The Hobbit")
    assert (first.author, first.isbn13, first.line) == ("J.R.R. Tolkien", "9780618260300", 2)
    assert [first.shelf, second.shelf] == ["read", "to-read"]
    assert second.author in ("Neil Gaiman", "Jane Austen")
    assert (third.title, third.shelf) == ("Идиот", "currently-reading")
    assert third.author == "Фёдор Достоевский"
    assert last.shelf == ("read" if "librarything" in file else "did-not-finish")
    assert "aloud" not in repr(page)


@pytest.mark.parametrize("file", ["storygraph.csv", "librarything.tsv", "bookwyrm.csv"])
def test_dates_are_read_where_a_service_writes_them(file: str) -> None:
    first, *_ = page_of((FIXTURES / file).read_bytes()).rows
    assert (first.added_on, first.read_on) == (date(2020, 6, 10), date(2020, 6, 9))


def test_numbers_that_lead_to_a_book() -> None:
    [hobbit, omens, _, odyssey] = page_of((FIXTURES / "bookwyrm.csv").read_bytes()).rows
    assert (hobbit.edition_id, omens.edition_id) == (5907, None)
    assert hobbit.source_key.endswith("/book/11")
    assert odyssey.source_key.startswith("title:")
    [hobbit, austen, *_] = page_of((FIXTURES / "librarything.tsv").read_bytes()).rows
    assert hobbit.edition_id is None  # LibraryThing's own numbers must not pass for Goodreads'
    assert hobbit.work_id is None
    assert hobbit.title.endswith('or "There and Back Again"')
    assert (hobbit.year, austen.isbn10) == (1937, "080442957X")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("file", [file for file, _, _ in FILES])
def test_files_that_another_program_saved_again(file: str, encoding: str) -> None:
    text = (FIXTURES / file).read_text().replace("Идиот", "Émile")
    text = text.replace("Фёдор Достоевский", "Zoë").replace("Достоевский, Фёдор", "Zoë")
    rows = page_of(text.encode(encoding)).rows
    assert (rows[2].title, rows[2].author) == ("Émile", "Zoë")


def test_the_template_is_read_by_the_site_that_gives_it() -> None:
    out = io.StringIO()
    csv.writer(out).writerows(TEMPLATE)
    source = open_export(io.BytesIO(out.getvalue().encode("utf-8-sig")))
    [page] = source.pages()
    assert source.name == "table_file"
    assert [(row.stars, row.shelf) for row in page.rows] == [(4.5, "read"), (None, "to-read")]
    assert page.rows[1].isbn13 == "9780441478125"


def test_a_table_of_three_columns_with_a_decimal_comma_is_enough() -> None:
    [row] = page_of("Author;Title;Stars\nLe Guin, Ursula K.;Émile;3,5\n".encode("cp1252")).rows
    assert (row.title, row.author, row.stars) == ("Émile", "Ursula K. Le Guin", 3.5)


def test_every_kind_of_file_has_a_kind_of_import_and_a_source() -> None:
    for export in EXPORTS:
        job = ImportJob(kind=ImportJob.Kind(export.name))
        assert job.is_file
        assert job.source in Source


def test_other_columns_are_named_beside_those_that_are_expected() -> None:
    with pytest.raises(WrongColumns) as caught:
        page_of(b"Buch;Autor;Sterne\nMomo;Ende;5\n")
    sentence = str(caught.value)
    assert "“Buch”, “Autor”, “Sterne”" in sentence
    assert "“My Rating”" in sentence
    assert "template" in sentence


@pytest.mark.parametrize(
    ("name", "shelf"),
    [
        ("read", "read"),
        ("", "read"),
        ("Currently Reading", "currently-reading"),
        ("reading", "currently-reading"),
        ("To read", "to-read"),
        ("Want to Read", "to-read"),
        ("stopped-reading", "did-not-finish"),
        ("DNF", "did-not-finish"),
        ("my-own-shelf", "my-own-shelf"),
    ],
)
def test_shelves_have_one_name(name: str, shelf: str) -> None:
    assert read_shelf(name) == shelf


def rows_of(text: str) -> dict[str, ShelfRow]:
    return {row.title: row for row in page_of(text.encode()).rows}


def test_storygraph_called_two_columns_otherwise_in_2021() -> None:
    file = "Title,Author,ISBN,Read Status,Star Rating\nDune,Frank Herbert,9780441013593,read,4.5\n"
    row = rows_of(file)["Dune"]
    assert (row.author, row.isbn13, row.stars) == ("Frank Herbert", "9780441013593", 4.5)


def test_bookwyrm_named_no_shelf_until_2023() -> None:
    row = rows_of("title,author_text,remote_id,rating\nDune,Frank Herbert,b/1,5\n")["Dune"]
    assert (row.shelf, row.stars) == ("read", 5)


def test_hardcover() -> None:
    file = (
        "Title,Author,Series,Status,Hardcover Book ID,ISBN 10,ISBN 13,Date Added,Date Finished,"
        'Rating,Review\nDune,"Frank Herbert, Someone Else",Dune #1,Read,312460,,9780441013593,'
        "2024-05-01,2024-05-30,4.5,fine\nEmma,Jane Austen,,Want to Read,7,,,2024-05-01,,,\n"
        "Ulysses,James Joyce,,Did Not Finish,8,,,2024-05-01,,,\n"
    )
    assert open_export(io.BytesIO(file.encode())).name == "hardcover_export"
    rows = rows_of(file)
    assert [row.shelf for row in rows.values()] == ["read", "to-read", "did-not-finish"]
    dune = rows["Dune"]
    assert (dune.source_key, dune.author, dune.stars) == ("312460", "Frank Herbert", 4.5)
    assert (dune.isbn13, dune.read_on) == ("9780441013593", date(2024, 5, 30))


def test_what_a_spreadsheet_made_of_a_number_is_nobodys_key() -> None:
    file = "Title,Authors,ISBN/UID,Read Status,Star Rating\n"
    file += "Dune,Frank Herbert,9.78044E+12,read,5\nEmma,Jane Austen,9.78044E+12,read,4\n"
    file += 'Moor,Ann Author,"9,78044E+12",read,3\nSea,Ann Author,abc-123,read,3\n'
    rows = rows_of(file)
    assert list(rows) == ["Dune", "Emma", "Moor", "Sea"]
    assert all(rows[title].source_key.startswith("title:") for title in ("Dune", "Emma", "Moor"))
    assert rows["Sea"].source_key == "abc-123"


@pytest.mark.parametrize(
    "heading", ["title;author;stars", "STARS;AUTHOR;TITLE", " Title ;Author;Stars"]
)
def test_headings_are_known_in_any_case_and_order(heading: str) -> None:
    cells = {"title": "Emma", "author": "Jane Austen", "stars": "4"}
    line = ";".join(cells[name.strip().lower()] for name in heading.split(";"))
    [row] = page_of(f"{heading}\n{line}\n".encode()).rows
    assert (row.title, row.author, row.stars) == ("Emma", "Jane Austen", 4)


def test_what_stands_beyond_the_heading_is_a_note_unless_all_cells_have_moved() -> None:
    file = "Title,Author,Stars\nEmma,Jane Austen,4,,\nMoor,Ann Author,3,lent to a friend\n"
    page = page_of(f"{file}Love, Actually,Ann Author,5\n".encode())
    assert [(row.title, row.stars) for row in page.rows] == [("Emma", 4), ("Moor", 3)]
    assert [problem.reason for problem in page.problems] == [
        "The line has more cells than the heading."
    ]


def test_of_two_rows_of_one_book_the_one_that_tells_most_counts() -> None:
    file = (
        "Book Id,Title,Author,My Rating,Exclusive Shelf,Date Read\n5,Emma,Jane Austen,0,to-read,\n"
    )
    file += "5,Emma,Jane Austen,4,read,2020/01/01\n5,Emma,Jane Austen,5,read,2024/01/01\n"
    page = page_of(file.encode())
    [row] = page.rows
    assert (row.stars, row.line) == (5, 4)
    assert {other.line: other.note for other in page.repeated} == {
        2: "Line 4 says more about the same book.",
        3: "Line 4 says more about the same book.",
    }


def test_a_date_that_may_be_two_is_left_out_and_told() -> None:
    file = "Title,Author,Stars,Date read\nEmma,Jane Austen,4,04/03/2023\n"
    row = rows_of(file)["Emma"]
    assert row.read_on is None
    assert row.note == "“04/03/2023” could be either of two days, so it is left out."
    row = rows_of(f"{file}Moor,Ann Author,4,25/03/2023\n")["Emma"]
    assert (row.read_on, row.note) == (date(2023, 3, 4), "")


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("Strunk, William, Jr.", "William Strunk Jr."),
        ("Tolstoy, Leo, graf", "Leo Tolstoy"),
        ("Borges, Jorge Luis, 1899-1986", "Jorge Luis Borges"),
        ("King, Martin Luther, Jr., 1929-1968", "Martin Luther King Jr."),
        ("Tolkien, J. R. R. (John Ronald Reuel)", "J. R. R. Tolkien"),
        ("Plato", "Plato"),
    ],
)
def test_names_that_begin_with_the_surname(written: str, author: str) -> None:
    assert rows_of(f'Title,Author,Stars\nEmma,"{written}",4\n')["Emma"].author == author


def test_letters_that_nobody_sees_part_no_words() -> None:
    row = rows_of("Title,Author,Stars\nThe \u200eHob\u00adbit,J.R.R. Tol\u200bkien,4\n")[
        "The Hobbit"
    ]
    assert row.author == "J.R.R. Tolkien"


def test_a_file_has_so_many_rows_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 50  # of three pages
    monkeypatch.setattr(export_file, "MOST_ROWS", most)
    monkeypatch.setattr(export_file, "ROWS_A_PAGE", 20)
    lines = "".join(f"Book {n},Ann Author,4\n" for n in range(most))
    source = open_export(io.BytesIO(f"Title,Author,Stars\n{lines}".encode()))
    assert sum(len(page.rows) for page in source.pages()) == most
    more = f"Title,Author,Stars\n{lines}One more,Ann Author,4\n"
    with pytest.raises(TooManyRows):
        next(open_export(io.BytesIO(more.encode())).pages())
