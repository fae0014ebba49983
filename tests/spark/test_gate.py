"""Which readers are held out, and what the gate makes of them."""

import io
import math
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from recommender.engine.manifest import Manifest
from recommender.engine.publish import Draft, promote, write_release
from recommender.engine.release import list_versions
from recommender.engine.store import FileStore, StoreError
from spark.gate import GateRefused, judge, measure
from spark.holdout import hide, hold_out
from spark.pipeline import COSTS, publish
from spark.progress import Progress
from spark.readers import HeldOutReaders
from tests.recommender.engine.releases import NOON, draft, item_factors

GOOD = {"ndcg@100": 0.5, "coverage@10": 0.3}


@pytest.mark.parametrize(
    ("after", "passed"),
    [
        pytest.param({"ndcg@100": 0.496, "coverage@10": 0.28}, True, id="within what is tolerated"),
        pytest.param({"ndcg@100": 0.494, "coverage@10": 0.40}, False, id="less accurate"),
        pytest.param({"ndcg@100": 0.520, "coverage@10": 0.26}, False, id="fewer books"),
    ],
)
def test_a_worse_release_is_refused(after: dict[str, float], passed: bool) -> None:
    verdict = judge(after, GOOD, readers=200, in_use="v1")
    assert verdict["passed"] is passed
    assert ("fell" in verdict["reason"]) is not passed
    assert verdict["compared_with"] == "v1"


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("active", [GOOD, None])
@pytest.mark.parametrize("readers", [6, 200])
def test_what_is_not_finite_is_refused(
    odd: float, active: dict[str, float] | None, readers: int
) -> None:
    verdict = judge({**GOOD, "ndcg@100": odd}, active, readers=readers, in_use="v1")
    assert verdict["passed"] is False
    assert "ndcg@100" in verdict["reason"]


def test_a_handful_of_readers_refuses_nothing() -> None:
    verdict = judge({"ndcg@100": 0.1, "coverage@10": 0.1}, GOOD, readers=6, in_use="v1")
    assert verdict["passed"] is True
    assert "too few" in verdict["reason"]


def test_the_first_release_passes() -> None:
    verdict = judge(GOOD, None, readers=200, in_use="there was no release in use")
    assert verdict["passed"] is True


def readers() -> HeldOutReaders:
    """Sixty readers of the made-up books."""
    fold_in = {reader: {10 * (reader % 20 + 1): 5.0} for reader in range(60)}
    return HeldOutReaders(fold_in, {reader: {300: 5.0} for reader in range(60)})


def test_a_release_is_compared_on_readers_neither_has_seen(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    first = measure(draft(), readers(), rule="r", store=store)
    assert first.gate["compared_with"] is None
    version = write_release(store, first, now=NOON).version
    promote(store, version)
    other = measure(draft(item_factors(seed=2)), readers(), rule="r", store=store)
    assert other.gate["compared_with"] == version
    before, after = other.gate["before_and_after"]["ndcg@100"]
    assert before == first.metrics["rankers"]["factors"]["ndcg@100"]
    assert after == other.metrics["rankers"]["factors"]["ndcg@100"]
    unlike = measure(draft(), readers(), rule="another", store=store)
    assert unlike.gate["compared_with"] is None


def test_a_refused_release_is_written_but_not_put_in_use(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    first = publish_draft(store, measure(draft(), readers(), rule="r", store=store))
    before = store.get("latest.json")
    useless = measure(draft(item_factors() * 0), readers(), rule="r", store=store)
    with pytest.raises(GateRefused, match="was written, but ndcg@100 fell"):
        publish_draft(store, useless)
    assert store.get("latest.json") == before
    assert len(list_versions(store)) == 2
    assert publish_draft(store, useless, put_in_use=False).gate["compared_with"] == first.version
    assert store.get("latest.json") == before


class FullDisk(FileStore):
    """A folder whose disk is full when the factors arrive."""

    def upload(self, key: str, path: Path) -> None:
        if key.endswith("factors.safetensors"):
            raise StoreError(f"Could not write {key}: No space left on device.")
        super().upload(key, path)


def test_a_release_that_cannot_be_written_leaves_the_one_in_use(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    publish_draft(store, measure(draft(), readers(), rule="r", store=store))
    before, versions = store.get("latest.json"), list_versions(store)
    other = measure(draft(item_factors(seed=2)), readers(), rule="another", store=store)
    with pytest.raises(StoreError, match="No space"):
        publish_draft(FullDisk(tmp_path / "store"), other)
    assert store.get("latest.json") == before
    assert list_versions(store) == versions


def publish_draft(store: FileStore, measured: Draft, *, put_in_use: bool = True) -> Manifest:
    shown = Progress(COSTS, stream=io.StringIO())
    return publish(measured, store=store, progress=shown, put_in_use=put_in_use)


def test_without_readers_nothing_is_measured(tmp_path: Path) -> None:
    nobody = HeldOutReaders({}, {})
    measured = measure(draft(), nobody, rule="r", store=FileStore(tmp_path))
    assert measured.gate == {"passed": None, "reason": "not evaluated"}


def test_a_fifth_of_the_ratings_is_hidden() -> None:
    rows = [Row(user_id=7, book_id=book, stars=4.0, place=-book) for book in range(1, 12)]
    hidden = hide(rows)
    assert sorted(hidden.held_out[7]) == [9, 10, 11]
    assert sorted(hidden.fold_in[7]) == list(range(1, 9))


class TestWithSpark:
    pytestmark = pytest.mark.spark

    def test_the_same_readers_are_held_out_whole_in_every_build(self, spark: SparkSession) -> None:
        rows = [(reader, book, 4.0) for reader in range(200) for book in range(reader % 20)]
        ratings = spark.createDataFrame(rows, "user_id int, book_id int, stars float")
        first = hold_out(ratings, 8, seed=1)
        again = hold_out(ratings.repartition(5), 8, seed=1)
        assert first.readers == again.readers
        assert first.rule == again.rule
        chosen = first.readers.readers
        assert len(chosen) == 8
        assert all(reader % 20 >= 10 for reader in chosen)
        left = {row.user_id for row in first.training.select("user_id").distinct().collect()}
        assert left.isdisjoint(chosen)
        assert hold_out(ratings, 8, seed=2).rule != first.rule
