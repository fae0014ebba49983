"""Lines are drawn as told, written as services write them, and counted for what they are."""

import io
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from pytest_django import Settings

from catalog.models import Book as CatalogBook
from catalog.normalize import isbn13_of
from recommender.sources.exports import open_export
from recsite.local.standins.folder import Book
from tests.bench.matching import count, files
from tests.bench.matching.lines import Drawing, Line, bare
from tests.bench.matching.measure import DrawnShelf, results, tell
from tests.catalog.test_matching import make_book

BOOKS = [
    Book(1, (11, 12), 101, "The Hunger Games (The Hunger Games, #1)", "Suzanne Collins",
         "0439023483", 2008),
    Book(2, (21,), 102, "Catching Fire (The Hunger Games, #2)", "Suzanne Collins", "0439023491",
         2009),
    Book(3, (31,), 103, "Les Misérables", "Victor Hugo", "0451525264", 1862, (), "Les Misérables"),
    Book(4, (41,), 104, "Good Omens: The Nice and Accurate Prophecies", "Terry Pratchett", "",
         1990, ("Neil Gaiman",)),
    Book(5, (51,), 105, "Emma", "Jane Austen", "", 1815),
]  # fmt: skip


@pytest.fixture
def catalog() -> None:
    for book in BOOKS:
        made = make_book(
            book.book_id, book.title, book.author, book.original_title,
            goodreads_work_id=book.work_id,
        )  # fmt: skip
        for edition in book.editions:
            made.identifiers.create(scheme="goodreads", value=str(edition))
        if book.isbn:
            made.identifiers.create(scheme="isbn13", value=isbn13_of(book.isbn))


@pytest.fixture
def shelf(settings: Settings, valkey_url: str) -> Iterator[DrawnShelf]:
    with DrawnShelf().start() as shelf:
        settings.GOODREADS_BASE_URL = shelf.url
        settings.GOODREADS_PAUSE_SECONDS = 0
        settings.REDIS_URL = valkey_url
        yield shelf


def draw(seed: str = "a", rows: int = 60, *, with_series: bool = True) -> list[Line]:
    return Drawing(BOOKS, seed=seed, with_series=with_series).lines(rows)


def test_the_same_seed_draws_the_same_lines_and_another_seed_others() -> None:
    assert draw() == draw()
    assert draw() != draw("b")


def test_a_book_comes_once_and_traps_are_no_books_of_the_catalog() -> None:
    lines = draw(rows=300)

    drawn = [line.book_id for line in lines if line.book_id]
    assert sorted(drawn) == sorted(set(drawn))
    assert {line.kind for line in lines} == {
        "catalog",
        "unknown",
        "similar title",
        "next volume",
        "other author",
        "omnibus",
        "study guide",
        "adaptation",
        "sequel",
        "renumbered",
    }
    plain = {(book.title, book.author) for book in BOOKS}
    assert not plain & {(line.title, line.author) for line in lines if line.book_id is None}


def test_services_that_know_no_series_write_none() -> None:
    assert any("#" in line.title for line in draw(rows=300))
    assert not any("#" in line.title for line in draw(rows=300, with_series=False))


def test_a_title_that_is_two_books_without_its_series_is_not_drawn() -> None:
    twins = [Book(n, (n,), n, f"Emma (Cherub, #{n})", "Jane Austen", "", 1) for n in (1, 2)]

    assert bare(twins[0].title) == bare(twins[1].title)
    lines = Drawing(twins, seed="a", with_series=False).lines(20)
    assert not [line for line in lines if line.kind == "catalog"]


@pytest.mark.django_db
@pytest.mark.services
@pytest.mark.usefixtures("catalog")
def test_every_format_finds_its_books_and_no_others(
    shelf: DrawnShelf, capsys: pytest.CaptureFixture[str]
) -> None:
    found = list(results(BOOKS, shelf, rows=40, seed="a"))

    assert [result.name for _, result in found] == [
        *files.FILES,
        "Goodreads' feed",
        "Goodreads' API",
    ]
    for lines, result in found:
        assert result.wrong == []
        assert result.rows == len(lines) == 40
        known = sum(line.book_id is not None for line in lines)
        assert result.right.total() + len(result.ambiguous) + len(result.missed) == known > 0
        assert result.left_alone + result.unread == 40 - known
        tell(result, lines, count.METHODS)
    assert found[-1][1].right["work"]
    assert found[0][1].right["edition"]
    assert len(capsys.readouterr().out.splitlines()) == len(found)


@pytest.mark.django_db
@pytest.mark.usefixtures("catalog")
def test_a_wrong_book_is_counted_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    emma = next(line for line in draw(rows=300) if line.book_id == 5)
    lines = [
        replace(emma, number=1, book_id=4, title="Emma", edition_id=51, authors=("Jane Austen",)),
        replace(emma, number=2, edition_id=7, isbn="", title="Emily"),
        replace(emma, number=3, edition_id=8, isbn="", title="Emma", authors=("",)),
    ]
    write, _ = files.FILES["Goodreads, 24 columns"]
    written = write(lines, Random(1))

    result = count.bring_in("one", open_export(io.BytesIO(written.content)), written.starts)

    assert result.wrong == [(lines[0], "Emma by Jane Austen", "edition")]
    assert (result.missed, result.ambiguous) == ([lines[1]], [lines[2]])
    assert result.right.total() == result.left_alone == result.unread == 0
    tell(result, lines, count.METHODS)
    assert "WRONG by edition: “Emma”" in capsys.readouterr().out
    assert CatalogBook.objects.count() == len(BOOKS)
