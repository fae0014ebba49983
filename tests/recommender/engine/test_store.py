import multiprocessing
from pathlib import Path

import pytest

from recommender.engine.store import Conflict, FileStore, Store, StoreError, open_store
from tests.recommender.engine.store_conformance import ConditionalConformance, StoreConformance


class TestFileStore(StoreConformance, ConditionalConformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return open_store((tmp_path / "a store").as_uri())

    def test_locks_and_half_written_files_are_not_listed(
        self, store: Store, tmp_path: Path
    ) -> None:
        store.compare_and_swap("latest.json", b"{}", expected=None)
        (tmp_path / "a store" / ".writing-abc").write_bytes(b"half")
        assert store.keys("") == ["latest.json"]

    def test_a_failed_write_leaves_the_old_object_and_no_litter(
        self, store: Store, tmp_path: Path
    ) -> None:
        store.put("object", b"old")
        with pytest.raises(StoreError, match="object"):
            store.upload("object", tmp_path / "no such file")
        assert store.get("object") == b"old"
        assert [path.name for path in (tmp_path / "a store").iterdir()] == ["object"]

    @pytest.mark.parametrize("key", ["../outside", "/etc/passwd", ""])
    def test_keys_stay_inside(self, store: Store, key: str) -> None:
        with pytest.raises(StoreError, match="no key"):
            store.put(key, b"x")


def _swap(arguments: tuple[Path, str, int]) -> bool:
    root, expected, number = arguments
    try:
        FileStore(root).compare_and_swap("latest.json", b"%d" % number, expected=expected)
    except Conflict:
        return False
    return True


def test_of_several_processes_exactly_one_swaps(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put("latest.json", b"start")
    _, seen = store.get_tagged("latest.json")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        won = pool.map(_swap, [(tmp_path, seen, number) for number in range(6)], chunksize=3)
    assert won.count(True) == 1


def test_a_plain_path_is_a_folder(tmp_path: Path) -> None:
    assert open_store(str(tmp_path)).uri == tmp_path.as_uri()


def test_an_address_may_hold_escapes(tmp_path: Path) -> None:
    open_store(tmp_path.as_uri() + "/with%20space").put("x", b"1")
    assert (tmp_path / "with space" / "x").is_file()


def test_a_bucket_is_opened_with_its_prefix() -> None:
    store = open_store("s3://bucket/some/prefix/", endpoint_url="http://127.0.0.1:9")
    assert store.uri == "s3://bucket/some/prefix"


@pytest.mark.parametrize("uri", ["ftp://host/x", "s3:///prefix", "file://host/x"])
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(StoreError, match=uri):
        open_store(uri)


def test_a_folder_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"Could not write latest\.json"):
        open_store(str(tmp_path / "file")).put("latest.json", b"{}")
    with pytest.raises(StoreError, match=r"Could not lock latest\.json"):
        open_store(str(tmp_path / "file")).compare_and_swap("latest.json", b"{}", expected=None)
