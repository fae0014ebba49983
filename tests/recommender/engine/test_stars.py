from pathlib import Path

import numpy as np
import pytest

from recommender.engine.model import Model
from recommender.engine.publish import Part, write_release
from recommender.engine.release import open_release
from recommender.engine.stars import StarModel
from recommender.engine.store import FileStore
from tests.recommender.engine.releases import NOON, draft


def model(*, books: int = 20, rank: int = 3, **changes: float) -> StarModel:
    random = np.random.default_rng(4)
    settings = {"mean": 3.9, "reader_damping": 5.0, "regularization": 0.1} | changes
    return StarModel(
        random.normal(0, 0.3, books).astype(np.float32),
        random.normal(0, 0.5, (books, rank)).astype(np.float32),
        **settings,
    )


def test_a_planted_reader_is_found_again() -> None:
    stars = model(books=200, reader_damping=0.0, regularization=1e-9)
    taste, bias = np.array([0.4, -0.3, 0.2]), 0.25
    given = 3.9 + bias + stars.book_bias + stars.item_factors @ taste
    rows, wanted = np.arange(150), np.arange(150, 200)
    # The bias is fitted first, so a little of the taste's mean is taken for bias.
    expected = stars.expected(rows, given[rows], wanted)
    assert expected is not None
    assert np.abs(expected - np.clip(given[wanted], 1, 5)).max() < 0.1


def test_a_reader_like_all_others_gets_the_books_own_stars() -> None:
    stars = model()
    rows, wanted = np.arange(6), np.arange(6, 20)
    expected = stars.expected(rows, 3.9 + stars.book_bias[rows].astype(np.float64), wanted)
    assert expected is not None
    assert np.allclose(expected, np.clip(3.9 + stars.book_bias[wanted], 1, 5), atol=1e-6)


def test_fewer_than_five_ratings_tell_nothing() -> None:
    assert model().expected(np.arange(4), np.full(4, 5.0), np.arange(4, 9)) is None


def test_stars_stay_between_one_and_five() -> None:
    stars = model(mean=4.9)
    high = stars.expected(np.arange(10), np.full(10, 5.0), np.arange(10, 20))
    low = stars.expected(np.arange(10), np.full(10, 0.5), np.arange(10, 20))
    assert high is not None
    assert low is not None
    assert high.max() <= 5.0
    assert low.min() >= 1.0


def test_tensors_out_of_step_are_refused() -> None:
    with pytest.raises(ValueError, match="one bias and one factor"):
        StarModel(
            np.zeros(3, dtype=np.float32),
            np.zeros((4, 2), dtype=np.float32),
            mean=4.0,
            reader_damping=5.0,
            regularization=0.1,
        )


def test_a_release_with_stars_tells_them_from_five_ratings_on(tmp_path: Path) -> None:
    stars = model(books=30)
    tensors = {"book_bias": stars.book_bias, "item_factors": stars.item_factors}
    settings = {"mean": 3.9, "reader_damping": 5.0, "regularization": 0.1}
    plain = draft()
    parts = {**plain.parts, "stars": Part(tensors, settings)}
    store = FileStore(tmp_path / "store")
    version = write_release(store, draft(parts=parts), now=NOON).version
    release = open_release(store, cache_dir=tmp_path / "cache", version=version)
    five = {10: 5.0, 20: 4.0, 30: 2.0, 40: 4.5, 50: 3.0}
    expected = stars.expected(np.arange(5), np.array(list(five.values())), np.array([9]))
    assert expected is not None
    shown = Model(release).fold_in(five).expected_stars([100, 7])
    assert shown == [pytest.approx(expected[0]), None]
    assert Model(release).expected_stars({**five, 999: 1.0}, [100, 7]) == shown
    del five[50]
    assert Model(release).fold_in(five).expected_stars([100]) == [None]
