"""Whatever a broken release holds, the last good one serves on, in this process and in fresh ones.

`FAULTS=1000` tries so many seeds; a failure names its seed.
"""

import os
import shutil
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from recommender.engine.holder import ReleaseHolder
from recommender.engine.model import Model
from recommender.engine.publish import Part, promote, write_release
from recommender.engine.store import open_store
from recommender.engine.weights import SIGNED_WEIGHTS
from tests.faults.mutations import LATEST, mutate, read_files, write_files
from tests.recommender.engine.releases import NOON, draft, item_factors

SEEDS = int(os.environ.get("FAULTS", "40"))
BOOKS, RANK = 30, 6
RATINGS = {10: 5.0, 20: 2.0, 30: 4.0, 40: 4.5, 50: 3.0, 60: 1.0}


def parts(seed: int) -> dict[str, Part]:
    """Factors, neighbors and stars, drawn at random."""
    draw = np.random.default_rng(seed)
    factors = item_factors(BOOKS, RANK, seed=seed)
    starts = np.arange(0, 4 * BOOKS + 1, 4, dtype=np.int64)
    targets = np.concatenate(
        [np.sort(draw.choice(BOOKS, 4, replace=False)) for _ in range(BOOKS)]
    ).astype(np.int32)
    values = draw.uniform(0.1, 1, len(targets)).astype(np.float32)
    weights = SIGNED_WEIGHTS.to_json()
    return {
        "factors": Part(
            {"item_factors": factors}, {"weights": weights, "alpha": 5.0, "regularization": 0.1}
        ),
        "neighbours": Part(
            {"starts": starts, "targets": targets, "values": values}, {"weights": weights}
        ),
        "stars": Part(
            {"book_bias": draw.normal(0, 0.3, BOOKS).astype(np.float32), "item_factors": factors},
            {"mean": 3.9, "reader_damping": 5.0, "regularization": 0.1},
        ),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with a good release and, not yet in use, another."""
    return tmp_path / "store"


def asked(holder: ReleaseHolder) -> list[object]:
    """What a reader would be told by the release in use."""
    model = Model(holder.current)
    answers: list[object] = []
    for ranker in sorted(holder.current.rankers):
        scores = model.fold_in(RATINGS, ranker=ranker)
        best = scores.top(5)
        assert all(np.isfinite(one.score) for one in best)
        answers += [best, scores.reasons(best[0].book_id), scores.expected_stars([10, 300])]
    return answers


def test_the_last_good_release_outlives_every_broken_one(folder: Path, tmp_path: Path) -> None:
    store = open_store(str(folder))
    good = write_release(store, draft(parts=parts(1)), now=NOON)
    promote(store, good.version)
    cache = tmp_path / "cache"
    first = ReleaseHolder(store, cache_dir=cache)
    first.refresh()
    expected, good_pointer = asked(first), store.get(LATEST)
    second = write_release(store, draft(parts=parts(2)), now=NOON + timedelta(days=1))
    promote(store, second.version)
    whole = read_files(folder, second.version)

    kinds: Counter[str] = Counter()
    served: Counter[str] = Counter()
    for seed in range(SEEDS):
        # A host that has the good release, and has never seen the other one whole.
        host = tmp_path / f"host{seed}"
        shutil.copytree(cache, host)
        running = ReleaseHolder(store, cache_dir=host)
        store.put(LATEST, good_pointer)
        running.refresh()
        kind, broken = mutate(whole, seed)
        write_files(folder, second.version, broken)
        kinds[kind] += 1
        for holder in (running, ReleaseHolder(store, cache_dir=host)):
            holder.refresh()
            if holder.current.version == good.version:
                assert holder.last_error is not None, f"seed {seed} ({kind}): nothing is told"
                assert asked(holder) == expected, f"seed {seed} ({kind})"
            else:
                # What no check can tell from a good release has to serve like one.
                assert asked(holder), f"seed {seed} ({kind})"
                served[kind] += 1
        shutil.rmtree(host)
    told = f"{SEEDS} seeds: {dict(kinds)}; of two processes each, served: {dict(served)}"
    sys.stdout.write(f"\n{told}\n")
    assert sum(served.values()) < SEEDS
