"""Cells of the table of curated fields."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.curation import cells, csv_format
from catalog.curation.cells import BadCell, format_cell, parse_cell
from catalog.curation.csv_format import UnusableFile
from catalog.models import Book
from recsite.common.tables import LONGEST_CELL

# A machine that is busy with other things fails no test.
patient = settings(suppress_health_check=[HealthCheck.too_slow])

ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
RISKY = st.text("'=+-@;\\\t\r\n a,\"", max_size=30)
TEXT = ANY | RISKY
NAME = (ANY | st.text("\\; ab'=")).map(lambda text: " ".join(text.split())).filter(bool)
WHOLE = st.none() | st.integers(0, 10**9)

BOOKS = st.fixed_dictionaries(
    {
        **dict.fromkeys(("title", "original_title", "series_name", "description"), TEXT),
        **dict.fromkeys(("description_source", "open_library_key"), TEXT),
        **dict.fromkeys(("goodbooks_id", "goodreads_work_id", "cover_id", "page_count"), WHOLE),
        "authors": st.lists(TEXT, max_size=3),
        "subjects": st.lists(TEXT, max_size=3),
        "genres": st.dictionaries(st.sampled_from(["noir", "sci-fi", "x"]), st.integers(0, 99)),
        "year": st.none() | st.integers(-3000, 2100),
        "language": st.sampled_from(["", "eng"]),
        "series_number": st.sampled_from([None, "1", "1.5", "0"]),
        "kind": st.sampled_from(Book.Kind.values),
        **dict.fromkeys(("first_volume", "last_volume"), st.sampled_from([None, "1", "0.5"])),
        "locked_fields": st.just(["title", "year"]),
    }
)


@patient
@given(BOOKS, st.integers(1, 10**12))
def test_what_a_file_says_of_any_book_is_what_was_written(book: dict[str, Any], pk: int) -> None:
    file = csv_format.header_line() + csv_format.book_line(pk, book)
    [line] = csv_format.parse(file.encode())
    assert line.cells == {
        "id": str(pk),
        "goodbooks_id": format_cell("goodbooks_id", book["goodbooks_id"]),
        **{column: format_cell(column, book[column]) for column in cells.PARSERS},
    }


@patient
@given(st.lists(NAME, min_size=1, max_size=4, unique=True))
def test_names_with_any_letters_are_told_apart(names: list[str]) -> None:
    assert parse_cell("authors", format_cell("authors", names)) == names


@patient
@given(st.dictionaries(st.text("abz09_-", min_size=1, max_size=12), st.integers(0, 10**6)))
def test_genres_keep_their_readers(genres: dict[str, int]) -> None:
    assert parse_cell("genres", format_cell("genres", genres)) == genres


def test_genres_are_written_with_the_one_most_readers_see_first() -> None:
    assert format_cell("genres", {"horror": 3, "fantasy": 120}) == "fantasy:120; horror:3"


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("title", "  The   Hobbit\n", "The Hobbit"),
        ("authors", "Terry Pratchett ;Neil Gaiman;", ["Terry Pratchett", "Neil Gaiman"]),
        ("authors", "Ann; Bea (Translated by)", ["Ann", "Bea (translator)"]),
        ("authors", "Strunk, William, Jr.", ["Strunk, William, Jr."]),
        ("genres", "noir: 7;horror", {"noir": 7, "horror": None}),
        ("year", "-750", -750),
        ("year", "", None),
        ("language", "de", "deu"),
        ("language", "fre", "fra"),
        ("series_number", "1,50", "1.5"),
        ("series_number", "10", "10"),
        ("kind", "Box set", "box_set"),
        ("last_volume", "", None),
        ("description", " one\r\ntwo ", "one\ntwo"),
        ("page_count", "412", 412),
        ("open_library_key", "OL45804W", "OL45804W"),
        ("subjects", "", []),
    ],
)
def test_a_cell_is_read_as_a_person_writes_it(column: str, text: str, value: object) -> None:
    assert parse_cell(column, text) == value


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("title", "  ", "needs a title"),
        ("authors", " ; ", "needs an author"),
        ("authors", "Ann; Ann", "twice"),
        ("authors", "Ann; Ann (editor)", "twice"),
        ("genres", "noir:many", "not a genre"),
        ("genres", "noir:9999999999", "not a genre"),
        ("genres", "noir; noir:2", "twice"),
        ("year", "MCMLXIX", "not a year"),
        ("year", "19690", "not a year"),
        ("year", "2200", "not a year"),
        ("year", "١٩٦٩", "not a year"),
        ("language", "English", "not a language code"),
        ("language", "und", "not a language code"),
        ("series_number", "1. May", "not a volume number"),
        ("kind", "", "not a kind of book"),
        ("kind", "novel", "not a kind of book"),
        ("page_count", "1.2E+05", "not a whole number"),
        ("open_library_key", "OL45804M", "not an Open Library work"),
        ("subjects", ";".join(map(str, range(101))), "too many"),
    ],
)
def test_a_cell_that_cannot_be_says_what_it_should_be(column: str, text: str, words: str) -> None:
    with pytest.raises(BadCell, match=words):
        parse_cell(column, text)


@pytest.mark.parametrize(
    "data",
    [
        "id;title\r\n1;Émile\r\n\r\n2;Emma\r\n".encode("cp1252"),
        "id,title\n1,Émile\n,\n2,Emma".encode(),
        "\ufeffid\ttitle\n1\tÉmile\n \t\n2\tEmma".encode("utf-16-le"),
    ],
)
def test_a_file_is_read_as_spreadsheets_of_all_countries_write_it(data: bytes) -> None:
    lines = csv_format.parse(data)
    assert [(line.number, line.cells) for line in lines] == [
        (2, {"id": "1", "title": "Émile"}),
        (4, {"id": "2", "title": "Emma"}),
    ]


def test_cells_that_a_spreadsheet_left_out_at_the_end_are_not_there() -> None:
    short, long = csv_format.parse(b"id,title,year\n1,Emma\n2,Emma,1815,x\n")
    assert (short.cells, short.is_too_long) == ({"id": "1", "title": "Emma"}, False)
    assert long.is_too_long


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"title,year\nEmma,1815\n", "no column “id”"),
        (b"", "no column “id”"),
        (b"id,colour,titel\n1,red,x\n", "Unknown column “colour”, “titel”"),
        (b"id,year,year\n1,2,3\n", "is in this file twice"),
        (b"id,title\n", "has no books"),
        (b"PK\x03\x04rest", "is a spreadsheet"),
        (b"id,title\n1,\0", "can't be decoded"),
        (b'id,title\n1,"' + b"x" * LONGEST_CELL + b"x", "can't be read as CSV"),
        (b"id\n" + b"1\n" * 20_001, "more than 20,000 lines"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UnusableFile, match=words):
        csv_format.parse(data)
