"""Sample readers of the small folder, the starter shelf and, where it is at hand, real data."""

from pathlib import Path

import pytest

from recsite.local.standins.folder import GoodbooksFolder
from recsite.local.standins.readers import (
    LONG_SHELF_SIZE,
    MAX_RATINGS,
    MIN_RATINGS,
    long_ratings,
    name_of,
    sample_readers,
)
from recsite.local.standins.shelves import shelf_items
from tests.recsite.local.standins.tiny_folder import COMPLETE_READERS, write_tiny_folder

SHARED = Path(__file__).parents[4] / "../shared/goodbooks"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_folder(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(params=["tiny", "starter", "goodbooks"])
def folder(request: pytest.FixtureRequest, tiny: Path) -> Path:
    """Without the real data, the starter shelf takes its place."""
    if request.param == "tiny":
        return tiny
    if request.param == "goodbooks" and SHARED.is_dir():
        return SHARED
    starter: Path = request.getfixturevalue("starter_folder")
    return starter


def test_they_are_believable_and_always_the_same(folder: Path) -> None:
    readers = sample_readers(folder, count=6)
    assert readers == sample_readers(folder, count=6)
    assert len({reader.user_id for reader in readers}) == 6
    data = GoodbooksFolder(folder)
    for reader in readers:
        ratings = data.ratings_of(reader.user_id)
        assert MIN_RATINGS <= len(ratings) == reader.ratings <= MAX_RATINGS
        assert len(set(ratings.values())) >= 3
        assert len(reader.favorites) == 3
        assert reader.name == name_of(reader.user_id)


def test_their_tastes_are_varied(folder: Path) -> None:
    """Two of them share far less than half of what they read."""
    data = GoodbooksFolder(folder)
    shelves = [set(data.ratings_of(r.user_id)) for r in sample_readers(folder, count=4)]
    for place, shelf in enumerate(shelves):
        for other in shelves[:place]:
            assert len(shelf & other) / min(len(shelf), len(other)) < 0.5


def test_only_readers_whose_whole_history_is_known(tiny: Path) -> None:
    chosen = {reader.user_id for reader in sample_readers(tiny, count=100)}
    assert len(chosen) == len(COMPLETE_READERS)
    assert chosen <= set(COMPLETE_READERS)


def test_the_long_shelf(tiny: Path) -> None:
    data = GoodbooksFolder(tiny)
    ratings = long_ratings(data)
    assert len(ratings) == LONG_SHELF_SIZE
    assert ratings == long_ratings(GoodbooksFolder(tiny))
    assert len(long_ratings(data, size=10_000)) < 10_000


def test_a_folder_without_ratings_has_no_readers(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "books.csv").write_bytes((tiny / "books.csv").read_bytes())
    (tmp_path / "ratings.csv").write_text("user_id,book_id,rating\n")
    assert sample_readers(tmp_path) == []
    assert long_ratings(GoodbooksFolder(tmp_path)) == {}


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no ratings\.csv"):
        sample_readers(tmp_path)


def test_books_are_told_as_goodreads_tells_them(tiny: Path) -> None:
    books = GoodbooksFolder(tiny).books
    assert (books[1].isbn, books[1].author, books[1].editions) == (
        "0439554934",
        "Author 1",
        (1001,),
    )
    [synthetic] = books[50].editions
    assert synthetic > 100_000_000
    assert (books[1].year, books[7].year) == (1997, None)


def test_a_read_shelf_has_the_ratings_and_what_real_shelves_have_besides(tiny: Path) -> None:
    data = GoodbooksFolder(tiny)
    ratings = data.ratings_of(3)
    items = shelf_items(data, 3, ratings, "read")

    assert items == shelf_items(GoodbooksFolder(tiny), 3, ratings, "read")
    titles = {data.books[book].title for book in ratings}
    assert titles <= {item.title for item in items}
    assert any(item.stars == 0 for item in items)
    assert any(item.title not in {book.title for book in data.books.values()} for item in items)
    assert any(item.isbn == "" for item in items)
    assert {item.in_cdata for item in items} == {True, False}
    moments = [item.added_at for item in items]
    assert moments == sorted(moments, reverse=True)
    assert moments[-1].year >= 2000


def test_the_to_read_shelf_is_the_readers_own(tiny: Path) -> None:
    data = GoodbooksFolder(tiny)
    shelf = shelf_items(data, 1, data.ratings_of(1), "to-read")
    now = shelf_items(data, 1, data.ratings_of(1), "currently-reading")
    wanted = {data.books[book].title for book in range(400, 411)}
    assert {item.title for item in shelf} | {item.title for item in now} <= wanted
    assert {item.stars for item in shelf} == {0}
    assert all(item.user_shelves.startswith("to-read") for item in shelf)
