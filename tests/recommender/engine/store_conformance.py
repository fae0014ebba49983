"""What every kind of store has to do; one class of tests for all of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from recommender.engine.prune import prune_releases
from recommender.engine.publish import promote, rollback, write_release
from recommender.engine.release import list_versions
from recommender.engine.store import Conflict, NotFound, Store
from tests.recommender.engine.releases import NOON, draft, item_factors


class StoreConformance:
    """Subclasses give a `store` fixture with an empty store."""

    def test_gives_back_what_was_put(self, store: Store) -> None:
        store.put("a/b.json", b"{}")
        store.put("a/b.json", b"[]")
        assert store.get("a/b.json") == b"[]"

    def test_files_go_in_and_come_out(self, store: Store, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_bytes(bytes(range(256)) * 40_000)
        store.upload("big/file.bin", source)
        store.download("big/file.bin", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == source.read_bytes()

    def test_keys_are_listed_by_prefix_in_order(self, store: Store) -> None:
        for key in ("releases/2/manifest.json", "releases/1/manifest.json", "latest.json"):
            store.put(key, b"x")
        assert store.keys("releases/") == ["releases/1/manifest.json", "releases/2/manifest.json"]
        assert store.keys("nothing/") == []

    def test_what_was_deleted_is_gone_and_the_rest_is_not(self, store: Store) -> None:
        for key in ("releases/1/a", "releases/1/b", "releases/2/a"):
            store.put(key, b"x")
        for key in ("releases/1/a", "releases/2/a", "releases/2/a", "never/there"):
            store.delete(key)
        assert store.keys("") == ["releases/1/b"]
        store.put("releases/2/a", b"again")
        assert store.get("releases/2/a") == b"again"

    def test_old_releases_leave_a_store(self, store: Store) -> None:
        versions = [
            write_release(
                store, draft(item_factors(seed=day)), now=NOON + timedelta(days=day)
            ).version
            for day in range(6)
        ]
        promote(store, versions[2])
        store.put("releases/20261101T000000Z-broken00/books.parquet", b"broken off")
        store.put("releases/notes.txt", b"not ours")
        gone = prune_releases(store, keep=2, now=NOON + timedelta(days=10))
        assert gone == ["20261101T000000Z-broken00", versions[0], versions[3]]
        assert list_versions(store) == [versions[n] for n in (1, 2, 4, 5)]
        assert store.get("releases/notes.txt") == b"not ours"
        assert rollback(store).version == versions[1]

    def test_what_is_not_there_is_not_found(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="absent"):
            store.get("absent")
        with pytest.raises(NotFound, match="absent"):
            store.get_tagged("absent")
        with pytest.raises(NotFound, match="absent"):
            store.download("absent", tmp_path / "copy")


class ConditionalConformance:
    """For stores which honor conditions."""

    def test_the_first_of_two_creators_wins(self, store: Store) -> None:
        store.compare_and_swap("latest.json", b"first", expected=None)
        with pytest.raises(Conflict):
            store.compare_and_swap("latest.json", b"second", expected=None)
        assert store.get("latest.json") == b"first"

    def test_swaps_only_what_was_seen(self, store: Store) -> None:
        store.put("latest.json", b"one")
        _, seen = store.get_tagged("latest.json")
        store.compare_and_swap("latest.json", b"two", expected=seen)
        with pytest.raises(Conflict):
            store.compare_and_swap("latest.json", b"three", expected=seen)
        assert store.get("latest.json") == b"two"

    def test_of_many_swappers_at_once_exactly_one_succeeds(self, store: Store) -> None:
        store.put("latest.json", b"start")
        _, seen = store.get_tagged("latest.json")

        def swap(number: int) -> bool:
            try:
                store.compare_and_swap("latest.json", b"%d" % number, expected=seen)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(swap, range(8)))
        assert won.count(True) == 1
        assert store.get("latest.json") == b"%d" % won.index(True)
