"""Another set of books is put in use once it is built, unless that was measured to be worse."""

import os
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
from recsite.local import data, goodbooks, next_dataset
from recsite.local.datasets import Dataset, NextDataset, Prepared
from recsite.local.home import Home
from recsite.local.process import LocalError, free_port
from recsite.preparation import check, preparation
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
    assert NextDataset.read(Home(tmp_path)) is None  # or each start would build it again


@pytest.mark.django_db
def test_what_was_built_before_it_was_killed_is_not_built_again(
    store: Store, tmp_path: Path, spark_reports: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    promote(store, written(store, seed=1))
    built = written(store, seed=2)
    spark_reports(f"Release {built} is in {store.uri}")
    with monkeypatch.context() as patch:
        patch.setattr(next_dataset, "load", killed)
        with pytest.raises(KeyboardInterrupt):
            goodbooks.load_full_set(home)
    assert NextDataset.read(home) == NextDataset(data.named(os.environ["BOOKFOLD_DATA"]), built)
    assert in_use(store) != built

    spark_reports("Spark was asked again", code=1)
    goodbooks.load_full_set(home)

    assert in_use(store) == built
    assert NextDataset.read(home) is None


@pytest.mark.django_db
def test_a_release_that_has_gone_is_built_again(
    store: Store, tmp_path: Path, spark_reports: Report
) -> None:
    home = Home(tmp_path)
    promote(store, written(store, seed=1))
    NextDataset(data.named(os.environ["BOOKFOLD_DATA"]), "20260101T000000Z-gone").write(home)
    built = written(store, seed=2)
    spark_reports(f"Release {built} is in {store.uri}")

    goodbooks.load_full_set(home)

    assert in_use(store) == built


def killed(_dataset: Dataset) -> None:
    raise KeyboardInterrupt


def test_a_second_one_is_told_to_wait(tmp_path: Path, spark_reports: Report) -> None:
    home = Home(tmp_path)
    with (
        home.bringing_alone(),
        pytest.raises(LocalError, match="Another set of books is on its way"),
    ):
        goodbooks.load_full_set(home)


def test_without_a_connection_the_site_stays_as_it_is(
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GOODBOOKS_URL", f"http://127.0.0.1:{free_port()}/none.zip")
    monkeypatch.delenv("BOOKFOLD_DATA", raising=False)
    monkeypatch.setattr(os, "nice", int)  # of this process
    settings.BOOKFOLD_HOME = tmp_path
    home = Home(tmp_path)
    NextDataset().write(home)

    next_dataset.bring_next(home)

    assert "the site stays with the starter shelf" in capsys.readouterr().out
    assert NextDataset.read(home) is None
    assert preparation() is None


def test_what_pages_are_told_moves_with_the_work(tmp_path: Path, settings: Settings) -> None:
    settings.BOOKFOLD_HOME = tmp_path
    report = next_dataset.ProgressReport(Home(tmp_path), "goodbooks-10k")
    told = []
    for stage, share in (
        ("downloading", 0.5),
        ("training", 0.0),
        ("training", 0.5),
        ("training", 0.4),  # never back
        ("loading the catalog", 0.0),
        ("switching", 1.0),
    ):
        report.reached(stage, share)
        now = preparation()
        assert now
        assert now.stage == stage
        told.append(now.percent)
    assert told == [1, 3, 46, 46, 90, 99]
    assert check().startswith("goodbooks-10k is on its way: switching, 99 %")
    report.failed("No release was built; the lines above say why.")
    assert check() == ("goodbooks-10k did not come: No release was built; the lines above say why.")
    report.ended()
    assert check() == "all there"


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
