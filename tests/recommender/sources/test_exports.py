"""Export files: the ones Goodreads wrote over the years, and what readers upload instead."""

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from recommender.sources.base import ShelfPage, ShelfRow
from recommender.sources.exports import open_export
from recommender.sources.upload import (
    EmptyFile,
    ExportRefused,
    FileTooLarge,
    LibraryThingJson,
    NoRows,
    PackedFile,
    PdfFile,
    PrivacyArchive,
    Spreadsheet,
    WebPage,
    WrongColumns,
    WrongEncoding,
)

FIXTURES = Path(__file__).parent / "fixtures"
HEADING = "Book Id,Title,Author,My Rating"
HOBBIT = ShelfRow(
    source_key="5907",
    title="The Hobbit (The Lord of the Rings, #0)",
    author="J.R.R. Tolkien",
    isbn10="0618260307",
    isbn13="9780618260300",
    work_id=None,
    edition_id=5907,
    stars=5.0,
    shelf="read",
    added_on=date(2020, 6, 10),
    read_on=date(2020, 6, 9),
    year=1937,
    line=2,
    read_count=1,
)


def page_of(data: bytes) -> ShelfPage:
    [page] = open_export(io.BytesIO(data)).pages()
    return page


def packed(*names: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for name in names:
            files.writestr(zipfile.ZipInfo(name), "{}")  # of 1980, so that the bytes stay the same
    return archive.getvalue()


@pytest.mark.parametrize("name", ["goodreads_23.csv", "goodreads_24.csv", "goodreads_31.csv"])
def test_every_edition_of_the_file_reads_the_same(name: str) -> None:
    source = open_export(io.BytesIO((FIXTURES / name).read_bytes()))
    [page] = source.pages()

    assert source.name == "goodreads_export"
    assert (page.complete, page.total, page.skipped, page.repeated) == (True, 4, 0, ())
    hobbit, pride, idiot, odyssey = page.rows
    assert hobbit == HOBBIT
    assert (pride.title, pride.author, pride.isbn10, pride.isbn13) == (
        "Pride & Prejudice",
        "Jane Austen",
        "080442957X",
        "",
    )
    assert (pride.stars, pride.shelf, pride.line) == (None, "to-read", 4)  # a review of two lines
    assert (idiot.title, idiot.year, idiot.shelf) == ("Идиот", 1869, "currently-reading")
    assert (odyssey.year, odyssey.shelf, odyssey.isbn10) == (-700, "did-not-finish", "")


def test_a_file_that_went_through_a_spreadsheet() -> None:
    """Semicolons, ISBNs without their zeros, and the long ones beyond repair."""
    page = page_of((FIXTURES / "goodreads_semicolons.csv").read_bytes())
    assert [row.stars for row in page.rows] == [5, None, 4, 3]
    assert (page.rows[0].isbn10, page.rows[0].isbn13) == ("0618260307", "")
    assert page.rows[1].isbn10 == "080442957X"


def test_bad_rows_are_told_with_their_lines_and_the_others_kept() -> None:
    page = page_of((FIXTURES / "goodreads_bad_rows.csv").read_bytes())

    assert [(problem.line, problem.text) for problem in page.problems] == [
        (5, "line 5"),
        (7, "Too"),
        (11, "Breaks off in the mid"),
    ]
    assert all(problem.reason.endswith(".") for problem in page.problems)
    assert {row.title: row.stars for row in page.rows} == {
        "Good Before": 4,
        "Rating of Nine": None,
        "Not a Number": None,
        "Without a Number": 2,
        "Odd Number and Dates": None,
    }
    assert {row.title: row.note for row in page.rows if row.note} == {
        "Rating of Nine": "“9” is not a rating we can read.",
        "Not a Number": "“four” is not a rating we can read.",
    }
    assert [(row.line, row.note) for row in page.repeated] == [
        (9, "Line 2 says more about the same book.")
    ]
    assert page.total == 9
    odd = page.rows[-1]
    assert (odd.edition_id, odd.year) == (None, 2000)
    assert odd.added_on == odd.read_on == date(2020, 1, 13)


def test_a_row_without_number_has_the_same_key_in_every_file() -> None:
    rows = "\n,Emma,Jane Austen,4\n,Emma,Someone Else,4"
    first, other = page_of(f"{HEADING}{rows}".encode()).rows
    [again] = page_of(b"Title,My Rating,Author\nEMMA,5,Jane Austen\n").rows
    assert first.source_key == again.source_key != other.source_key
    assert not first.source_key.isdigit()


def test_columns_are_read_by_name_and_shelves_may_be_missing() -> None:
    [row] = page_of(b"My Rating,Author,Extra,Title\r\n3.5,Ann,x,Sea\r\n").rows
    assert (row.title, row.author, row.stars, row.shelf) == ("Sea", "Ann", 3.5, "read")


def test_a_review_longer_than_the_csv_module_allows_by_default() -> None:
    data = f'{HEADING},My Review\n1,Sea,Ann,3,"{"long " * 60_000}"\n2,Moor,Ann,4,\n'
    assert [row.title for row in page_of(data.encode()).rows] == ["Sea", "Moor"]


def test_reviews_and_notes_are_not_kept() -> None:
    page = page_of((FIXTURES / "goodreads_24.csv").read_bytes())
    assert "aloud" not in repr(page)
    assert "Sam" not in repr(page)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyFile),
        (b"\n \n", EmptyFile),
        (packed("user/profile.json", "user/reviews.json"), PrivacyArchive),
        (b'[{"explanation": "These are your reviews."}]', PrivacyArchive),
        (packed("goodreads_library_export.csv"), PackedFile),
        (packed("photo.jpg"), PackedFile),
        (b"PK\x03\x04 broken", PackedFile),
        (b"\x1f\x8b\x08\x00 packed", PackedFile),
        (packed("[Content_Types].xml", "xl/workbook.xml"), Spreadsheet),
        (packed("mimetype", "content.xml"), Spreadsheet),
        (packed("Index/Document.iwa"), Spreadsheet),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old one", Spreadsheet),
        (b"%PDF-1.7\n...", PdfFile),
        (b"<!DOCTYPE html><html>My Books</html>", WebPage),
        (b'{"1": {"books_id": "1", "title": "Sea"}}', LibraryThingJson),
        (b"Title,Author\0,Stars\n", WrongEncoding),
        (f"{HEADING}\n1,Sea,Ann,3\n2,\0,Ann,3".encode(), WrongEncoding),
        (b"title,stars\nSea,3\n", WrongColumns),
        (b"just some text", WrongColumns),
        (f"{HEADING}\n".encode(), NoRows),
    ],
)
def test_what_is_no_export_is_refused_with_what_to_do(
    data: bytes, error: type[ExportRefused]
) -> None:
    with pytest.raises(ExportRefused) as caught:
        page_of(data)
    assert type(caught.value) is error
    assert "export" in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_file_beyond_the_limit_is_not_read() -> None:
    data = f"{HEADING}\n1,Sea,Ann,3\n".encode()
    assert list(open_export(io.BytesIO(data), limit=len(data)).pages())
    with pytest.raises(FileTooLarge):
        open_export(io.BytesIO(data), limit=len(data) - 1)
