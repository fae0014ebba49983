"""When `make run` builds a release, and when it keeps the one in use."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings

from recommender.engine.publish import promote
from recommender.engine.store import open_store
from recsite.local import data
from recsite.local.datasets import Dataset, NextDataset, Prepared
from recsite.local.home import Home
from recsite.local.prepare import build, command_output, has_release, is_loaded, plan, releases
from tests.factories import BookFactory
from tests.releases import publish_release

pytestmark = pytest.mark.django_db

SHELF = Dataset("/data/starter", "starter shelf", simulated=True)
OTHER = Dataset("/data/goodbooks", "goodbooks-10k", simulated=False)
CAMPS = Dataset("/data/camps", "two camps", simulated=True)  # what the releases of tests are of
BOOKS = [[1, 2], [3, 4]]
LATER = datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(hours=1)


@pytest.fixture
def own_store(settings: Settings, tmp_path: Path) -> str:
    """An empty store of releases."""
    store = (tmp_path / "store").as_uri()
    settings.RELEASE_STORE = store
    return store


def prepared_with(dataset: Dataset) -> Prepared:
    return Prepared(dataset, 7, "demo@example.org", "password")


def manifest_of(store: str, version: str) -> Path:
    return Path(urlsplit(store).path) / "releases" / version / "manifest.json"


def test_without_a_release_one_is_built(own_store: str) -> None:
    assert not has_release(SHELF, None)
    assert not has_release(SHELF, prepared_with(SHELF))


def test_what_an_operator_put_in_use_stays(own_store: str) -> None:
    publish_release(own_store, BOOKS)
    assert has_release(SHELF, prepared_with(SHELF))


def test_another_dataset_gets_a_release_of_its_own(own_store: str) -> None:
    publish_release(own_store, BOOKS)
    assert not has_release(OTHER, prepared_with(SHELF))


def test_a_release_that_was_there_first_is_taken_by_its_name(own_store: str) -> None:
    publish_release(own_store, BOOKS)
    assert has_release(CAMPS, None)
    assert not has_release(SHELF, None)


def test_an_unreadable_release_in_use_is_none(own_store: str) -> None:
    version = publish_release(own_store, BOOKS)
    manifest_of(own_store, version).write_text("{}")
    assert not has_release(SHELF, prepared_with(SHELF))


def test_an_unreadable_old_release_hides_no_other(own_store: str) -> None:
    old = publish_release(own_store, BOOKS)
    new = publish_release(own_store, BOOKS, now=LATER)
    manifest_of(own_store, old).write_text("{}")

    assert has_release(CAMPS, None)
    assert [row["version"] for row in releases()] == [old, new]
    first, second = command_output("releases").splitlines()
    assert first.startswith(f"{old}  unreadable: ")
    assert second == f"{new}  two camps  in use"


@pytest.mark.django_db
def test_a_catalog_is_loaded_again_for_another_dataset_or_loader() -> None:
    assert not is_loaded(SHELF, prepared_with(SHELF)), "there are no books"
    BookFactory.create()
    assert is_loaded(SHELF, prepared_with(SHELF))
    assert not is_loaded(SHELF, None)
    assert not is_loaded(OTHER, prepared_with(SHELF))
    assert not is_loaded(SHELF, replace(prepared_with(SHELF), loader_version=1))


@pytest.mark.parametrize("passed", [False, True])
def test_a_refused_build_leaves_the_older_release_serving(
    own_store: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    passed: bool,
) -> None:
    older = publish_release(own_store, BOOKS)

    def build_in_vain(dataset: Dataset, store: str) -> None:
        newer = publish_release(own_store, [[1, 3], [2, 4]], now=LATER)
        manifest = manifest_of(own_store, newer)
        described = json.loads(manifest.read_text())
        described["gate"] = {"passed": passed, "reason": "ndcg@100 fell"}
        manifest.write_text(json.dumps(described))
        promote(open_store(own_store), older)
        raise data.BuildFailed

    monkeypatch.setattr(data, "build", build_in_vain)
    if passed:
        with pytest.raises(data.BuildFailed):
            build(OTHER, own_store)
        return
    build(OTHER, own_store)

    assert f"continues with {older}" in capsys.readouterr().out
    assert [row["version"] for row in releases() if row["in_use"]] == [older]


ON_ITS_WAY = NextDataset(OTHER, "v1")


@pytest.mark.parametrize(
    ("before", "coming", "named", "then"),
    [
        (None, None, False, NextDataset()),  # a new site gets the full set
        (SHELF, None, False, None),  # one that has had its chance does not
        (SHELF, ON_ITS_WAY, False, ON_ITS_WAY),
        (None, None, True, NextDataset(OTHER)),
        (SHELF, ON_ITS_WAY, True, ON_ITS_WAY),
        (SHELF, NextDataset(CAMPS, "v1"), True, NextDataset(OTHER)),
        (OTHER, NextDataset(OTHER), True, None),  # it is there
    ],
)
def test_which_set_is_to_come(
    tmp_path: Path,
    before: Dataset | None,
    coming: NextDataset | None,
    named: bool,
    then: NextDataset | None,
) -> None:
    home = Home(tmp_path)
    if coming:
        coming.write(home)
    environment = {}
    if named:
        (tmp_path / "dataset.json").write_text(json.dumps({"name": OTHER.name}))
        environment = {"BOOKFOLD_DATA": str(tmp_path)}
    here = replace(OTHER, folder=str(tmp_path))
    moved = {OTHER: here}
    if coming and coming.dataset in moved:
        replace(coming, dataset=here).write(home)
    expected = replace(then, dataset=here) if then and then.dataset else then

    serving = moved.get(before, before) if before else SHELF
    told = tmp_path / "preparation.json"
    told.write_text("{}")
    plan(home, serving, prepared_with(serving) if before else None, environment)

    assert NextDataset.read(home) == expected
    assert told.exists() == (expected is not None)
