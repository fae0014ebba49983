"""`make goodbooks` puts in use what it built itself, unless that was measured to be worse."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from catalog.models import Book
from recommender.engine.publish import promote, write_release
from recommender.engine.release import read_latest
from recommender.engine.store import Store, open_store
from recsite.local import data, goodbooks
from recsite.local.home import Home
from recsite.local.prepared import Dataset, Prepared
from recsite.local.process import LocalError
from tests.recommender.engine.releases import NOON, draft, item_factors

Report = Callable[..., None]
DATASET = Dataset("/data/goodbooks", "goodbooks-10k", simulated=False)


@pytest.fixture
def store(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    settings.RELEASE_STORE = (tmp_path / "store").as_uri()
    monkeypatch.setenv("RELEASE_STORE", settings.RELEASE_STORE)
    return open_store(settings.RELEASE_STORE)


@pytest.fixture
def spark_reports(tmp_path: Path, starter_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Have a program in the place of Spark that prints the last lines of a build, and ends."""

    def report(text: str, *, code: int = 0) -> None:
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    monkeypatch.setenv("BOOKFOLD_DATA", str(starter_folder))
    return report


def written(store: Store, *, seed: int, gate: dict[str, Any] | None = None) -> str:
    made = replace(draft(item_factors(seed=seed)), gate=gate or {"passed": True})
    return write_release(store, made, now=NOON + timedelta(hours=seed)).version


def in_use(store: Store) -> str:
    latest = read_latest(store)
    assert latest
    return latest.version


@pytest.mark.django_db
def test_what_was_built_here_is_put_in_use(
    store: Store, tmp_path: Path, spark_reports: Report
) -> None:
    promote(store, written(store, seed=1))
    own, newest = written(store, seed=2), written(store, seed=3)
    assert newest > own
    spark_reports(f"      Release {own} is in {store.uri}")

    goodbooks.load_full_set(Home(tmp_path))

    assert in_use(store) == own
    assert Book.objects.count() > 400
    prepared = Prepared.read(Home(tmp_path))
    assert prepared
    assert prepared.sample_reader
    assert prepared.dataset.simulated  # so the folder says


@pytest.mark.django_db
def test_what_is_worse_is_not(store: Store, tmp_path: Path, spark_reports: Report) -> None:
    old = written(store, seed=1)
    promote(store, old)
    worse = written(store, seed=2, gate={"passed": False, "reason": "ndcg@100 fell"})
    spark_reports(f"      Release {worse} is in {store.uri}")

    with pytest.raises(LocalError, match=f"{worse} was built.*ndcg@100 fell.*--promote {worse}"):
        goodbooks.load_full_set(Home(tmp_path))

    assert in_use(store) == old
    assert not Book.objects.exists()


@pytest.mark.parametrize(("text", "code"), [("Release 1 is in x", 1), ("nothing", 0)])
def test_a_build_without_a_release(
    spark_reports: Report, store: Store, text: str, code: int
) -> None:
    spark_reports(text, code=code)
    said: list[str] = []
    with pytest.raises(LocalError, match="No release was built"):
        data.build_unpromoted(DATASET, store.uri, say=said.append)
    assert said == [text]


def test_a_folder_says_what_it_is(tmp_path: Path) -> None:
    assert data.named(str(tmp_path)) == Dataset(str(tmp_path), tmp_path.name, simulated=False)
    (tmp_path / "dataset.json").write_text('{"name": "my shelf", "simulated": true, "seed": 1}')
    assert data.named(str(tmp_path)) == Dataset(str(tmp_path), "my shelf", simulated=True)
    (tmp_path / "dataset.json").write_text("[")
    with pytest.raises(LocalError, match=r"dataset\.json can't be read"):
        data.named(str(tmp_path))
