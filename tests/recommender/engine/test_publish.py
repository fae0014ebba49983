import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from recommender.engine.manifest import CorruptRelease, Manifest
from recommender.engine.publish import PromotionConflict, promote, rollback, write_release
from recommender.engine.release import NoRelease, list_versions, read_latest
from recommender.engine.store import FileStore, Store, StoreError, open_store
from tests.recommender.engine.releases import NOON, draft, item_factors


def test_the_layout_is_the_agreed_one(store: Store) -> None:
    manifest = write_release(store, draft(), now=NOON)
    folder = f"releases/{manifest.version}"
    assert store.keys("") == [
        f"{folder}/{name}"
        for name in ("books.parquet", "factors.safetensors", "manifest.json", "metrics.json")
    ]
    promote(store, manifest.version)
    assert set(json.loads(store.get("latest.json"))) == {"version", "manifest_sha256"}


def test_the_version_is_the_time_and_the_content(store: Store) -> None:
    one = write_release(store, draft(), now=NOON)
    again = write_release(store, draft(metrics={"ndcg@10": 0.4}), now=NOON + timedelta(hours=1))
    other = write_release(store, draft(item_factors(seed=2)), now=NOON)
    assert one.version == f"20261123T120000Z-{one.content_sha256[:8]}"
    assert one.content_sha256 == again.content_sha256 != other.content_sha256


def test_the_manifest_comes_back_whole(store: Store) -> None:
    manifest = write_release(store, draft(gate={"passed": True}), now=NOON)
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest
    assert manifest.gate == {"passed": True}
    assert {probe.ranker for probe in manifest.probes} == {"factors"}


def test_the_manifest_names_the_version_of_the_code(store: Store) -> None:
    draft_of_02 = draft(bookfold_version="0.2.0")
    manifest = write_release(store, draft_of_02, now=NOON)
    kept = json.loads(store.get(f"releases/{manifest.version}/manifest.json"))
    assert kept["bookfold_version"] == "0.2.0"
    assert manifest.content_sha256 == write_release(store, draft(), now=NOON).content_sha256


def test_a_manifest_from_before_versions_were_named_is_read(store: Store) -> None:
    values = json.loads(write_release(store, draft(), now=NOON).to_bytes())
    del values["bookfold_version"]
    assert Manifest.from_bytes(json.dumps(values).encode()).bookfold_version == "unknown"


def test_writing_does_not_promote(store: Store) -> None:
    write_release(store, draft(), now=NOON)
    assert read_latest(store) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_would_not_open_is_not_written(store: Store, bad: float) -> None:
    factors = item_factors()
    factors[3, 2] = bad
    with pytest.raises(CorruptRelease, match="finite"):
        write_release(store, draft(factors), now=NOON)
    assert store.keys("") == []


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_metrics_that_are_not_finite_are_not_written(store: Store, odd: float) -> None:
    with pytest.raises(CorruptRelease, match="manifest"):
        write_release(store, draft(metrics={"ndcg@100": odd}), now=NOON)
    assert store.keys("") == []


def test_books_out_of_order_are_not_written(store: Store) -> None:
    books = {"book_id": np.arange(30)[::-1].copy(), "ratings": np.arange(30)}
    with pytest.raises(CorruptRelease, match="books"):
        write_release(store, draft(books=books), now=NOON)
    assert store.keys("") == []


class BreakingStore(FileStore):
    """A folder on a disk that gives up after some writes."""

    def __init__(self, root: Path, *, writes: int) -> None:
        super().__init__(root)
        self.left = writes

    def upload(self, key: str, path: Path) -> None:
        self._count(key)
        super().upload(key, path)

    def put(self, key: str, data: bytes) -> None:
        self._count(key)
        super().put(key, data)

    def _count(self, key: str) -> None:
        if self.left == 0:
            raise StoreError(f"Could not write {key}: No space left on device.")
        self.left -= 1


@pytest.mark.parametrize("writes", range(5))
def test_a_write_that_breaks_off_leaves_everything_as_it_was(tmp_path: Path, writes: int) -> None:
    store = open_store(str(tmp_path))
    good = write_release(store, draft(), now=NOON)
    promote(store, good.version)
    before = store.get("latest.json")

    def build(breaking: Store) -> None:
        second = write_release(breaking, draft(item_factors(seed=2)), now=NOON + timedelta(days=1))
        promote(breaking, second.version)

    with pytest.raises(StoreError, match="No space"):
        build(BreakingStore(tmp_path, writes=writes))
    assert store.get("latest.json") == before
    assert list_versions(store)[0] == good.version
    # Only when the move of the pointer itself broke is the second release complete.
    assert len(list_versions(store)) == (2 if writes == 4 else 1)


def test_promotion_of_what_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(NoRelease, match="nothing"):
        promote(store, "nothing")


def test_who_decided_on_an_older_state_is_told(store: Store) -> None:
    first, second, third = (
        write_release(store, draft(item_factors(seed=seed)), now=NOON + timedelta(hours=seed))
        for seed in (1, 2, 3)
    )
    seen = promote(store, first.version)
    promote(store, second.version)
    with pytest.raises(PromotionConflict, match=third.version):
        promote(store, third.version, replacing=seen)
    latest = read_latest(store)
    assert latest is not None
    assert latest.version == second.version


def test_going_back_takes_the_release_before(store: Store) -> None:
    versions = [
        write_release(store, draft(item_factors(seed=n)), now=NOON + timedelta(hours=n)).version
        for n in range(3)
    ]
    promote(store, versions[2])
    assert list_versions(store) == versions
    assert rollback(store).version == versions[1]
    assert rollback(store).version == versions[0]
    with pytest.raises(NoRelease, match="older"):
        rollback(store)


def test_without_a_release_in_use_there_is_no_way_back(store: Store) -> None:
    with pytest.raises(NoRelease, match="in use"):
        rollback(store)
