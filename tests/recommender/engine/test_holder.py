"""The release in use: swapped in one step, and kept whatever becomes of the next."""

from pathlib import Path

import pytest

from recommender.engine.holder import FIRST_PAUSE, LONGEST_PAUSE, ReleaseHolder
from recommender.engine.manifest import CorruptRelease, Manifest, ReleaseError
from recommender.engine.model import Model
from recommender.engine.prune import prune_cache
from recommender.engine.publish import promote
from recommender.engine.release import NoRelease
from recommender.engine.store import FileStore, Store, StoreError, open_store
from tests.recommender.engine.releases import NOON, publish


class CountingStore(FileStore):
    """A folder that counts how often a file was fetched."""

    fetched = 0

    def download(self, key: str, path: Path) -> None:
        self.fetched += 1
        super().download(key, path)


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def damage(store: Store, manifest: Manifest) -> None:
    key = f"releases/{manifest.version}/factors.safetensors"
    data = bytearray(store.get(key))
    data[-1] ^= 1
    store.put(key, bytes(data))


def test_takes_up_a_new_release_and_says_so(store: Store, cache: Path) -> None:
    holder = ReleaseHolder(store, cache_dir=cache)
    first = publish(store)
    assert holder.refresh() is True
    assert holder.refresh() is False
    held = holder.current
    second = publish(store, seed=2, hours=1)
    assert holder.refresh() is True
    assert (held.version, holder.current.version) == (first.version, second.version)
    # Work that began on the old release goes on with it.
    assert Model(held).fold_in({10: 5.0}).top(1)


def test_keeps_the_last_good_one_and_tells_why(store: Store, cache: Path) -> None:
    holder = ReleaseHolder(store, cache_dir=cache)
    good = publish(store)
    holder.refresh()
    damage(store, publish(store, seed=2, hours=1))
    assert holder.refresh() is False
    assert holder.current.version == good.version
    assert isinstance(holder.last_error, CorruptRelease)
    publish(store, seed=3, hours=2)
    assert holder.refresh() is True
    assert holder.last_error is None


def test_going_back_to_the_release_in_use_ends_the_error(store: Store, cache: Path) -> None:
    holder = ReleaseHolder(store, cache_dir=cache)
    good = publish(store)
    holder.refresh()
    damage(store, publish(store, seed=2, hours=1))
    holder.refresh()
    promote(store, good.version)
    assert holder.refresh() is False
    assert holder.last_error is None


def test_outlives_its_store(store: Store, cache: Path, tmp_path: Path) -> None:
    holder = ReleaseHolder(store, cache_dir=cache)
    good = publish(store)
    holder.refresh()
    (tmp_path / "store" / "latest.json").unlink()
    (tmp_path / "store" / "latest.json").mkdir()
    assert holder.refresh() is False
    assert isinstance(holder.last_error, StoreError)
    assert holder.current.version == good.version


def test_outlives_a_folder_of_the_host_that_fails(store: Store, tmp_path: Path) -> None:
    publish(store)
    holder = ReleaseHolder(store, cache_dir=tmp_path / ("too long a name" * 20))
    assert holder.refresh() is False
    assert isinstance(holder.last_error, ReleaseError)
    assert "Could not keep" in str(holder.last_error)


def test_without_any_release_there_is_none_to_use(store: Store, cache: Path) -> None:
    holder = ReleaseHolder(store, cache_dir=cache)
    assert holder.refresh() is False
    with pytest.raises(NoRelease):
        _ = holder.current


def test_a_fresh_process_takes_the_last_good_one_of_the_host(store: Store, cache: Path) -> None:
    good = publish(store)
    ReleaseHolder(store, cache_dir=cache).refresh()
    damage(store, publish(store, seed=2, hours=1))
    fresh = ReleaseHolder(store, cache_dir=cache)
    assert fresh.refresh() is True
    assert fresh.current.version == good.version
    assert isinstance(fresh.last_error, CorruptRelease)


def test_a_fresh_process_opens_without_the_store(store: Store, cache: Path, tmp_path: Path) -> None:
    good = publish(store)
    ReleaseHolder(store, cache_dir=cache).refresh()
    (tmp_path / "store").rename(tmp_path / "unplugged")
    fresh = ReleaseHolder(store, cache_dir=cache)
    assert fresh.refresh() is True
    assert fresh.current.version == good.version
    assert fresh.last_error is not None


def test_another_stores_release_is_not_taken(store: Store, cache: Path, tmp_path: Path) -> None:
    publish(store)
    ReleaseHolder(store, cache_dir=cache).refresh()
    other = open_store(str(tmp_path / "other"))
    assert ReleaseHolder(other, cache_dir=cache).refresh() is False


def test_pruning_leaves_the_last_good_one(store: Store, cache: Path, tmp_path: Path) -> None:
    good = publish(store)
    ReleaseHolder(store, cache_dir=cache).refresh()
    (tmp_path / "store").rename(tmp_path / "unplugged")
    assert prune_cache(store, cache, now=NOON.timestamp() * 10) == 0
    fresh = ReleaseHolder(store, cache_dir=cache)
    fresh.refresh()
    assert fresh.current.version == good.version


def test_a_broken_release_is_read_again_after_growing_pauses(tmp_path: Path, cache: Path) -> None:
    store, clock = CountingStore(tmp_path / "store"), Clock()
    holder = ReleaseHolder(store, cache_dir=cache, clock=clock)
    damage(store, publish(store))
    looks = []
    for second in range(3 * int(LONGEST_PAUSE)):
        clock.seconds, before = float(second), store.fetched
        holder.refresh()
        if store.fetched > before:
            looks.append(second)
    assert looks[:4] == [0, FIRST_PAUSE, 3 * FIRST_PAUSE, 7 * FIRST_PAUSE]
    assert looks[-1] - looks[-2] == LONGEST_PAUSE
    publish(store, seed=2, hours=1)
    assert holder.refresh() is True


def test_a_release_that_is_mended_is_taken_up(store: Store, cache: Path) -> None:
    clock = Clock()
    holder = ReleaseHolder(store, cache_dir=cache, clock=clock)
    manifest = publish(store)
    key = f"releases/{manifest.version}/factors.safetensors"
    whole = store.get(key)
    damage(store, manifest)
    holder.refresh()
    store.put(key, whole)
    clock.seconds += FIRST_PAUSE
    assert holder.refresh() is True
    assert holder.last_error is None
