"""CSV files in a folder, or in a bucket.

Of a bucket, executors read the objects themselves, with boto3, by which releases are published too:
what Spark would need for `s3://` it does not bring. A file is one task, so what is large should lie
there in parts. The service is AWS, or the one that `S3_ENDPOINT_URL` names to the driver.
"""

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO, cast

from pyspark.sql import DataFrame, SparkSession

from recommender.engine.store import open_store

SUFFIXES = (".csv", ".csv.gz")


def is_remote(path: str) -> bool:
    """Whether a path names something in a bucket."""
    return path.startswith("s3://")


def is_spark_s(path: str) -> bool:
    """Whether a path is an address that Spark has to read by itself, as `hdfs://` is."""
    return "://" in path and not path.startswith(("s3://", "file://"))


def parent_of(path: str) -> str:
    """The folder of a file, or the folder itself."""
    local = path.removeprefix("file://")
    is_file = local.endswith(SUFFIXES) if is_remote(local) else Path(local).is_file()
    return (local.rpartition("/")[0] or ".") if is_file else local


def find_csv(folder: str, name: str) -> str | None:
    """The CSV file of this name, or a folder of its parts, with ``/`` at the end; None if neither.

    Raises `recommender.engine.store.StoreError` if the bucket cannot be read.
    """
    if is_spark_s(folder):
        return None
    files = [f"{name}{suffix}" for suffix in SUFFIXES]
    if not is_remote(folder):
        return next((str(Path(folder, one)) for one in files if Path(folder, one).is_file()), None)
    keys = open_store(folder).keys(name)
    found = [one for one in files if one in keys]
    if not found and any(key.startswith(f"{name}/") for key in keys):
        found = [f"{name}/"]
    return f"{folder.rstrip('/')}/{found[0]}" if found else None


def read_csv(session: SparkSession, path: str, *, escape: str = "\\") -> DataFrame:
    """The lines of a file, or of a folder's parts, as text columns named by the first line.

    Raises `recommender.engine.store.StoreError` if the bucket cannot be read.
    """
    if not is_remote(path):
        return session.read.csv(path, header=True, quote='"', escape=escape)
    folder, _, name = path.rpartition("/")
    keys = [name] if name else open_store(folder).keys("")
    files = session.sparkContext.parallelize([f"{folder}/{key}" for key in keys], len(keys))
    lines = files.flatMap(partial(_lines, os.environ.get("S3_ENDPOINT_URL")))
    return session.read.csv(lines, header=True, quote='"', escape=escape)


@contextmanager
def opened(path: str, *, endpoint_url: str | None = None) -> Iterator[TextIO]:
    """A file to read as text, unpacked; an object is copied to a file of this machine first."""
    with tempfile.TemporaryDirectory(prefix="bookfold-object-") as here:
        local = Path(path)
        if is_remote(path):
            folder, _, name = path.rpartition("/")
            local = Path(here) / name
            open_store(folder, endpoint_url=endpoint_url).download(name, local)
        unpack = gzip.open if local.suffix == ".gz" else open
        with unpack(local, "rt", encoding="utf-8", newline="") as file:
            yield cast("TextIO", file)


def _lines(endpoint_url: str | None, path: str) -> Iterator[str]:
    with opened(path, endpoint_url=endpoint_url) as file:
        for line in file:
            yield line.rstrip("\r\n")
