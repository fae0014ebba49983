"""The site's own readers: what only they know is learned, and then recommended."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from catalog.models import Book
from recommender.engine.model import Model
from recommender.engine.own_ratings import EXPORT, FIRST_READER, BadExport, OwnRatings, hashes
from recommender.engine.release import Release, open_release
from recommender.engine.store import FileStore
from recommender.services.readers import share_ratings
from recommender.services.training import export_ratings
from spark.clean import BadRatings
from spark.factors import FactorSettings
from spark.holdout import hold_out
from spark.own import MIN_READERS
from spark.pipeline import COSTS, BuildOptions, build_release, clean
from spark.progress import Progress
from spark.signals import SideFiles, SignalSettings, index_books, side_rows
from spark.stars import StarSettings
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory
from tests.spark.ratings import Rating, planted_ratings, write_ratings

pytestmark = pytest.mark.spark

BEYOND = 2_000_001
SMALL = FactorSettings(rank=8, iterations=1)
FEW_STARS = StarSettings(rank=2, iterations=1, rounds=1, blocks=1)


def write_export(folder: Path, rows: Sequence[Rating]) -> Path:
    """Rows as an export would hold them."""
    write_ratings(folder / "ratings.csv", rows)
    (folder / "books.csv").write_text("book_id,title,authors\n")
    export = OwnRatings("2026-11-24", 0, len(rows), 0, hashes(folder))
    (folder / EXPORT).write_bytes(export.to_bytes())
    return folder


def own_rows(readers: int, books: Sequence[int]) -> list[Rating]:
    return [(FIRST_READER + reader, book, 5) for reader in range(readers) for book in books]


def shelve(books: Sequence[Book], readers: int) -> None:
    """So many readers who agreed, each with all of these books."""
    for _ in range(readers):
        reader = ReaderFactory.create()
        share_ratings(reader=reader, agrees=True)
        for book in books:
            LibraryEntryFactory.create(reader=reader, book=book, stars=5)


@dataclass(frozen=True)
class Trained:
    """A release that learned from an export, and what its build showed."""

    release: Release
    shown: str


@pytest.mark.django_db
def test_a_taste_that_only_the_site_s_readers_have_is_recommended(
    spark: SparkSession, tmp_path: Path
) -> None:
    taste = [BookFactory.create(goodbooks_id=BEYOND + n) for n in range(6)]
    shelve(taste, MIN_READERS + 3)
    shelve([BookFactory.create(goodbooks_id=BEYOND + 100 + n) for n in range(5)], 1)
    export_ratings(folder=tmp_path / "own")
    ratings = write_ratings(tmp_path / "ratings.csv", planted_ratings(readers=60))
    trained = build(spark, ratings, tmp_path / "own")
    release = trained.release

    new = [int(book) for book in release.book_ids if book > 40]
    assert new == [BEYOND + n for n in range(6)]  # and none that one reader alone has read
    for ranker in ("neighbours", "factors"):
        scores = Model(release).fold_in({BEYOND: 5, BEYOND + 1: 5}, ranker=ranker)
        offered = {book.book_id for book in scores.top(4, exclude={BEYOND, BEYOND + 1})}
        assert offered == {BEYOND + n for n in range(2, 6)}, ranker
    data = release.manifest.dataset
    assert (data.name, data.own_readers, data.own_ratings) == ("planted", 8, 48)
    assert (data.readers, data.ratings) == (68, 648)
    assert "Of these, 8 readers of this site gave 48" in trained.shown


def build(spark: SparkSession, ratings: Path, own: Path) -> Trained:
    shown = io.StringIO()
    store = FileStore(ratings.parent / "store")
    options = BuildOptions(
        ratings=str(ratings),
        own=str(own),
        dataset="planted",
        hold_out=0,
        factors=SMALL,
        stars=FEW_STARS,
    )
    build_release(spark, options, store=store, progress=Progress(COSTS, stream=shown))
    return Trained(open_release(store, cache_dir=ratings.parent / "cache"), shown.getvalue())


def test_own_readers_are_trained_on_and_never_held_out(
    spark: SparkSession, ratings_csv: Path, tmp_path: Path
) -> None:
    own = write_export(tmp_path / "own", own_rows(100, range(1, 21)))
    alone = clean(spark, str(ratings_csv), readers=6)
    joined = clean(spark, str(ratings_csv), own=str(own), readers=6)
    assert joined.held_out.readers == alone.held_out.readers
    assert joined.held_out.rule == alone.held_out.rule
    assert joined.own == (100, 2000)
    assert joined.report.kept == alone.report.kept + 2000
    assert joined.sha256 != alone.sha256
    np.testing.assert_array_equal(
        joined.books["ratings"][:20] - alone.books["ratings"][:20], np.full(20, 100)
    )


def test_hold_out_takes_those_it_may_take(spark: SparkSession, ratings_csv: Path) -> None:
    rows = clean(spark, str(ratings_csv)).rows
    held_out = hold_out(rows, 3, seed=1, among=rows.where("user_id > 60"))
    assert len(held_out.readers.readers) == 3
    assert min(held_out.readers.readers) > 60


def test_an_export_without_anybody_changes_nothing(
    spark: SparkSession, ratings_csv: Path, tmp_path: Path
) -> None:
    own = write_export(tmp_path / "own", [])
    joined = clean(spark, str(ratings_csv), own=str(own))
    assert joined.own == (0, 0)
    assert (joined.report.readers, joined.report.kept) == (120, 1200)


def test_books_that_nobody_else_describes_bring_authors_and_series(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "books.csv").write_text(
        'book_id,title,authors\n1,"Sea (Waves, #1)",Ann Writer\n2,Moor,Bo Walker\n'
    )
    own = tmp_path / "own.csv"
    own.write_text(
        "book_id,title,authors\n1,Another,Somebody Else\n"
        f'{BEYOND},"Sea Again (Waves, #2)",Ann Writer\n'
    )
    index = index_books(spark, np.array([1, 2, BEYOND]))
    readers = spark.createDataFrame([], "row bigint, scale float")
    files = SideFiles.beside(str(tmp_path), own_books=str(own))
    authors, series = side_rows(spark, files, readers, index, SignalSettings())
    for rows, size in ((authors, 3), (series, 2)):
        found = [(row.row, row.book) for row in rows.collect()]
        assert len(found) == size
        together = {number for number, book in found if book == 2}  # the place of the new book
        assert {book for number, book in found if number in together} == {0, 2}


def test_numbers_that_could_be_mistaken_and_half_an_export_are_refused(
    spark: SparkSession, ratings_csv: Path, tmp_path: Path
) -> None:
    own = write_export(tmp_path / "own", own_rows(6, range(1, 6)))
    mixed = write_ratings(tmp_path / "mixed.csv", [(1, 1, 5), (FIRST_READER, 1, 5)])
    with pytest.raises(BadRatings, match="renumber them"):
        clean(spark, str(mixed), own=str(own))
    (own / "ratings.csv").write_text("user_id,book_id,rating\n")
    with pytest.raises(BadExport, match="export it again"):
        clean(spark, str(ratings_csv), own=str(own))
