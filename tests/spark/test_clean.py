import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark.clean import BadRatings
from spark.pipeline import CleanRatings, clean
from tests.spark.ratings import Rating, write_ratings

pytestmark = pytest.mark.spark

Csv = Callable[[Sequence[Rating]], Path]


def kept(ratings: CleanRatings) -> list[tuple[int, int, float]]:
    return sorted((row.user_id, row.book_id, row.stars) for row in ratings.rows.collect())


def test_reports_what_it_left_out(spark: SparkSession, csv: Csv) -> None:
    path = csv(
        [
            (1, 10, 5),
            (1, 20, 3.5),
            (2, 10, 0),
            (2, 20, 6),
            (2, 30, "NaN"),
            ("x", 10, 4),
            (3, "", 4),
            (3, 10, ""),
            (-4, 10, 4),
            (2**31, 10, 4),
            (4, 10, 4),
            (4, 10, 4),
            (5, 10, 2),
            (5, 10, 4),
            (5, 10, 3),
        ]
    )
    ratings = clean(spark, str(path))
    assert kept(ratings) == [(1, 10, 5.0), (1, 20, 3.5), (4, 10, 4.0), (5, 10, 4.0)]
    report = ratings.report
    assert (report.read, report.malformed, report.out_of_range) == (15, 6, 2)
    assert (report.repeated, report.in_conflict) == (3, 1)
    assert (report.kept, report.readers, report.books) == (4, 3, 2)
    assert report.read == report.kept + report.malformed + report.out_of_range + report.repeated
    assert "15 lines read" in report.sentences()[0]


def test_counts_the_ratings_of_every_book_in_order_of_id(spark: SparkSession, csv: Csv) -> None:
    books = clean(spark, str(csv([(1, 20, 5), (2, 20, 4), (1, 3, 2)]))).books
    assert books["book_id"].tolist() == [3, 20]
    assert books["ratings"].tolist() == [1, 2]
    assert books["mean_stars"].tolist() == [2.0, 4.5]


def test_both_editions_compressed_or_not_give_the_same(spark: SparkSession, tmp_path: Path) -> None:
    rows: list[Rating] = [(1, 10, 5), (1, 20, 3), (2, 10, 1)]
    turned = [(book, user, stars) for user, book, stars in rows]
    official = write_ratings(tmp_path / "official" / "ratings.csv", rows)
    kaggle = write_ratings(
        tmp_path / "kaggle.csv", turned[::-1], columns=("book_id", "user_id", "rating")
    )
    (tmp_path / "packed").mkdir()
    packed = tmp_path / "packed" / "ratings.csv.gz"
    packed.write_bytes(gzip.compress(official.read_bytes()))
    paths = [official, official.parent, kaggle, packed, packed.parent]
    paths_as_text = [*map(str, paths), official.as_uri()]
    cleaned = [clean(spark, path) for path in paths_as_text]
    assert all(kept(ratings) == kept(cleaned[0]) for ratings in cleaned)
    assert len({ratings.sha256 for ratings in cleaned}) == 1


def test_the_fingerprint_tells_other_ratings_apart(spark: SparkSession, tmp_path: Path) -> None:
    one = write_ratings(tmp_path / "1.csv", [(1, 10, 5), (2, 10, 4)])
    two = write_ratings(tmp_path / "2.csv", [(1, 10, 4), (2, 10, 5)])
    assert clean(spark, str(one)).sha256 != clean(spark, str(two)).sha256


def test_ratings_that_are_no_use_are_refused(spark: SparkSession, csv: Csv, tmp_path: Path) -> None:
    with pytest.raises(BadRatings, match="no ratings at"):
        clean(spark, str(tmp_path / "absent.csv"))
    with pytest.raises(BadRatings, match="None of the lines"):
        clean(spark, str(csv([(1, 10, 0)])))
    other = write_ratings(tmp_path / "other.csv", [(1, 2, 3)], columns=("user_id", "item", "stars"))
    with pytest.raises(BadRatings, match="book_id, rating"):
        clean(spark, str(other))
