"""Small releases for the tests of the numerics."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from recommender.engine.manifest import Dataset, Manifest
from recommender.engine.publish import Draft, Part, promote, write_release
from recommender.engine.store import Store
from recommender.engine.values import Float32Array
from recommender.engine.weights import SIGNED_WEIGHTS

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DATASET = Dataset(
    name="made up", simulated=True, ratings=600, readers=40, books=30, sha256="0" * 64
)


def item_factors(books: int = 30, rank: int = 6, *, seed: int = 1) -> Float32Array:
    """Factors drawn at random."""
    return np.random.default_rng(seed).normal(0, 0.4, (books, rank)).astype(np.float32)


def draft(factors: Float32Array | None = None, **changes: Any) -> Draft:
    """A release of books 10, 20, 30, …, of which the later ones are the more popular."""
    factors = item_factors() if factors is None else factors
    settings = {"weights": SIGNED_WEIGHTS.to_json(), "alpha": 5.0, "regularization": 0.1}
    books = np.arange(1, len(factors) + 1, dtype=np.int64)
    values: dict[str, Any] = {
        "books": {"book_id": 10 * books, "ratings": books},
        "parts": {"factors": Part({"item_factors": factors}, settings)},
        "dataset": DATASET,
        "default_ranker": "factors",
    } | changes
    return Draft(**values)


def publish(store: Store, *, seed: int = 1, hours: int = 0) -> Manifest:
    """Put a release with factors of its own in use."""
    manifest = write_release(
        store, draft(item_factors(seed=seed)), now=NOON + timedelta(hours=hours)
    )
    promote(store, manifest.version)
    return manifest
