"""The peers of the bench, each on ratings whose structure is planted."""

import json
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.sparse import csr_array

from recommender.engine.foldin import FactorRanker
from recommender.engine.mixture import Mixture
from recommender.engine.weights import SIGNED_WEIGHTS
from spark.bench.peers import (
    GRADED,
    Fit,
    Scorer,
    explicit_factors,
    fit_ease,
    fit_explicit,
    fit_item_knn,
    fit_mrf,
    fit_popularity,
    likes_of,
    peers,
    solve_rows,
    weighted,
)
from spark.bench.published import BESIDE, in_turn, is_by_book, likes_alone
from spark.bench.quality import (
    Columns,
    choose_readers,
    kept,
    matrix_of,
    measure_peer,
    run_of,
    split,
    tune,
)
from spark.bench.sides import side_rows
from spark.bench.tune import alone, search
from spark.factors import FactorSettings
from spark.half_step import Eigenbasis, gram_of, half_step
from spark.volumes import Volumes
from tests.spark.ratings import planted_ratings, write_ratings

CAMPS = 4


@pytest.fixture
def ratings(tmp_path: Path) -> Columns:
    """Ratings of readers who each like the books of one camp."""
    write_ratings(tmp_path / "ratings.csv", planted_ratings(readers=200))
    return Columns.read(tmp_path)


def train_of(ratings: Columns) -> csr_array:
    return ratings.matrix(np.ones(len(ratings.reader), dtype=bool))


@pytest.mark.parametrize("name", ["knn", "ease", "mrf", "explicit"])
def test_personal_peers_beat_popularity(ratings: Columns, name: str) -> None:
    chosen = np.arange(40)
    readers = split(ratings, chosen, seed=1)
    train = ratings.matrix(~np.isin(ratings.reader, chosen))

    def measured(score: Scorer) -> float:
        values = measure_peer(score, readers.fold_in, readers, ratings.book_ids)
        return float(values["ndcg@10"])

    if name == "knn":
        score = fit_item_knn(train, neighbours=10)
    elif name == "ease":
        score = fit_ease(train, table=GRADED, ridge=10, per_book=0.1, discount=0.1)
    elif name == "mrf":
        score = fit_mrf(train, ridge=0.05, power=0.75)
    else:
        score = fit_explicit(train, exact=True, rank=8, ridge=0.1)
    assert measured(score) > 1.5 * measured(fit_popularity(train))


def test_ease_is_the_regression_of_each_book_on_all_others(ratings: Columns) -> None:
    train = train_of(ratings)
    score = fit_ease(train, table=GRADED, ridge=20, per_book=0, discount=0)
    rated = weighted(train, GRADED).toarray().astype(np.float64)
    others = np.arange(1, rated.shape[1])
    system = rated[:, others].T @ rated[:, others] + 20 * np.eye(len(others))
    expected = rated[:, others] @ np.linalg.solve(system, rated[:, others].T @ rated[:, 0])
    assert np.abs(np.asarray(score(train))[:, 0] - expected).max() < 1e-3


def test_a_field_is_the_regression_of_each_book_on_all_others_in_scaled_units(
    ratings: Columns,
) -> None:
    train = train_of(ratings)
    score = fit_mrf(train, ridge=0.05, power=0.75)
    likes = likes_of(train).toarray().astype(np.float64)
    centered = likes - likes.mean(axis=0)
    scale = likes.std(axis=0) ** 0.75
    scaled, others = centered / scale, np.arange(1, likes.shape[1])
    system = scaled[:, others].T @ scaled[:, others] + 0.05 * len(likes) * np.eye(len(others))
    weights = np.linalg.solve(system, scaled[:, others].T @ scaled[:, 0])
    expected = likes[:, 0].mean() + scaled[:, others] @ weights * scale[0]
    assert np.abs(np.asarray(score(train))[:, 0] - expected).max() < 1e-4


def test_peers_of_the_published_protocol_need_no_package_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("spark.bench.peers.find_spec", lambda name: None)
    assert set(BESIDE) - set(peers()) == {"SLIM", "SANSA"}
    monkeypatch.setattr("spark.bench.peers.find_spec", lambda name: name)
    assert set(BESIDE) <= set(peers())


def test_the_last_ratings_of_a_file_are_hidden_where_that_is_asked_for(ratings: Columns) -> None:
    likes = likes_alone(ratings)
    assert likes.stars.min() >= 4
    assert np.bincount(likes.reader).min() >= 5
    [row] = chosen = np.array([3])
    reader = int(likes.reader_ids[row])
    books = likes.book_ids[likes.book[likes.reader == row]].tolist()
    readers = split(likes, chosen, seed=1, last=True)
    hidden = -(-len(books) // 5)
    assert set(readers.held_out[reader]) == set(books[-hidden:])
    assert set(readers.fold_in[reader]) == set(books[:-hidden])


def test_a_file_by_book_tells_no_time_and_gets_one_with_volumes_in_turn(ratings: Columns) -> None:
    by_book = np.lexsort((ratings.book, ratings.reader))
    ordered = Columns(
        ratings.reader[by_book],
        ratings.book[by_book],
        ratings.stars[by_book],
        ratings.reader_ids,
        ratings.book_ids,
    )
    assert is_by_book(ordered)
    books = len(ratings.book_ids)
    odd = np.where(np.arange(books) % 2, np.arange(books) % 3, -1)
    timed = in_turn(ordered, Volumes(odd, -np.arange(books, dtype=float)), seed=1)
    assert not is_by_book(timed)
    assert sorted(zip(timed.reader, timed.book, timed.stars, strict=True)) == sorted(
        zip(ratings.reader, ratings.book, ratings.stars, strict=True)
    )
    for reader in range(len(ratings.reader_ids)):
        own = timed.book[timed.reader == reader]
        for series in range(3):
            volumes = own[odd[own] == series].tolist()
            assert volumes == sorted(volumes, reverse=True)


def test_likes_are_taken_from_stars_that_stay_as_they_are(ratings: Columns) -> None:
    train = train_of(ratings)
    before = train.toarray()
    assert (likes_of(train).toarray() == (before >= 4)).all()
    assert (train.toarray() == before).all()


def test_a_half_step_solves_the_ridge_regression_of_each_reader(ratings: Columns) -> None:
    train = train_of(ratings)
    items = explicit_factors(train, rank=3, rounds=2)
    factor = solve_rows(train, items, 0.1)[0]
    mine = items[train.indices[: train.indptr[1]]]
    error = mine.T @ (mine @ factor - train.data[: train.indptr[1]]) + 0.1 * len(mine) * factor
    assert np.abs(error).max() < 1e-8


def test_readers_with_a_complete_history_are_held_out(ratings: Columns, tmp_path: Path) -> None:
    complete = tmp_path / "complete_users.csv"
    complete.write_text("user_id\n3\n5\n8\n", encoding="utf-8")
    chosen = choose_readers(ratings, complete, 2, seed=1)
    assert len(chosen) == 2
    assert set(ratings.reader_ids[chosen].tolist()) <= {3, 5, 8}
    readers = split(ratings, np.sort(chosen), seed=1)
    assert [len(readers.held_out[reader]) for reader in readers.readers] == [2, 2]
    fold_in = matrix_of(readers.readers, readers.fold_in, ratings.book_ids)
    assert np.diff(fold_in.indptr).tolist() == [8, 8]
    for row, reader in enumerate(readers.readers):
        own = ratings.book_ids[fold_in.indices[fold_in.indptr[row] : fold_in.indptr[row + 1]]]
        assert set(own.tolist()) == set(readers.fold_in[reader])


def test_the_better_settings_are_chosen_on_other_readers(ratings: Columns) -> None:
    others = np.arange(40)
    readers = split(ratings, others, seed=1)
    train = ratings.matrix(~np.isin(ratings.reader, others))
    fits: list[Fit] = [fit_popularity, partial(fit_item_knn, neighbours=10)]
    score, tried = tune(fits, train, readers, ratings.book_ids)
    assert tried[1]["neighbours"] == 10
    assert tried[1]["ndcg@100"] > tried[0]["ndcg@100"]
    chosen = measure_peer(score, readers.fold_in, readers, ratings.book_ids)
    assert chosen["ndcg@100"] == tried[1]["ndcg@100"]


def test_plots_and_the_search_are_drawn_from_the_figures(tmp_path: Path) -> None:
    run = {"ndcg@100": 0.5, "popularity@10": 0.08, "profile_popularity": 0.06}
    sizes = {"3": {"ndcg@100": 0.1}, "5": {"ndcg@100": 0.2}, "10": {}}
    figures = {
        "measured": {"ours & theirs": [{**run, "sizes": sizes}, run]},
        "tried": {"item-kNN": [{"neighbours": 50, "ndcg@100": 0.4}]},
    }
    source = tmp_path / "quality.json"
    source.write_text(json.dumps(figures), encoding="utf-8")

    command = [sys.executable, "-m", "spark.bench.plots", str(source), str(tmp_path / "plots")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    for name, marks in (("bias", 1), ("sizes", 2)):
        drawn = ElementTree.parse(tmp_path / "plots" / f"{name}.svg")
        assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == marks
    assert "| item-kNN | neighbours 50 | 0.400 |" in printed


def test_only_what_was_measured_alike_is_kept(ratings: Columns, tmp_path: Path) -> None:
    options = Namespace(readers=50, tuning=20, seeds=1)
    run = run_of(ratings, options)
    fits: list[Fit] = [partial(fit_item_knn, neighbours=n) for n in (5, 10)]
    offered: dict[str, list[Fit]] = {"item-kNN": fits, "popularity": [fit_popularity]}
    figures = {
        "run": run,
        "measured": {"item-kNN": [{"ndcg@100": 0.4}], "Bookfold: factors": [{"ndcg@100": 0.5}]},
        "tried": {"item-kNN": [{"neighbours": n, "ndcg@100": 0.3} for n in (5, 10)]},
    }
    source = tmp_path / "quality.json"
    source.write_text(json.dumps(figures), encoding="utf-8")

    measured, tried = kept(source, run, offered)
    assert measured == {"item-kNN": [{"ndcg@100": 0.4}]}
    assert tried == figures["tried"]

    assert kept(source, run, {"item-kNN": fits[:1]}) == ({}, {})
    assert kept(source, run_of(ratings, Namespace(**{**vars(options), "seeds": 2})), offered) == (
        {},
        {},
    )
    other = replace(ratings, stars=ratings.stars[::-1].copy())
    assert kept(source, run_of(other, options), offered) == ({}, {})
    assert kept(tmp_path / "none.json", run, offered) == ({}, {})


def test_the_search_folds_in_as_readers_are_folded_in(ratings: Columns) -> None:
    items = np.random.default_rng(2).normal(size=(len(ratings.book_ids), 5)).astype(np.float32)
    train = weighted(train_of(ratings), SIGNED_WEIGHTS)
    settings: dict[str, Any] = {"alpha": 2.0, "regularization": 0.1}
    solved = half_step(train, items, Eigenbasis.of(gram_of(items)), offset=3.0, **settings)
    ranker = FactorRanker(items, weights=SIGNED_WEIGHTS, regularization_offset=3.0, **settings)
    for row in (0, 7, 199):
        own = slice(train.indptr[row], train.indptr[row + 1])
        books = Mixture.of_rows(train.indices[own].astype(np.int64))
        folded = ranker.fold_in(books, train.data[own].astype(float))
        assert np.abs(folded.reader_factor - solved[row]).max() < 1e-4


def test_the_search_finds_the_rank_of_what_was_planted(ratings: Columns, tmp_path: Path) -> None:
    grid = [
        alone(FactorSettings(rank=rank, alpha=5.0, regularization_offset=0.0))
        for rank in (1, CAMPS)
    ]
    found = search(tmp_path, ratings, grid, test_readers=50)
    one, four = [measured["ndcg@10"] for _, measured, _ in found]
    assert four > 1.5 * one


def test_rows_beside_the_ratings_are_those_of_the_build(ratings: Columns, tmp_path: Path) -> None:
    (tmp_path / "books.csv").write_text(
        "book_id,authors,title\n"
        '1,"Ann Archer, Bo","Dawn (Day, #1)"\n2,Ann Archer,"Noon (Day, #2)"\n3,Cy,Alone\n',
        encoding="utf-8",
    )
    (tmp_path / "to_read.csv").write_text("user_id,book_id\n7,3\n7,2\n999,1\n", encoding="utf-8")
    tags = [f"{book},{tag},9" for tag, books in ((1, (1, 2, 3)), (2, (1, 2))) for book in books]
    lines = "\n".join(["book_id,tag_id,count", *tags])
    (tmp_path / "book_tags.csv").write_text(f"{lines}\n", encoding="utf-8")
    rows = side_rows(tmp_path, ratings, train_of(ratings), FactorSettings()).toarray()
    found = [
        {int(book): round(float(row[book]), 4) for book in np.flatnonzero(row)}
        for row in rows
        if row.any()
    ]
    assert found == [
        {1: 0.5, 2: 0.5},
        {0: 4.0, 1: 4.0},
        {0: 4.0},
        {2: 4.0},
        {0: 4.0, 1: 4.0},
        # A tag of two books tells too little.
        {0: 5.0, 1: 5.0, 2: 5.0},
    ]
