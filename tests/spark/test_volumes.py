"""What a list of books tells, and lists that offer a volume too early."""

from pathlib import Path

import numpy as np
import pytest

from recommender.engine.rerank import BookFacts
from spark.metrics import ReaderRanking, series_violations
from spark.volumes import BadBooks, Volumes, facts_from

BOOKS = """book_id,authors,title,language_code
1,Ursula Writer,"First (The Cycle, #1)",eng
2,"Ursula Writer, Ian Hand","Second (The Cycle, #2)",en-US
3,Ursula Writer,"Between (The Cycle, #1.5)",eng
4,Ursula Writer,"The Cycle Box Set (The Cycle, #1-3)",eng
5,Jean Autre,Seul,fre
"""


@pytest.fixture
def books(tmp_path: Path) -> Path:
    file = tmp_path / "books.csv"
    file.write_text(BOOKS, encoding="utf-8")
    return file


def test_titles_tell_of_series_and_box_sets(books: Path) -> None:
    facts = facts_from(books)
    assert (facts[2].series, facts[2].number, facts[2].language) == ("the cycle", 2.0, "en")
    assert facts[4].is_collection
    assert facts[4].number is None
    assert facts[1].author_ids == facts[2].author_ids != facts[5].author_ids
    assert facts[5] == BookFacts(author_ids=facts[5].author_ids, language="fr")


def test_a_list_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "books.csv"
    file.write_text("book_id,name\n1,First\n", encoding="utf-8")
    with pytest.raises(BadBooks, match="not a list of books"):
        facts_from(file)


@pytest.mark.parametrize(
    ("known", "listed", "share"),
    [
        ([], [1], 1.0),  # the second without the first
        ([0], [1], 0.0),  # volume 1.5 may wait
        ([], [2], 1.0),  # but not come before the first
        ([], [0, 1, 2, 4], 0.0),  # in order within the list
        ([], [1, 2, 0, 4], 0.5),
        ([], [3, 4], 0.0),  # neither a box set nor a single book is a volume
    ],
)
def test_volumes_that_come_too_early(
    books: Path, known: list[int], listed: list[int], share: float
) -> None:
    volumes = Volumes.of(facts_from(books), np.arange(1, 6))
    ranking = ReaderRanking(np.array(listed), np.full(len(listed), np.nan), 1)
    found = series_violations([ranking], [np.array(known, dtype=np.int64)], volumes)
    assert found.tolist() == [share]


def test_an_empty_list_has_no_share(books: Path) -> None:
    volumes = Volumes.of(facts_from(books), np.arange(1, 6))
    nothing = ReaderRanking(np.array([], dtype=np.int64), np.array([]), 1)
    assert np.isnan(series_violations([nothing], [np.array([0])], volumes)).all()
