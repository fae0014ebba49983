"""`make train` builds from the dataset in use and what readers agreed to, and leaves no export."""

import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from recommender.engine.publish import write_release
from recommender.engine.release import read_latest
from recommender.engine.store import open_store
from recommender.services.readers import share_ratings
from recsite.local import train
from recsite.local.datasets import Dataset, Prepared
from recsite.local.home import Home
from recsite.local.process import LocalError
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory
from tests.recommender.engine.releases import NOON, draft


@pytest.mark.django_db
def test_a_release_is_built_from_both_and_put_in_use(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RELEASE_STORE = (tmp_path / "store").as_uri()
    monkeypatch.setenv("RELEASE_STORE", settings.RELEASE_STORE)
    store = open_store(settings.RELEASE_STORE)
    reader = ReaderFactory.create()
    share_ratings(reader=reader, agrees=True)
    for book in [BookFactory.create() for _ in range(5)]:
        LibraryEntryFactory.create(reader=reader, book=book, stars=5)
    built = write_release(store, draft(), now=NOON).version
    # Stands in the place of Spark: keeps what it was given, and says what it built.
    spark = tmp_path / "python"
    spark.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n'
        f'for own; do :; done; cp "$own"/* {tmp_path}\n'
        f"echo '      Release {built} is in {store.uri}'\n"
    )
    spark.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(spark))
    Prepared(Dataset(str(tmp_path), "my shelf", simulated=False), None, "a@b", "x").write(
        Home(tmp_path)
    )

    train.train(Home(tmp_path))

    latest = read_latest(store)
    assert latest is not None
    assert latest.version == built
    asked = (tmp_path / "asked").read_text().split()
    assert "--no-promote" in asked
    assert asked[asked.index("--ratings") + 1] == str(tmp_path / "ratings.csv.gz")
    assert len((tmp_path / "ratings.csv").read_text().splitlines()) == 6
    assert not Path(asked[asked.index("--own") + 1]).exists()


def test_without_a_site_there_is_nothing_to_train(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="make run"):
        train.train(Home(tmp_path))
