"""Ratings and the files beside them in a bucket."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.engine.store import Store, StoreError, open_store
from spark.build import dataset_facts
from spark.clean import BadRatings, ratings_file
from spark.content import listed_books
from spark.remote import find_csv, parent_of
from spark.signals import SideFiles
from tests.recommender.engine.s3_servers import BUCKET, KEY, SECRET, moto_server

pytestmark = pytest.mark.s3

BOOKS = b"book_id,authors,title\n7,Ann,A Tale\n9,Ben,Another\n"


@pytest.fixture(scope="module", autouse=True)
def bucket() -> Iterator[Store]:
    with pytest.MonkeyPatch.context() as patch, moto_server() as server:
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("S3_ENDPOINT_URL", server.endpoint_url)
        server.make_bucket()
        yield open_store(f"s3://{BUCKET}/sets")


def test_a_folder_s_files_are_found_whole_or_in_parts(bucket: Store) -> None:
    folder = f"s3://{BUCKET}/sets/one"
    bucket.put("one/ratings/part-0.csv", b"")
    bucket.put("one/books.csv.gz", gzip.compress(BOOKS))
    bucket.put("one/dataset.json", b'{"name": "one"}')
    assert ratings_file(folder) == f"{folder}/ratings/"
    assert ratings_file(f"{folder}/ratings.csv") == f"{folder}/ratings.csv"
    files = SideFiles.beside(folder)
    assert files.books == f"{folder}/books.csv.gz"
    assert files == SideFiles.beside(f"{folder}/ratings.csv.gz")
    assert listed_books(files) == {7, 9}
    assert dataset_facts(f"{folder}/ratings.csv") == {"name": "one"}
    bucket.put("one/ratings.csv.gz", b"")
    assert ratings_file(f"{folder}/") == f"{folder}/ratings.csv.gz"


def test_where_nothing_is_the_place_is_named(bucket: Store) -> None:
    with pytest.raises(BadRatings, match=f"no ratings at s3://{BUCKET}/sets/two"):
        ratings_file(f"s3://{BUCKET}/sets/two")
    assert dataset_facts(f"s3://{BUCKET}/sets/two") == {}


def test_a_bucket_that_is_not_there_is_said() -> None:
    with pytest.raises(StoreError, match="nowhere"):
        find_csv("s3://nowhere/set", "ratings")


def test_what_spark_reads_by_itself_stays_as_it_is(tmp_path: Path) -> None:
    assert ratings_file("hdfs://here/ratings") == "hdfs://here/ratings"
    assert SideFiles.beside("hdfs://here/ratings") == SideFiles()
    assert dataset_facts("hdfs://here/ratings") == {}
    (tmp_path / "r.csv").touch()
    assert parent_of(f"file://{tmp_path}/r.csv") == parent_of(str(tmp_path)) == str(tmp_path)
