from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recommender.engine.blend import BlendSettings
from recommender.engine.explain import reasons_to_show
from recommender.engine.foldin import READING_WEIGHTS
from recommender.engine.manifest import CorruptRelease
from recommender.engine.mixture import Mixture
from recommender.engine.model import Links, Model
from recommender.engine.publish import Part, promote, write_release
from recommender.engine.release import open_release
from recommender.engine.store import open_store
from recommender.engine.values import (
    FloatArray,
    InvalidRating,
    NothingToFoldIn,
    Reading,
    Tensors,
    UnknownRanker,
)
from recommender.engine.weights import SIGNED_WEIGHTS, ReadingWeights
from tests.recommender.engine.releases import NOON, draft, item_factors

LIKE = np.array([4.0])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder: Path = tmp_path_factory.mktemp("model")
    store = open_store(str(folder / "store"))
    promote(store, write_release(store, draft(), now=NOON).version)
    return Model(open_release(store, cache_dir=folder / "cache"))


def test_names_what_took_part_and_what_it_does_not_know(model: Model) -> None:
    scores = model.fold_in({20: 5, 10: 3.5, 999: 4, 15: 1})
    assert dict(scores.rated) == {10: 3.5, 20: 5.0}
    assert scores.unknown == (15, 999)
    assert scores.ranker == "served"


def test_top_is_in_order_and_leaves_out_what_is_excluded(model: Model) -> None:
    scores = model.fold_in({20: 5, 30: 4})
    top = scores.top(10, exclude={20, 30, 12345})
    assert len(top) == 10
    assert {20, 30}.isdisjoint(book.book_id for book in top)
    assert top == sorted(top, key=lambda book: (-book.score, book.book_id))
    assert top[0].score == scores.score(top[0].book_id)


@given(
    st.dictionaries(
        st.integers(1, 30).map(lambda n: 10 * n),
        st.sampled_from([1, 2, 2.5, 3, 3.25, 4, 4.75, 5]),
        min_size=1,
    ).filter(lambda ratings: max(ratings.values()) >= 3)
)
def test_reasons_sum_to_the_score(model: Model, ratings: dict[int, float]) -> None:
    scores = model.fold_in(ratings)
    for book in scores.top(5):
        reasons = scores.reasons(book.book_id)
        assert abs(sum(reason.contribution for reason in reasons) - book.score) < 1e-5
        assert all(ratings[reason.book_id] == reason.stars for reason in reasons)
        parts = [reason.contribution for reason in reasons]
        assert parts == sorted(parts, reverse=True)


def test_the_order_of_ratings_changes_not_one_bit(model: Model) -> None:
    one = model.fold_in({10: 5, 20: 2, 30: 4, 40: 3})
    other = model.fold_in({40: 3, 30: 4, 10: 5, 20: 2})
    assert one.top(30) == other.top(30)


@pytest.mark.parametrize("ratings", [{}, {5: 5.0}, {10: 1.0, 20: 2.0}])
def test_nothing_to_start_from_is_said(model: Model, ratings: dict[int, float]) -> None:
    with pytest.raises(NothingToFoldIn, match="rate"):
        model.fold_in(ratings)


@pytest.mark.parametrize("stars", [float("nan"), 0.0, -1.0, 5.5, float("inf")])
def test_stars_that_are_none_are_refused(model: Model, stars: float) -> None:
    with pytest.raises(InvalidRating, match="Book 20"):
        model.fold_in({10: 5.0, 20: stars})


def test_a_single_rating_is_enough(model: Model) -> None:
    scores = model.fold_in({10: 4.0})
    (reason,) = scores.reasons(20)
    assert reason.book_id == 10
    assert reason.contribution == pytest.approx(scores.score(20), abs=1e-5)


def test_a_book_without_stars_speaks_by_how_it_was_read(model: Model) -> None:
    ranker = model.release.rankers["factors"]
    weights = ranker.reading_weights
    expected: list[tuple[Reading, float]] = [("once", weights.unrated), ("again", weights.reread)]
    for reading, weight in expected:
        scores = model.fold_in({}, {10: reading})
        alike = ranker.fold_in(Mixture.of_rows(np.array([0])), np.array([weight]))
        assert scores.folded.scores.tolist() == alike.scores.tolist()
        [reason] = scores.reasons(20)
        assert (reason.stars, reason.reading) == (None, reading)
    assert 0 < weights.unfinished < weights.unrated < weights.reread <= ranker.weights(LIKE)[0]


def test_books_that_were_all_given_up_are_nothing_to_start_from(model: Model) -> None:
    with pytest.raises(NothingToFoldIn, match="given up"):
        model.fold_in({999: 5}, {10: "unfinished", 20: "unfinished"})
    reasons = model.fold_in({30: 1}, {10: "unfinished", 20: "once"}).reasons(40)
    assert {one.book_id for one in reasons} == {10, 20}


def test_stars_say_more_than_how_a_book_was_read(model: Model) -> None:
    rated = model.fold_in({10: 5, 20: 1})
    also_read = model.fold_in({10: 5, 20: 1}, {10: "once", 20: "unfinished"})
    assert also_read.top(30) == rated.top(30)
    assert also_read.rated == rated.rated


def test_a_liked_book_counts_for_more_if_it_was_read_again(model: Model) -> None:
    def parts(reading: Reading) -> float:
        scores = model.fold_in({10: 4, 20: 4}, {10: reading})
        part = {one.book_id: one.contribution for one in scores.reasons(30)}
        return abs(part[10] / part[20])

    assert parts("again") > parts("once")
    disliked, again = model.fold_in({10: 5, 20: 1}), model.fold_in({10: 5, 20: 1}, {20: "again"})
    assert again.top(30) == disliked.top(30)


def test_books_without_stars_do_not_enter_the_stars_of_a_reader(model: Model) -> None:
    scores = model.fold_in({10: 5, 20: 3}, {30: "once", 999: "once", 15: "unfinished"})
    assert scores.rated == {10: 5, 20: 3}
    assert dict(scores.used) == {10: 5, 20: 3, 30: None}
    assert scores.unknown == (15, 999)


def test_what_a_book_without_stars_weighs_stands_in_the_release(tmp_path: Path) -> None:
    plain = {"weights": SIGNED_WEIGHTS.to_json(), "alpha": 5.0, "regularization": 0.1}

    def weights(**more: object) -> ReadingWeights:
        part = Part({"item_factors": item_factors()}, plain | more)
        store = open_store(str(tmp_path / f"store-{len(more)}"))
        promote(store, write_release(store, draft(parts={"factors": part}), now=NOON).version)
        release = open_release(store, cache_dir=tmp_path / "cache")
        return release.rankers["factors"].reading_weights

    assert weights() == READING_WEIGHTS  # as the first releases, which say nothing about it
    own = ReadingWeights(unrated=0.2, unfinished=-0.1, reread=0.7, reread_gain=1.5)
    assert weights(reading_weights=own.to_json()) == own


def test_unknown_names_are_refused(model: Model) -> None:
    with pytest.raises(UnknownRanker, match="factors"):
        model.fold_in({10: 5.0}, ranker="magic")
    scores = model.fold_in({10: 5.0})
    with pytest.raises(KeyError):
        scores.reasons(11)
    with pytest.raises(KeyError):
        scores.score(100_000)


def test_without_the_stars_part_no_stars_are_expected(model: Model) -> None:
    assert model.fold_in({10: 5.0}).expected_stars([20, 11]) == [None, None]


def published(folder: Path, served: BlendSettings | None, **factor_settings: object) -> Model:
    """A release of factors and neighbors, and how it serves readers."""
    ring: Tensors = {
        "starts": np.arange(0, 61, 2, dtype=np.int64),
        "targets": np.array([[row, (row + 1) % 30] for row in range(30)], dtype=np.int32).ravel(),
        "values": np.linspace(0.1, 1, 60, dtype=np.float32),
    }
    weights = {"weights": SIGNED_WEIGHTS.to_json()}
    own = weights | {"alpha": 5.0, "regularization": 0.1} | factor_settings
    parts = {
        "factors": Part({"item_factors": item_factors()}, own),
        "neighbours": Part(ring, weights),
    }
    changes: dict[str, Any] = {"served": served.to_json()} if served else {}
    both = draft(parts=parts, default_ranker="neighbours", **changes)
    store = open_store(str(folder / "store"))
    promote(store, write_release(store, both, now=NOON).version)
    return Model(open_release(store, cache_dir=folder / "cache"))


def test_readers_are_served_a_blend_of_both_rankers(tmp_path: Path) -> None:
    shares = {"neighbours": (0.0, 1.0), "factors": (1.0, 3.0)}
    model = published(tmp_path, BlendSettings((2, 4), shares))

    def units(ratings: dict[int, float], ranker: str) -> FloatArray:
        scores = model.fold_in(ratings, ranker=ranker).folded.scores
        return np.asarray(scores / scores.std())

    few, many = {10: 5.0, 20: 4.0}, {10: 5.0, 20: 4.0, 30: 2.0, 40: 3.0, 50: 5.0}
    alone = model.fold_in(few).folded.scores
    assert np.allclose(alone, model.fold_in(few, ranker="factors").folded.scores)
    blended = model.fold_in(many).folded.scores
    assert np.allclose(blended, units(many, "neighbours") + 3 * units(many, "factors"))


@pytest.fixture(scope="module")
def blended(tmp_path_factory: pytest.TempPathFactory) -> Model:
    shares = {"neighbours": (0.5, 1.0), "factors": (3.0, 0.5)}
    return published(tmp_path_factory.mktemp("blended"), BlendSettings((1, 10), shares))


@given(st.dictionaries(st.integers(1, 29), st.sampled_from([1, 2, 3, 4, 5])))
def test_reasons_sum_to_the_score_of_a_blend(blended: Model, stars: dict[int, float]) -> None:
    scores = blended.fold_in({10 * number: own for number, own in stars.items()} | {300: 4})
    for book in scores.top(5):
        total = sum(reason.contribution for reason in scores.reasons(book.book_id))
        assert total == pytest.approx(book.score, abs=1e-5)


@given(st.dictionaries(st.integers(1, 29), st.sampled_from([1, 2, 3, 4, 5])))
def test_reasons_of_several_books_are_those_of_each(
    blended: Model, stars: dict[int, float]
) -> None:
    dismissed: dict[int, Reading] = {30: "dismissed", 70: "dismissed"}
    ratings = {10 * number: own for number, own in stars.items()} | {300: 4}
    scores = blended.fold_in(
        {n: own for n, own in ratings.items() if n not in dismissed}, dismissed
    )
    books = [book.book_id for book in scores.top(40)]
    expected = [
        reasons_to_show(scores.reasons(book), scores.score(book), scores.star_scale)
        for book in books
    ]
    shown = scores.reasons_to_show(books)
    assert [[(one.kind, one.reason.book_id) for one in own] for own in shown] == [
        [(one.kind, one.reason.book_id) for one in own] for own in expected
    ]
    for own, alone in zip(shown, expected, strict=True):
        parts = [one.reason.contribution for one in alone]
        assert [one.reason.contribution for one in own] == pytest.approx(parts, abs=2e-6)


def test_shares_are_between_those_of_the_counts_around() -> None:
    blend = BlendSettings((4, 16), {"neighbours": (0.0, 1.0), "factors": (3.0, 1.0)})
    assert blend.at(1) == blend.at(4) == {"factors": 3.0}
    assert blend.at(8) == pytest.approx({"neighbours": 0.5, "factors": 2.0})
    assert blend.at(16) == blend.at(10_000) == {"neighbours": 1.0, "factors": 1.0}
    assert BlendSettings.from_json(blend.to_json()) == blend


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ((), {"factors": ()}),
        ((0, 2), {"factors": (1, 1)}),
        ((4, 2), {"factors": (1, 1)}),
        ((1, 2), {"factors": (1,)}),
        ((1, 2), {"factors": (1, float("nan"))}),
        ((1, 2), {"factors": (1, -1)}),
        ((1, 2), {"factors": (0, 1), "neighbours": (0, 1)}),
        ((1, 2), {}),
    ],
)
def test_a_blend_that_makes_no_sense_is_refused(
    counts: tuple[float, ...], shares: dict[str, tuple[float, ...]]
) -> None:
    with pytest.raises(ValueError, match="blend"):
        BlendSettings(counts, shares)


def test_a_blend_of_what_a_release_lacks_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(CorruptRelease, match="magic"):
        published(tmp_path, BlendSettings((1,), {"magic": (1.0,)}))


def test_the_first_releases_go_from_the_factors_to_the_default_ranker(
    tmp_path: Path,
) -> None:
    model = published(tmp_path, None, serves_below=3)

    def agrees(ratings: dict[int, float], ranker: str) -> bool:
        alone = model.fold_in(ratings, ranker=ranker)
        return model.fold_in(ratings).top(30) == alone.top(30)

    assert agrees({10: 5, 20: 4}, "factors")
    assert agrees({10: 5, 20: 4, 999: 4}, "factors")
    assert agrees({10: 5, 20: 4, 30: 4}, "neighbours")


def test_books_hang_together_in_both_directions(tmp_path: Path) -> None:
    weights = np.zeros((30, 30), dtype=np.float32)
    weights[0, 1], weights[0, 2], weights[3, 0], weights[4, 0] = 0.2, 0.5, 0.4, -0.3
    matrix = csr_array(weights)
    tensors: Tensors = {
        "starts": matrix.indptr.astype(np.int64),
        "targets": matrix.indices.astype(np.int32),
        "values": matrix.data,
    }
    part = Part(tensors, {"weights": SIGNED_WEIGHTS.to_json()})
    store = open_store(str(tmp_path / "store"))
    alone = draft(parts={"neighbours": part}, default_ranker="neighbours")
    promote(store, write_release(store, alone, now=NOON).version)
    links = Model(open_release(store, cache_dir=tmp_path / "cache")).links(10, 5)
    assert links.leads_to == (30, 20)
    assert links.comes_from == (40,)
    assert links.speaks_against == (50,)


def test_without_neighbors_books_have_no_links(model: Model) -> None:
    assert model.links(10, 5) == Links((), (), ())
