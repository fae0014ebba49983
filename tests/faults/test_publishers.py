"""Publishers of releases that are killed, or publish at once; in folders and in buckets."""

import multiprocessing
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from recommender.engine.publish import PromotionConflict, promote, write_release
from recommender.engine.release import list_versions, open_release, read_latest
from recommender.engine.store import Store, open_store
from tests.recommender.engine.releases import NOON, draft, item_factors, publish
from tests.recommender.engine.s3_servers import BUCKET, KEY, SECRET, moto_server

#: Not forked: pytest has threads, and a fork would keep for good the locks they hold just then.
SPAWN = multiprocessing.get_context("spawn")
WRITES = 5  # three files, the manifest, and the pointer


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.s3)])
def address(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Where a fresh store is."""
    if request.param == "folder":
        yield str(tmp_path / "store")
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with moto_server() as server:
        server.make_bucket()
        monkeypatch.setenv("S3_ENDPOINT_URL", server.endpoint_url)
        yield f"s3://{BUCKET}/{uuid.uuid4().hex}"


def write(store: Store, *, seed: int, hours: int) -> str:
    made = draft(item_factors(seed=seed))
    return write_release(store, made, now=NOON + timedelta(hours=hours)).version


def publish_until_killed(address: str, writes: int) -> None:
    """Publish in this process, which is killed as it begins the write after so many."""
    store = open_store(address)
    left = [writes]

    def counted(write: Callable[..., None]) -> Callable[..., None]:
        def call(*args: object, **kwargs: object) -> None:
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            write(*args, **kwargs)

        return call

    for name in ("put", "upload", "compare_and_swap"):
        setattr(store, name, counted(getattr(store, name)))
    publish(store, seed=2, hours=1)


def test_a_publisher_killed_at_any_write_changes_nothing(address: str, tmp_path: Path) -> None:
    store = open_store(address)
    good = publish(store).version
    for writes in range(WRITES):
        publisher = SPAWN.Process(target=publish_until_killed, args=(address, writes))
        publisher.start()
        publisher.join()
        assert publisher.exitcode == -signal.SIGKILL
        assert open_release(store, cache_dir=tmp_path / "cache").version == good
    # The next one is not kept from anything by what was left behind.
    again = publish(store, seed=2, hours=1).version
    assert open_release(store, cache_dir=tmp_path / "cache").version == again
    assert list_versions(store) == [good, again]


def _promote_both(address: str, version: str, start: "multiprocessing.synchronize.Barrier") -> None:
    store = open_store(address)
    before = read_latest(store)
    start.wait()
    try:
        promote(store, version, replacing=before)
    except PromotionConflict:
        os._exit(3)
    os._exit(0)


def test_of_two_publishers_at_once_one_is_told(address: str, tmp_path: Path) -> None:
    store = open_store(address)
    publish(store)
    versions = [write(store, seed=seed, hours=seed) for seed in (2, 3)]
    start = SPAWN.Barrier(2)
    publishers = [
        SPAWN.Process(target=_promote_both, args=(address, version, start)) for version in versions
    ]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()
    assert sorted(publisher.exitcode or 0 for publisher in publishers) == [0, 3]
    winner = versions[[publisher.exitcode for publisher in publishers].index(0)]
    assert open_release(store, cache_dir=tmp_path / "cache").version == winner
