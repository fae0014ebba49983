"""A catalog made of dumps in the shape of Open Library's, odd lines and all."""

import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from pyarrow import parquet
from pyspark.sql import SparkSession

from catalog.dumps.reader import CatalogFolder
from catalog.normalize import isbn13_of
from spark.openlibrary.__main__ import main
from spark.openlibrary.catalog import COSTS, CatalogOptions, make_catalog
from spark.openlibrary.dumps import BadDumps, find_dumps
from spark.progress import Progress
from tests.dumps import odd
from tests.dumps.drawn import Drawn
from tests.dumps.files import write_dumps
from tests.dumps.parquet import SCHEMA

pytestmark = pytest.mark.spark

DRAWN, MOST = 150, 120
Rows = Mapping[str, Mapping[str, Any]]


class Made:
    """A catalog, its manifest, and the dumps of which it was made."""

    def __init__(self, session: SparkSession, folder: Path) -> None:
        self.dumps = write_dumps(folder / "dumps", Drawn(DRAWN), packed={"works", "ratings"})
        self.out = folder / "out"
        self.manifest = make(session, self.dumps, self.out)
        self.table = parquet.read_table(self.out / "works.parquet")
        self.rows: Rows = {row["key"]: row for row in self.table.to_pylist()}

    def odd(self, name: str) -> Mapping[str, Any]:
        return self.rows[f"OL{odd.NUMBER_OF[name]}W"]


def make(session: SparkSession, dumps: Path, out: Path, most: int = MOST) -> Mapping[str, Any]:
    options = CatalogOptions(dumps=str(dumps), out=str(out), most=most)
    return make_catalog(session, options, progress=Progress(COSTS, stream=io.StringIO()))


@pytest.fixture(scope="module")
def made(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(spark, tmp_path_factory.mktemp("openlibrary"))


def test_the_best_known_works_come_first(made: Made) -> None:
    readers, ratings = Counter[str](), Counter[str]()
    for work, _, number in Drawn(DRAWN).each_work():
        readers[work["key"].rpartition("/")[2]] += number
    in_order = sorted(made.rows.values(), key=lambda row: row["rank"])
    assert [row["rank"] for row in in_order] == list(range(1, MOST + 1))
    drawn = [row for row in in_order if row["key"] in readers]
    shelved = {row["key"]: row["readers"] - row["ratings"] for row in drawn}
    assert shelved == {key: readers[key] for key in shelved}
    ratings.update({row["key"]: row["ratings"] for row in drawn})
    order = [(-row["readers"], -row["ratings"], int(row["key"][2:-1])) for row in in_order]
    assert order == sorted(order)
    left_out = set(readers) - set(shelved)
    assert max(readers[key] for key in left_out) <= in_order[-1]["readers"]


def test_shelves_and_stars_are_counted(made: Made) -> None:
    plain = made.odd("plain")
    shelves = ("want_to_read", "reading", "already_read", "stopped")
    assert sum(plain[name] for name in shelves) == odd.READERS + 50  # of a key that has moved twice
    assert plain["readers"] == odd.READERS + 50 + plain["ratings"]
    assert plain["ratings"] > 20
    assert 1 <= plain["average_rating"] <= 5


def test_editions_give_numbers_languages_series_years_and_pages(made: Made) -> None:
    plain = made.odd("plain")
    assert plain["isbns"] == [
        "9780140449136",  # of an edition under the key from which the work has moved
        "9780306406157",
        "9780439023481",
        "9780975229804",
    ]
    assert (plain["goodreads_ids"], plain["librarything_ids"]) == (["2767052"], ["4979986"])
    assert plain["languages"] == [
        {"code": "eng", "editions": 2},
        {"code": "ger", "editions": 1},
    ]
    assert (plain["series_name"], plain["series_number"]) == ("Plain Tales", 2)
    assert (plain["first_year"], plain["page_count"], plain["editions"]) == (1954, 200, 10)
    assert made.odd("old date")["first_year"] == 1923  # the work's own date counts
    assert made.odd("typed description")["series_name"] == ""  # a publisher's series


def test_the_numbers_of_all_editions_are_there(made: Made) -> None:
    for work, editions, _ in Drawn(DRAWN).each_work():
        row = made.rows.get(work["key"].rpartition("/")[2])
        if row is None:
            continue
        isbns = {isbn13_of(edition["isbn_13"][0]) for edition in editions}
        assert row["isbns"] == sorted(isbns)
        pages = [edition["number_of_pages"] for edition in editions]
        assert row["page_count"] == int(median(pages))
        assert len(row["authors"]) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("typed description", {"description": "Typed.\r\nTwo lines."}),
        ("description of another kind", {"description": ""}),
        ("NUL", {"title": "Nothing Between", "description": "A \\u0000 that is text, and ."}),
        ("half a character", {"title": "Half a Character", "description": " \U0001f600"}),
        ("odd values", {"cover_id": 77, "subjects": ["Solitude"], "first_year": None}),
        ("covers of another kind", {"cover_id": None, "subjects": ["3"]}),
        ("Japanese", {"title": "\u3053\u3053\u308d", "description": "\u672c"}),
        ("much text", {"title": "W" * 500, "description": "d " * 10_000}),
    ],
)
def test_odd_texts_are_repaired_or_left_out(
    made: Made, name: str, expected: Mapping[str, Any]
) -> None:
    row = made.odd(name)
    assert {field: row[field] for field in expected} == expected


@pytest.mark.parametrize(
    ("name", "authors"),
    [
        ("old credits", [("Ann Writer", "")]),
        ("flat credits", [("Ann Writer", "")]),
        ("missing author", [("Ann Writer", "")]),
        ("author moved", [("Ann Writer", "")]),
        ("illustrator", [("Ann Writer", ""), ("Pete Painter", "Illustrator")]),
    ],
)
def test_authors_are_found_in_all_shapes(
    made: Made, name: str, authors: list[tuple[str, str]]
) -> None:
    found = made.odd(name)["authors"]
    assert [(one["name"], one["role"]) for one in found] == authors
    assert found[0]["other_names"] == ["A. Writer"]


def test_what_has_no_title_or_no_author_is_left_out_and_counted(made: Made) -> None:
    unusable = ("no title", "blank title", "no author", "author deleted")
    for number in (*map(odd.NUMBER_OF.get, unusable), odd.MOVED, odd.DELETED, odd.UNREADABLE):
        assert f"OL{number}W" not in made.rows
    counts = made.manifest["counts"]
    expected = {
        "works_without_title": 3,  # one has a line that can't be read
        "works_without_author": 2,
        "works_lines_without_columns": 2,
        "works_lines_of_other_types": 2,
        "works_repaired": 2,
        "credits_without_author": 2,
        "editions_with_wrong_isbns": 1,
        "editions_with_impossible_dates": 1,
        "redirects": 11,
        "redirects_without_end": 2,
        "ratings_unusable": 3,
        "reading_log_unusable": 4,
    }
    assert {name: counts[name] for name in expected} == expected


def test_the_files_are_as_the_site_reads_them(made: Made) -> None:
    schema = made.table.schema
    assert schema.names == SCHEMA.names
    types = [str(kind).replace(" not null", "") for kind in schema.types]
    assert types == [str(kind).replace("item:", "element:") for kind in SCHEMA.types]
    assert json.loads((made.out / "manifest.json").read_text()) == made.manifest
    folder = CatalogFolder.open(made.out)
    read = [one.key for batch in folder.batches(50) for one in batch]
    assert read == sorted(made.rows, key=lambda key: made.rows[key]["rank"])


def test_isbns_are_checked_and_have_thirteen_digits(made: Made) -> None:
    found = made.odd("many numbers")["isbns"]
    assert found == sorted({isbn13_of(text) for text in odd.ISBNS} - {""})
    assert len(found) == 6


def test_a_file_that_breaks_off_is_named(spark: SparkSession, tmp_path: Path) -> None:
    write_dumps(tmp_path, Drawn(3), packed={"redirects"})
    [file] = tmp_path.glob("*.gz")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(BadDumps, match=r"ol_dump_redirects_2026-10-31\.txt\.gz breaks off"):
        make(spark, tmp_path, tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("works", "editions", "authors", "ratings", "reading-log"):
        (tmp_path / f"ol_dump_{kind}_latest.txt.gz").touch()
    return tmp_path


def test_files_are_found_with_or_without_a_date_packed_or_not(folder: Path) -> None:
    (folder / "ol_dump_works_latest.txt.gz").rename(folder / "ol_dump_works.txt")
    for name in ("editions_2026-09-30", "authors_2026-10-31", "redirects_2026-10-31"):
        (folder / f"ol_dump_{name}.txt").touch()
    (folder / "ol_dump_authors_latest.txt.gz").unlink()
    (folder / "ol_dump_authors_2026-09-30.txt.gz").touch()
    (folder / "ol_dump_authors_2026-10-31.txt.gz").touch()
    assert {kind: file.name for kind, file in find_dumps(str(folder)).items()} == {
        "works": "ol_dump_works.txt",
        "editions": "ol_dump_editions_latest.txt.gz",
        "authors": "ol_dump_authors_2026-10-31.txt",
        "ratings": "ol_dump_ratings_latest.txt.gz",
        "reading-log": "ol_dump_reading-log_latest.txt.gz",
        "redirects": "ol_dump_redirects_2026-10-31.txt",
    }


def test_a_wrong_folder_is_refused_with_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ol_dump_works_latest.txt.gz").unlink()
    assert main(["--dumps", str(folder), "--out", str(folder / "out")]) == 1
    assert "lacks ol_dump_works (.txt or .txt.gz)" in capsys.readouterr().err
    assert main(["--dumps", str(folder / "none"), "--out", str(folder / "out")]) == 1
    assert "There is no folder" in capsys.readouterr().err
