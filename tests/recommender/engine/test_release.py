import json
import mmap
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.engine.foldin import FactorRanker
from recommender.engine.manifest import CorruptRelease, Manifest, ReleaseError, UnsupportedSchema
from recommender.engine.model import Model
from recommender.engine.publish import promote
from recommender.engine.release import (
    NoRelease,
    ProbeFailed,
    open_release,
    read_latest,
)
from recommender.engine.store import Store, open_store
from tests.recommender.engine.releases import item_factors, publish


def rewrite(store: Store, manifest: Manifest) -> None:
    """Put another manifest in the place of a release's own, and promote it."""
    store.put(f"releases/{manifest.version}/manifest.json", manifest.to_bytes())
    promote(store, manifest.version)


def damage(store: Store, key: str) -> None:
    data = bytearray(store.get(key))
    data[-1] ^= 1
    store.put(key, bytes(data))


def test_opens_what_was_promoted(store: Store, cache: Path) -> None:
    manifest = publish(store)
    release = open_release(store, cache_dir=cache)
    assert release.manifest == manifest
    assert release.version == manifest.version
    np.testing.assert_array_equal(release.parts["factors"]["item_factors"], item_factors())
    np.testing.assert_array_equal(release.book_ids, 10 * np.arange(1, 31))
    np.testing.assert_array_equal(release.books["ratings"], np.arange(1, 31))


def test_opens_an_older_one_by_name(store: Store, cache: Path) -> None:
    old = publish(store)
    publish(store, seed=2, hours=1)
    assert open_release(store, cache_dir=cache, version=old.version).version == old.version


def test_factors_stay_in_the_file_and_the_ranker_uses_that_very_memory(
    store: Store, cache: Path
) -> None:
    publish(store)
    release = open_release(store, cache_dir=cache)
    factors: Any = release.parts["factors"]["item_factors"]
    ranker = release.rankers["factors"]
    assert isinstance(ranker, FactorRanker)
    assert np.shares_memory(ranker.item_factors, factors)
    base = factors
    while not isinstance(base, mmap.mmap):
        base = base.base


def test_knows_the_rows_of_its_books(store: Store, cache: Path) -> None:
    publish(store)
    rows = open_release(store, cache_dir=cache).rows_of(np.array([10, 300, 15, 0, 301]))
    assert rows.tolist() == [0, 29, -1, -1, -1]


def test_files_of_the_same_content_are_fetched_once(store: Store, cache: Path) -> None:
    publish(store)
    open_release(store, cache_dir=cache)
    before = {path: path.stat().st_ino for path in cache.iterdir()}
    publish(store, hours=1)
    open_release(store, cache_dir=cache)
    assert {path: path.stat().st_ino for path in cache.iterdir()} == before


def test_a_damaged_file_of_the_host_is_fetched_again(store: Store, cache: Path) -> None:
    publish(store)
    open_release(store, cache_dir=cache)
    for path in cache.iterdir():
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    release = open_release(store, cache_dir=cache)
    np.testing.assert_array_equal(release.parts["factors"]["item_factors"], item_factors())


def _open(arguments: tuple[str, Path]) -> float:
    uri, cache = arguments
    release = open_release(open_store(uri), cache_dir=cache)
    return Model(release).fold_in({10: 5.0}).top(1)[0].score


def test_two_processes_may_fetch_at_once(store: Store, cache: Path) -> None:
    publish(store)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        scores = pool.map(_open, [(store.uri, cache)] * 4, chunksize=1)
    assert len(set(scores)) == 1
    assert len(list(cache.iterdir())) == 3


def test_an_empty_store_has_no_release(store: Store, cache: Path) -> None:
    with pytest.raises(NoRelease, match=r"spark\.build"):
        open_release(store, cache_dir=cache)
    with pytest.raises(NoRelease, match="20200101"):
        open_release(store, cache_dir=cache, version="20200101T000000Z-00000000")
    assert read_latest(store) is None


@pytest.mark.parametrize("file", ["factors.safetensors", "books.parquet", "metrics.json"])
def test_a_damaged_file_is_refused(store: Store, cache: Path, file: str) -> None:
    damage(store, f"releases/{publish(store).version}/{file}")
    with pytest.raises(CorruptRelease, match=file):
        open_release(store, cache_dir=cache)
    assert not [path for path in cache.iterdir() if path.name.startswith(".")]


def test_a_missing_file_is_refused(store: Store, cache: Path, tmp_path: Path) -> None:
    version = publish(store).version
    (tmp_path / "store" / "releases" / version / "factors.safetensors").unlink()
    with pytest.raises(CorruptRelease, match="missing"):
        open_release(store, cache_dir=cache)


def test_a_manifest_other_than_the_promoted_is_refused(store: Store, cache: Path) -> None:
    manifest = publish(store)
    other = replace(manifest, code_revision="tampered")
    store.put(f"releases/{manifest.version}/manifest.json", other.to_bytes())
    with pytest.raises(CorruptRelease, match="promoted"):
        open_release(store, cache_dir=cache)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"schema_version": 2}, UnsupportedSchema),
        ({"book_ids_sha256": "0" * 64}, CorruptRelease),
        ({"book_count": 29}, CorruptRelease),
        ({"default_ranker": "neighbours"}, CorruptRelease),
        ({"parts": {"factors": {"alpha": 1.0}}}, CorruptRelease),
        ({"parts": {"factors": {}, "neighbours": {}}}, CorruptRelease),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    store: Store, cache: Path, change: dict[str, Any], error: type[ReleaseError]
) -> None:
    manifest = publish(store)
    data = json.loads(manifest.to_bytes()) | change
    store.put(f"releases/{manifest.version}/manifest.json", json.dumps(data).encode())
    with pytest.raises(error):
        open_release(store, cache_dir=cache, version=manifest.version)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"schema_version": 1}', b"\xff"])
def test_a_manifest_that_is_none_is_refused(store: Store, cache: Path, data: bytes) -> None:
    version = publish(store).version
    store.put(f"releases/{version}/manifest.json", data)
    with pytest.raises(CorruptRelease):
        open_release(store, cache_dir=cache, version=version)


def test_a_release_in_the_wrong_folder_is_refused(store: Store, cache: Path) -> None:
    manifest = publish(store)
    store.put("releases/other/manifest.json", manifest.to_bytes())
    with pytest.raises(CorruptRelease, match="other"):
        open_release(store, cache_dir=cache, version="other")


def test_a_pointer_that_is_none_is_refused(store: Store, cache: Path) -> None:
    store.put("latest.json", b"20261123")
    with pytest.raises(CorruptRelease, match=r"latest\.json"):
        open_release(store, cache_dir=cache)


@pytest.mark.parametrize("change", ["scores", "ratings", "dislikes"])
def test_a_release_that_fails_its_probe_is_refused(store: Store, cache: Path, change: str) -> None:
    manifest = publish(store)
    probe = manifest.probes[0]
    wrong = {
        "scores": replace(probe, scores=tuple(score + 0.01 for score in probe.scores)),
        "ratings": replace(probe, ratings={11: 5.0}),
        "dislikes": replace(probe, ratings={10: 1.0}),
    }[change]
    rewrite(store, replace(manifest, probes=(wrong,)))
    with pytest.raises(ProbeFailed):
        open_release(store, cache_dir=cache)
