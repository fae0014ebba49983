"""Exports of the services besides Goodreads, which one registry tells apart by their columns."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from recommender.models import ImportJob, Source
from recommender.sources.base import ShelfPage
from recommender.sources.exports import EXPORTS, open_export
from recommender.sources.table_file import TEMPLATE
from recommender.sources.upload import WrongColumns
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
