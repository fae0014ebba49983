"""What the rules after scoring cost, and how far stars are off, on lists known beforehand."""

from pathlib import Path

import numpy as np
import pytest

from recommender.engine.stars import StarModel
from spark.bench.quality import Columns
from spark.bench.rules import main
from spark.bench.stars import book_means, expected_stars, rmse, without_factors
from tests.spark.test_evaluate import chain_release, write


def test_each_rule_has_a_line_and_costs_what_it_hides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain_release(tmp_path)
    fold_in = write(tmp_path / "fold.csv", [(1, 1, 5)])
    held_out = write(tmp_path / "held.csv", [(1, 3, 5)])
    series = [f'{n},Writer {n},"Title (The Cycle, #{n})",eng' for n in (1, 2, 3)]
    books = tmp_path / "books.csv"
    books.write_text("\n".join(["book_id,authors,title,language_code", *series]), encoding="utf-8")
    files = [f"--books={books}", f"--fold-in={fold_in}", f"--held-out={held_out}"]

    assert main([f"--release={tmp_path / 'store'}", *files]) == 0

    lines = capsys.readouterr().out.splitlines()[2:]
    ndcg = {line.split(" | ")[0].strip("| "): float(line.split(" | ")[1]) for line in lines}
    assert ndcg["none"] == pytest.approx(1 / np.log2(3), abs=1e-4)
    # The hidden book is the third volume, which is offered when the second is read.
    assert ndcg["the next unread volume only"] == 0.0
    assert ndcg["all of them"] == 0.0
    assert ndcg["languages the reader reads"] == ndcg["none"]
    assert ndcg["dial 2, very adventurous"] > 0


def test_stars_are_expected_from_the_training_ratings_alone() -> None:
    ratings = Columns(
        reader=np.repeat([0, 1], 6),
        book=np.tile(np.arange(6), 2),
        stars=np.array([5, 5, 5, 5, 5, 1, 3, 3, 3, 3, 3, 3], dtype=np.float32),
        reader_ids=np.array([7, 8]),
        book_ids=np.arange(6),
    )
    model = StarModel(
        np.zeros(6, dtype=np.float32),
        np.zeros((6, 2), dtype=np.float32),
        mean=3.0,
        reader_damping=0.0,
        regularization=0.1,
    )
    training = np.array([0, 1, 2, 3, 4, 6])  # all but the last of one reader; one of the other's
    expected = expected_stars(without_factors(model), ratings, training)
    assert expected[5] == pytest.approx(5.0)
    assert np.isnan(expected[7])
    assert rmse(expected, ratings.stars.astype(float)) == pytest.approx((16 / 6) ** 0.5)
    assert book_means(ratings, training)[[0, 11]].tolist() == [4.0, pytest.approx(28 / 6)]
