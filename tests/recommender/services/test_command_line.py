"""`manage.py recommend`, which reads a shelf and keeps nothing."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Book
from recommender.models import LibraryEntry, Run
from recommender.services.command_line import UnreadableFile, from_file
from tests.recommender.conftest import Camps

ROOT = Path(__file__).resolve().parents[3]
EXPORTED = ("Book Id", "Title", "Author", "ISBN", "ISBN13", "My Rating", "Exclusive Shelf")


def written(path: Path, rows: Sequence[Sequence[object]], *, quoted: bool = False) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL) if quoted else csv.writer(file)
        writer.writerows(rows)
    return path


def ratings_of(books: list[Book], stars: object = 5) -> list[tuple[object, ...]]:
    heading = ("user_id", "book_id", "rating")
    return [heading, *((7, book.goodbooks_id, stars) for book in books)]


def recommended(path: Path, **options: Any) -> dict[str, Any]:
    output = io.StringIO()
    call_command("recommend", csv=path, json=True, stdout=output, **options)
    answer: dict[str, Any] = json.loads(output.getvalue())
    return answer


def titles(answer: dict[str, Any]) -> list[str]:
    return [book["title"] for book in answer["recommendations"]]


@pytest.mark.parametrize("quoted", [False, True])
def test_ratings_of_one_reader(camps: Camps, tmp_path: Path, *, quoted: bool) -> None:
    file = written(tmp_path / "ratings.csv", ratings_of(camps.sea[:3]), quoted=quoted)

    answer = recommended(file, top=4)

    assert titles(answer) == ["Sea 3", "Sea 4", "Sea 5", "Sea 6"]
    assert (answer["rows"], answer["matched"], answer["release"]) == (3, 3, camps.version)
    assert not Run.objects.exists()
    assert not LibraryEntry.objects.exists()


def test_an_export(camps: Camps, tmp_path: Path) -> None:
    rows = [(0, b.title, b.author_names[0], "", "", 5, "read") for b in camps.moor[:2]]
    file = written(tmp_path / "export.csv", [EXPORTED, *rows])

    assert titles(recommended(file, top=3)) == ["Moor 2", "Moor 3", "Moor 4"]


def test_an_export_without_stars(camps: Camps, tmp_path: Path) -> None:
    rows = [(0, b.title, b.author_names[0], "", "", 0, "read") for b in camps.moor[:2]]
    rows += [(0, b.title, b.author_names[0], "", "", 0, "to-read") for b in camps.sea[:3]]
    answer = recommended(written(tmp_path / "export.csv", [EXPORTED, *rows]), top=3)

    assert titles(answer) == ["Moor 2", "Moor 3", "Moor 4"]
    reasons = answer["recommendations"][0]["reasons"]
    assert {(reason["kind"], reason["stars"]) for reason in reasons} == {("read", None)}


def test_the_words_for_people(camps: Camps, tmp_path: Path) -> None:
    file = written(tmp_path / "ratings.csv", ratings_of(camps.sea[:3]))
    output = io.StringIO()

    call_command("recommend", csv=file, top=2, stdout=output)

    first, second, *_ = output.getvalue().splitlines()
    assert first.startswith(f"3 rows, 3 in the catalog, 3 used; release {camps.version}")
    assert second.strip().startswith("1. Sea 3, Mariner No3")


def test_a_book_that_no_release_can_name_yet(camps: Camps, tmp_path: Path) -> None:
    rows = [*ratings_of(camps.sea[:3]), (7, 2**63 - 1, 5)]
    assert titles(recommended(written(tmp_path / "ratings.csv", rows), top=1)) == ["Sea 3"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("7,99999999999999999999,5", "line 3: there is no book with the number 9999"),
        ("7,-1,5", "line 3: there is no book with the number -1"),
        ("7,seven,5", "line 3: book_id and rating are numbers"),
        ("7,2", "line 3: book_id and rating are numbers"),
        ("7,2,6", "line 3: a rating of 6 is not 0 to 5 stars"),
        ("8,2,5", "ratings of 2 readers"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, sentence: str) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text(f'"user_id","book_id","rating"\n7,1,5\n{row}\n')
    with pytest.raises(UnreadableFile, match=sentence):
        from_file(file)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\rrubbish\r" + b"x" * 200_000, "PDF"),
        (b"one,two\n1,2\n", "column"),
        (b"user_id,book_id,rating\n", "None of the books you have read"),
        (b"user_id,book_id,rating\n1,999999,5\n", "model knows too little"),
    ],
)
def test_a_file_of_no_use_ends_in_a_sentence(
    camps: Camps, tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        recommended(file)


def test_the_exit_code_tells(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "recommend", "--csv", tmp_path / "none.csv"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "none.csv cannot be read: No such file" in done.stderr
