"""Stores in buckets, by real boto3 over real sockets.

Two stand-ins cover two halves: moto honors the conditions of a write and checks no signature,
rclone checks signatures and ignores conditions. Nothing independent here proves that signed
conditional writes work as AWS documents them: the two halves are only ever seen apart.
"""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from recommender.engine.holder import ReleaseHolder
from recommender.engine.publish import PromotionConflict, promote, write_release
from recommender.engine.release import list_versions, open_release, read_latest
from recommender.engine.store import Store, StoreError, open_store
from tests.recommender.engine.releases import NOON, draft, item_factors
from tests.recommender.engine.s3_servers import (
    BUCKET,
    KEY,
    SECRET,
    S3Server,
    moto_server,
    rclone_server,
)
from tests.recommender.engine.store_conformance import ConditionalConformance, StoreConformance

pytestmark = pytest.mark.s3


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)


@pytest.fixture(scope="module")
def moto() -> Iterator[S3Server]:
    with moto_server() as server:
        yield server


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    folder = tmp_path_factory.mktemp("rclone") / "buckets"
    (folder / BUCKET).mkdir(parents=True)
    with rclone_server(folder) as server:
        yield server


def empty_store(server: S3Server) -> Store:
    """Under a prefix nobody else has."""
    uri = f"s3://{BUCKET}/{uuid.uuid4().hex}"
    return open_store(uri, endpoint_url=server.endpoint_url)


class TestMoto(StoreConformance, ConditionalConformance):
    @pytest.fixture
    def store(self, moto: S3Server) -> Store:
        moto.make_bucket()
        return empty_store(moto)

    def test_releases_are_written_promoted_and_taken_up(self, store: Store, tmp_path: Path) -> None:
        holder = ReleaseHolder(store, cache_dir=tmp_path)
        first = write_release(store, draft(), now=NOON)
        seen = promote(store, first.version)
        assert holder.refresh() is True
        second = write_release(store, draft(item_factors(seed=2)), now=NOON + timedelta(hours=1))
        promote(store, second.version)
        assert holder.refresh() is True
        assert holder.current.version == second.version
        assert list_versions(store) == [first.version, second.version]
        with pytest.raises(PromotionConflict):
            promote(store, first.version, replacing=seen)
        latest = read_latest(store)
        assert latest is not None
        assert latest.version == second.version

    def test_the_endpoint_may_come_from_the_environment(
        self, store: Store, moto: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("S3_ENDPOINT_URL", moto.endpoint_url)
        store.put("x", b"1")
        assert open_store(store.uri).get("x") == b"1"

    def test_a_bucket_that_is_not_there_is_said(self, store: Store, moto: S3Server) -> None:
        other = open_store("s3://no-such-bucket/x", endpoint_url=moto.endpoint_url)
        with pytest.raises(StoreError, match=r"bucket does not exist\.$"):
            other.put("x", b"1")


class TestRclone(StoreConformance):
    @pytest.fixture
    def store(self, rclone: S3Server) -> Store:
        return empty_store(rclone)

    def test_a_release_goes_through_signed_requests(self, store: Store, tmp_path: Path) -> None:
        manifest = write_release(store, draft(), now=NOON)
        promote(store, manifest.version)
        release = open_release(store, cache_dir=tmp_path)
        np.testing.assert_array_equal(release.parts["factors"]["item_factors"], item_factors())

    def test_a_wrong_secret_is_refused(
        self, rclone: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        with pytest.raises(StoreError, match="signature we calculated does not match"):
            empty_store(rclone).put("x", b"1")


def test_a_service_that_does_not_answer_is_said() -> None:
    store = open_store(f"s3://{BUCKET}/x", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(StoreError, match="Could not connect"):
        store.get("latest.json")
