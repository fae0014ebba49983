"""Books that nobody has rated: what a build makes of them, and how that is measured."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from recommender.engine.model import Model
from recommender.engine.publish import Part
from recommender.engine.release import open_release
from recommender.engine.store import FileStore
from spark.build import main as build_command
from spark.content import listed_books, read_contents, with_unrated
from spark.evaluate import main as evaluate
from spark.factors import FactorSettings
from spark.pipeline import COSTS, BuildOptions, build_release
from spark.progress import Progress
from spark.signals import SideFiles
from spark.stars import StarSettings
from tests.spark.ratings import planted_ratings, write_ratings

#: Books 1 to 40 are rated, but for these two; 41 is listed only.
COLD = (8, 9)


def write_books(folder: Path) -> None:
    """The books of one camp (``book_id % 4``) are by the same author and share two tags."""
    lines = ["book_id,goodreads_book_id,title,authors,original_publication_year,language_code"]
    tags = ["goodreads_book_id,tag_id,count"]
    for book in range(1, 42):
        camp = book % 4
        lines.append(
            f'{book},{1000 + book},"Book {book} (Saga {camp}, #{book})",Author {camp},,eng'
        )
        tags += [f"{1000 + book},{camp},30", f"{1000 + book},{10 + camp},3"]
    names = ["tag_id,tag_name", *(f"{n},tag-{n}" for n in (*range(4), *range(10, 14)))]
    for name, rows in (("books", lines), ("book_tags", tags), ("tags", names)):
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")


@pytest.mark.spark
def test_cold_books_lose_their_ratings_and_are_found_by_their_content(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = planted_ratings(readers=90)
    ratings = write_ratings(tmp_path / "data" / "ratings.csv", rows)
    write_books(tmp_path / "data")
    store = FileStore(tmp_path / "store")
    options = BuildOptions(
        ratings=str(ratings),
        cold=frozenset(COLD),
        hold_out=0,
        factors=FactorSettings(rank=8, iterations=1),
        stars=StarSettings(rank=2, iterations=1, rounds=1, blocks=1),
    )
    build_release(spark, options, store=store, progress=Progress(COSTS, stream=io.StringIO()))
    release = open_release(store, cache_dir=tmp_path / "cache")

    counts = dict(zip(release.book_ids.tolist(), release.books["ratings"].tolist(), strict=True))
    assert [book for book, count in counts.items() if not count] == [8, 9, 41]
    assert sum(counts.values()) == sum(book not in COLD for _, book, _ in rows)
    scores = Model(release).fold_in({12: 5, 16: 5, 20: 4})
    assert scores.score(8) > max(scores.score(9), scores.score(41))
    assert [book for book, _ in scores.alike(8)] != []

    write_ratings(tmp_path / "fold.csv", [(1, 12, 5), (1, 16, 5), (1, 20, 4), (2, 13, 5)])
    write_ratings(tmp_path / "held.csv", [(1, 8, 5), (1, 4, 5), (2, 17, 5)])
    (tmp_path / "cold.txt").write_text("8\n9\n")
    files = [f"--fold-in={tmp_path / 'fold.csv'}", f"--held-out={tmp_path / 'held.csv'}"]
    command = [f"--release={tmp_path / 'store'}", *files, f"--cold={tmp_path / 'cold.txt'}"]
    assert evaluate([*command, "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    cold = measured["served"]["cold"]
    assert (cold["readers"], cold["ndcg@100"], cold["recall@20"]) == (1, 1.0, 1.0)
    assert measured["served"]["readers"] == 2
    assert set(measured["served"]["unrated"]) == {"without", "with"}
    assert "cold" not in measured["neighbours"]
    assert evaluate(command) == 0
    assert "Among the cold books alone: ndcg@100 1.0000" in capsys.readouterr().out


def test_what_the_files_say_of_a_book(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").touch()
    (tmp_path / "books.csv").write_text(
        "book_id,goodreads_book_id,title,authors,original_publication_year,language_code\n"
        '1,77,"Ábc (The Saga, #2)","A. One, B. Two",-750.0,en-US\n'
        "2,78,Plain,,2001.0,\n"
    )
    (tmp_path / "tags.csv").write_text("tag_id,tag_name\n5,sci-fi\n")
    (tmp_path / "book_tags.csv").write_text("goodreads_book_id,tag_id,count\n77,5,9\n77,6,1\n")
    (tmp_path / "own.csv").write_text('book_id,title,authors\n2000001,"New (Saga, #1)",C. Three\n')
    files = SideFiles.beside(str(tmp_path), own_books=str(tmp_path / "own.csv"))
    contents = read_contents(files)
    one, two, own = contents[1], contents[2], contents[2_000_001]
    assert (one.authors, one.series, one.year) == (("A. One", "B. Two"), "The Saga", None)
    assert dict(one.tags) == {"sci-fi": 9.0, "6": 1.0}
    assert (two.authors, two.series, two.year, two.language) == ((), "", 2001, "")
    assert (own.authors, own.series) == (("C. Three",), "Saga")
    assert listed_books(files) == {1, 2}


def test_a_part_gets_empty_rows_for_the_books_that_nobody_has_rated() -> None:
    neighbours = Part(
        {
            "starts": np.array([0, 1, 3]),
            "targets": np.array([1, 0, 1], dtype=np.int32),
            "values": np.array([0.5, 0.25, 0.125], dtype=np.float32),
        },
        {},
    )
    wide = with_unrated(neighbours, np.array([1, 3]), 4).tensors
    assert wide["starts"].tolist() == [0, 0, 1, 1, 3]
    assert wide["targets"].tolist() == [3, 1, 3]
    assert wide["values"].tolist() == [0.5, 0.25, 0.125]
    stars = Part({"book_bias": np.array([1.0, 2.0]), "item_factors": np.ones((2, 3))}, {})
    wide = with_unrated(stars, np.array([1, 3]), 4).tensors
    assert wide["book_bias"].tolist() == [0.0, 1.0, 0.0, 2.0]
    assert wide["item_factors"].sum(axis=1).tolist() == [0.0, 3.0, 0.0, 3.0]


def test_a_file_that_is_no_list_of_books_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cold.txt").write_text("1\ntwo\n")
    with pytest.raises(SystemExit):
        build_command(
            [f"--ratings={tmp_path}", f"--store={tmp_path}", f"--cold={tmp_path / 'cold.txt'}"]
        )
    assert "cold.txt is not a list of ids of books" in capsys.readouterr().err
