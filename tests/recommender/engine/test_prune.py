"""Which releases stay, whatever the store; stores themselves are in `store_conformance`."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from recommender.engine.manifest import CorruptRelease
from recommender.engine.prune import prune_cache, prune_releases
from recommender.engine.publish import promote, write_release
from recommender.engine.release import list_versions, open_release
from recommender.engine.store import FileStore
from tests.recommender.engine.releases import NOON, draft, item_factors

LATER = NOON + timedelta(days=30)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


def written(store: FileStore, *, days: float) -> str:
    made = draft(item_factors(seed=int(days * 24)))
    return write_release(store, made, now=NOON + timedelta(days=days)).version


def test_nothing_of_the_last_day_goes_finished_or_not(store: FileStore) -> None:
    old, young, newest = (written(store, days=days) for days in (0, 5, 5.5))
    store.put("releases/20261128T120000Z-being000/books.parquet", b"more comes")
    store.put("releases/something-else/manifest.json", b"{}")
    assert prune_releases(store, keep=1, now=NOON + timedelta(days=5.6)) == [old]
    assert list_versions(store) == [young, newest, "something-else"]
    assert store.keys("releases/20261128T120000Z-being000") != []


def test_a_release_put_in_use_meanwhile_stays(store: FileStore) -> None:
    old, other = written(store, days=0), written(store, days=1)
    promote(store, other)

    class Slow(FileStore):
        def delete(self, key: str) -> None:
            if key.endswith("manifest.json"):
                promote(self, old)
            super().delete(key)

    third = written(store, days=2)
    promote(store, third)
    slow = Slow(Path(store.uri.removeprefix("file://")))
    assert prune_releases(slow, keep=1, now=LATER) == []
    assert open_release(store, cache_dir=Path(store.uri[7:]).parent / "cache").version == old


def test_a_store_without_a_release_in_use_keeps_the_newest(store: FileStore) -> None:
    old, newest = written(store, days=0), written(store, days=1)
    assert prune_releases(store, keep=1, now=LATER) == [old]
    assert list_versions(store) == [newest]
    assert not (Path(store.uri[7:]) / "releases" / old).exists()


def test_nothing_goes_where_it_can_not_be_told_what_is_in_use(store: FileStore) -> None:
    versions = [written(store, days=day) for day in range(3)]
    store.put("latest.json", b"?")
    with pytest.raises(CorruptRelease):
        prune_releases(store, keep=1, now=LATER)
    with pytest.raises(ValueError, match="At least one"):
        prune_releases(store, keep=0, now=LATER)
    assert list_versions(store) == versions


def test_a_host_lets_go_of_files_that_no_release_names(store: FileStore, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert prune_cache(store, cache) == 0
    old, new = written(store, days=0), written(store, days=1)
    promote(store, new)
    for version in (old, new):
        open_release(store, cache_dir=cache, version=version)
    (cache / ".fetching-abc").write_bytes(b"cut off")
    before = sorted(cache.iterdir())
    now = before[0].stat().st_mtime
    store.delete(f"releases/{old}/manifest.json")
    assert prune_cache(store, cache, now=now + 3600) == 0
    for path in before:
        os.utime(path, (now - 90_000, now - 90_000))
    mapped = open_release(store, cache_dir=cache)
    assert prune_cache(store, cache, now=now) >= 2
    assert {path.name for path in cache.iterdir()} == {
        f"{info.sha256}{Path(name).suffix}" for name, info in mapped.manifest.files.items()
    }
    assert datetime.fromisoformat(mapped.manifest.created_at)
