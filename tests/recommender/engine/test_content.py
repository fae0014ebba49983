from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.engine.blend import BlendSettings
from recommender.engine.book_content import BookContent, ContentSettings, Vocabulary
from recommender.engine.content import ContentModel, content_tensors
from recommender.engine.manifest import CorruptRelease
from recommender.engine.model import Model, Scores
from recommender.engine.publish import Part, promote, write_release
from recommender.engine.release import open_release
from recommender.engine.served import AddedBooks
from recommender.engine.store import open_store
from recommender.engine.values import NothingToFoldIn, Reading, Tensors
from recommender.engine.weights import SIGNED_WEIGHTS
from spark.content import with_unrated
from tests.recommender.engine.releases import NOON, draft, item_factors

BOOKS = 30
#: Of every three neighbors in the ring of books one author has written them, in a genre of two.
CONTENTS = {
    10 * number: BookContent(
        authors=(f"Author {number // 3}",),
        series="Saga" if number in (7, 8) else "",
        tags={f"genre {number // 6}": 10, f"mood {number // 3 % 2}": 2},
        year=1990 + number,
        language="eng",
    )
    for number in range(1, BOOKS + 1)
}
#: Nobody has rated 80, two have rated 90, four have rated 100; all others have many ratings.
FEW = {80: 0, 90: 2, 100: 4}
LIKES_SAGA = {70: 5.0, 60: 4.0, 200: 2.0}


def release_parts(settings: ContentSettings) -> dict[str, Any]:
    book_ids = 10 * np.arange(1, BOOKS + 1, dtype=np.int64)
    ratings = np.array([FEW.get(int(book), 1000) for book in book_ids], dtype=np.int64)
    trained = np.flatnonzero(ratings)
    ring: Tensors = {
        "starts": 2 * np.arange(len(trained) + 1, dtype=np.int64),
        "targets": np.sort(
            [[(row + 1) % len(trained), (row + 2) % len(trained)] for row in range(len(trained))]
        )
        .ravel()
        .astype(np.int32),
        "values": np.linspace(0.2, 1, 2 * len(trained), dtype=np.float32),
    }
    weights = {"weights": SIGNED_WEIGHTS.to_json()}
    factors = Part({"item_factors": item_factors(len(trained))}, weights | FACTOR_SETTINGS)
    parts = {"factors": factors, "neighbours": Part(ring, weights)}
    parts = {name: with_unrated(part, trained, BOOKS) for name, part in parts.items()}
    content = content_tensors(CONTENTS, book_ids, ratings, settings)
    return {
        "parts": parts | {"content": Part(content, settings.to_json())},
        "books": {"book_id": book_ids, "ratings": ratings},
        "default_ranker": "neighbours",
        "served": BlendSettings((1,), {"neighbours": (1.0,), "factors": (0.5,)}).to_json(),
    }


FACTOR_SETTINGS = {"alpha": 5.0, "regularization": 0.1}


def opened(folder: Path, **changes: Any) -> Model:
    store = open_store(str(folder / "store"))
    made = release_parts(ContentSettings()) | changes
    promote(store, write_release(store, draft(**made), now=NOON).version)
    return Model(open_release(store, cache_dir=folder / "cache"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return opened(tmp_path_factory.mktemp("content"))


@pytest.fixture(scope="module")
def content(model: Model) -> ContentModel:
    assert model.release.content is not None
    return model.release.content


@pytest.fixture(scope="module")
def grown(model: Model, content: ContentModel) -> Model:
    """The same release, and two books that have come since."""
    books = [
        BookContent(authors=("Author 2",), series="Saga", language="en"),
        BookContent(authors=("Nobody known",)),
    ]
    ids = np.array([55, 2_000_001], dtype=np.int64)
    return Model(model.release, AddedBooks(ids, content.links_of(books)))


def test_a_book_without_ratings_is_scored_by_those_like_it(model: Model) -> None:
    scores = model.fold_in(LIKES_SAGA)
    unlike = [book for book in CONTENTS if book not in {*LIKES_SAGA, 60, 70, 80, 90, 100}]
    assert scores.score(80) > 0
    assert scores.score(80) > np.median([scores.score(book) for book in unlike])


def test_added_books_take_part_at_once(model: Model, grown: Model) -> None:
    assert model.fold_in(LIKES_SAGA | {55: 4}).unknown == (55,)
    scores = grown.fold_in(LIKES_SAGA)
    assert scores.unknown == ()
    assert 55 in [one.book_id for one in scores.top(8, exclude=LIKES_SAGA)]
    assert scores.score(2_000_001) == 0.0
    assert grown.knows([10, 11, 55, 2_000_001]) == {10, 55, 2_000_001}
    without = model.fold_in(LIKES_SAGA)
    assert [one for one in scores.top(40) if one.book_id in CONTENTS] == without.top(40)


def test_a_rating_of_an_added_book_speaks_through_those_like_it(grown: Model) -> None:
    scores = grown.fold_in({55: 5.0})
    assert dict(scores.used) == {55: 5.0}
    best = [one.book_id for one in scores.top(3, exclude=[55]) if one.score > 0]
    assert best
    [reason] = scores.reasons(best[0])
    assert reason.book_id == 55
    assert reason.contribution == pytest.approx(scores.score(best[0]))
    with pytest.raises(NothingToFoldIn):
        grown.fold_in({2_000_001: 5.0})


@given(
    st.dictionaries(
        st.sampled_from([*CONTENTS, 55]), st.sampled_from([1.0, 2.5, 4.0, 5.0]), min_size=1
    ),
    st.dictionaries(st.sampled_from([*CONTENTS, 55]), st.sampled_from(["once", "again"])),
)
def test_reasons_sum_to_every_score(
    grown: Model, ratings: dict[int, float], readings: dict[int, Reading]
) -> None:
    scores = grown.fold_in(ratings | {30: 5.0}, readings)
    for book in (80, 90, 100, 110, 55, 2_000_001):
        total = sum(reason.contribution for reason in scores.reasons(book))
        assert total == pytest.approx(scores.score(book), abs=1e-5)


def test_a_book_moves_from_content_to_ratings(model: Model, content: ContentModel) -> None:
    settings = content.settings
    shares = settings.from_ratings(np.array([0, 1, 2, 4, settings.enough - 1, settings.enough]))
    assert shares[0] == 0
    assert shares[-1] == 1
    assert (np.diff(shares) > 0).all()
    places = model.items.places_of(np.array([80, 90, 100, 110]))
    assert model.items.from_ratings[places].tolist() == [*shares[[0, 2, 3]], 1.0]


def test_books_with_enough_ratings_do_not_look_at_content(tmp_path: Path, model: Model) -> None:
    made = release_parts(ContentSettings())
    del made["parts"]["content"]
    plain = opened(tmp_path, **made)
    for book in (10, 110, 300):
        assert model.fold_in(LIKES_SAGA).score(book) == plain.fold_in(LIKES_SAGA).score(book)
    assert plain.fold_in(LIKES_SAGA).score(80) == 0.0


def test_ten_volumes_of_one_series_do_not_count_ten_times() -> None:
    settings = ContentSettings()
    volumes = [BookContent(authors=("A",), series="S")] * 10 + [BookContent(series="other")]
    ratings = np.full(len(volumes) + 1, 1000)
    ratings[-1] = 0
    contents = dict(enumerate([*volumes, volumes[0]]))
    tensors = content_tensors(contents, np.arange(len(ratings)), ratings, settings)
    shares = tensors["link_shares"]
    assert len(shares) == 10
    assert shares.sum() < 1.0
    assert shares.sum() > 0.9


def test_small_shares_are_left_out(content: ContentModel) -> None:
    books = list(CONTENTS.values())
    every = replace(content.settings, least_share=0.0)
    ratings = np.full(BOOKS + 1, 1000)
    ratings[-1] = 0
    contents = dict(enumerate([*books, BookContent(authors=("Author 2",), language="en")]))

    def shares(settings: ContentSettings) -> list[float]:
        tensors = content_tensors(contents, np.arange(BOOKS + 1), ratings, settings)
        return sorted(tensors["link_shares"].tolist())

    large = [one for one in shares(every) if abs(one) >= 0.02]
    assert shares(content.settings) == large
    assert 0 < len(large) < len(shares(every))


def test_only_books_with_enough_ratings_speak_for_others(content: ContentModel) -> None:
    links = content.links_of(list(CONTENTS.values()))
    thin = {book // 10 - 1 for book in FEW}
    assert thin.isdisjoint(links.rows.tolist())


def test_names_are_compared_without_accents_case_and_punctuation(content: ContentModel) -> None:
    plain, odd = (
        BookContent(authors=(author,), series=series, tags={tag: 1}, language=language)
        for author, series, tag, language in (
            ("Author 2", "Saga", "genre 1", "eng"),
            ("ÁUTHOR. 2", "saga!", "Genre-1", "en"),
        )
    )
    links = content.links_of([plain, odd])
    lengths = np.diff(links.starts)
    assert lengths[0] == lengths[1] > 0
    assert np.allclose(links.shares[: lengths[0]], links.shares[lengths[0] :])


def test_a_tag_is_as_common_as_readers_hold_it_for_the_books() -> None:
    """Somebody calls nearly every book a romance; most of its readers do so of few."""
    books = [
        BookContent(tags={"to-read": 1000, "romance": 900 if n < 10 else 1}) for n in range(100)
    ]
    words = Vocabulary.of(books, ContentSettings())
    rarity = words.rarity[words.vector(books[0], ContentSettings())[0]]
    assert len(rarity) == 1  # to read says nothing
    assert rarity == pytest.approx(np.log(100 / (10 * 0.9 + 90 * 0.001)))


def test_what_is_expected_of_a_book_that_nobody_has_rated_is_not_said(grown: Model) -> None:
    assert grown.fold_in(LIKES_SAGA).expected_stars([80, 55]) == [None, None]


def test_the_dial_knows_added_books(grown: Model) -> None:
    features = grown.fold_in(LIKES_SAGA).candidate_features([70, 55, 300])
    assert features.ratings.tolist() == [1000, 0, 1000]
    alike = features.similarity(1)
    assert alike[1] == 1.0
    assert alike[0] > alike[2]


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("link_rows", lambda t: t + 1000),
        ("link_rows", lambda t: t - 1000),
        ("link_starts", lambda t: t[::-1].copy()),
        ("link_shares", lambda t: t[:-1]),
        ("columns", lambda t: t + 1_000_000),
        ("values", lambda t: t[:-1]),
        ("starts", lambda t: t[:-1]),
        ("vocabulary", lambda t: t[::-1].copy()),
        ("rarity", lambda t: t[:-1]),
    ],
)
def test_content_that_is_out_of_step_is_corrupt(tmp_path: Path, name: str, broken: Any) -> None:
    made = release_parts(ContentSettings())
    part = made["parts"]["content"]
    made["parts"]["content"] = Part(
        {**part.tensors, name: broken(part.tensors[name])}, part.settings
    )
    with pytest.raises(CorruptRelease):
        opened(tmp_path, **made)


@pytest.mark.parametrize(
    "changes",
    [{"ridge": 0.0}, {"prior": -1.0}, {"scale": float("nan")}, {"weights": {"author": 1.0}}],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="ontent"):
        ContentSettings(**changes)


def parts_of(scores: Scores, book: int) -> dict[int, float]:
    return {reason.book_id: reason.contribution for reason in scores.reasons(book)}


def test_who_loved_a_book_looks_for_more_like_it(grown: Model) -> None:
    liked, disliked = grown.fold_in({70: 5.0, 200: 4.0}), grown.fold_in({70: 1.0, 200: 4.0})
    assert parts_of(liked, 55)[70] > 0 > parts_of(disliked, 55)[70]


def test_books_can_be_looked_at_as_if_nobody_had_rated_them(content: ContentModel) -> None:
    rows = np.array([5, 6])  # books 60 and 70
    changed = content.as_if_unrated(rows)
    assert changed.from_ratings[rows].tolist() == [0.0, 0.0]
    assert np.diff(changed.links.starts)[rows].min() > 0
    assert {5, 6}.isdisjoint(changed.links.rows.tolist())
    assert content.from_ratings[rows].tolist() == [1.0, 1.0]
