"""Neighbors from Spark beside the same computed whole, in float64, on one machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from recommender.engine.mixture import Mixture
from recommender.engine.neighbours import NeighbourRanker
from recommender.engine.publish import Part
from recommender.engine.values import FloatArray, IntArray
from spark.clean import deduplicate, parse_ratings, read_ratings
from spark.gram import GramSettings, gram_blocks
from spark.groups import MOST_GROUPS, alike_groups
from spark.neighbours import NeighbourSettings, solve_system, train_neighbours
from spark.signals import SideFiles
from tests.spark.ratings import planted_ratings, write_ratings

pytestmark = pytest.mark.spark

BOOKS = 40
READERS = 120
NOTHING = SideFiles()


def ratings_of(spark: SparkSession, folder: Path, **shape: int) -> DataFrame:
    rows = planted_ratings(readers=READERS, books=BOOKS, **shape)
    return deduplicate(
        parse_ratings(read_ratings(spark, str(write_ratings(folder / "r.csv", rows))))
    )


def ids_of(ratings: DataFrame) -> IntArray:
    return np.array(sorted(row[0] for row in ratings.select("book_id").distinct().collect()))


def dense(part: Part) -> FloatArray:
    """The weights by giving book and receiving book."""
    starts = part.tensors["starts"]
    matrix = np.zeros((len(starts) - 1, len(starts) - 1))
    for book in range(len(matrix)):
        row = slice(starts[book], starts[book + 1])
        matrix[book, part.tensors["targets"][row]] = part.tensors["values"][row]
    return matrix


def is_whole(ratings: DataFrame, ids: IntArray, settings: NeighbourSettings) -> FloatArray:
    """What the neighbors are where every other book is one: no pruning, one dense system."""
    rows = ratings.select("user_id", "book_id", "stars").collect()
    readers = sorted({row.user_id for row in rows})
    stars = np.full((len(readers), len(ids)), np.nan)
    for row in rows:
        stars[readers.index(row.user_id), np.searchsorted(ids, row.book_id)] = row.stars
    signals, known = settings.signals, ~np.isnan(stars)
    length = (known.sum(axis=1) + signals.length_offset) ** signals.length_power
    scale = np.sqrt(length / np.average(length, weights=known.sum(axis=1)))[:, None]
    given = np.where(known, signals.given(np.nan_to_num(stars)), 0) * scale
    wanted = np.where(known, signals.wanted(np.nan_to_num(stars)), 0) * scale
    gram, toward = given.T @ given, given.T @ wanted
    counts = np.diag(gram)
    ridge = settings.ridge * np.maximum(counts, 1) ** settings.ridge_power
    weights = np.zeros_like(gram)
    for book in range(len(ids)):
        others = np.flatnonzero((gram[book] > 0) & (np.arange(len(ids)) != book))
        system = gram[np.ix_(others, others)] + np.diag(ridge[others])
        weights[others, book] = np.linalg.solve(system, toward[others, book])
    discounted: FloatArray = (
        weights * (counts + settings.discount_offset) ** -settings.discount_power
    )
    return discounted


@pytest.mark.parametrize("block", [7, 1000])
def test_weights_are_those_of_the_whole_system_whatever_the_blocks(
    spark: SparkSession, tmp_path: Path, block: int
) -> None:
    ratings = ratings_of(spark, tmp_path)
    ids = ids_of(ratings)
    settings = NeighbourSettings(gram=GramSettings(block=block))
    groups = np.random.default_rng(1).integers(0, 3, len(ids))
    part = train_neighbours(spark, ratings, ids, NOTHING, settings, groups=groups)
    assert np.abs(dense(part) - is_whole(ratings, ids, settings)).max() < 1e-5


def test_no_book_has_more_neighbors_than_asked_for_nor_itself(
    spark: SparkSession, tmp_path: Path
) -> None:
    ratings = ratings_of(spark, tmp_path)
    settings = NeighbourSettings(gram=GramSettings(candidates=6, kept=12, block=9))
    weights = dense(train_neighbours(spark, ratings, ids_of(ratings), NOTHING, settings))
    assert (weights != 0).sum(axis=0).max() <= 6
    assert not np.diag(weights).any()


def test_readers_are_led_to_their_own_camp(spark: SparkSession, tmp_path: Path) -> None:
    ratings = ratings_of(spark, tmp_path)
    ids = ids_of(ratings)
    part = train_neighbours(spark, ratings, ids, NOTHING, NeighbourSettings())
    ranker = NeighbourRanker.from_part(part.tensors, part.settings)
    for camp in range(4):
        own = np.flatnonzero(ids % 4 == camp)
        scores = ranker.fold_in(Mixture.of_rows(own[:3]), ranker.weights(np.full(3, 5.0))).scores
        best = np.argsort(-np.delete(scores, own[:3]))[: len(own) - 3]
        assert (np.delete(ids, own[:3])[best] % 4 == camp).all()


def write_side_files(folder: Path, lines: Mapping[str, Sequence[str]]) -> SideFiles:
    for name, rows in lines.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return SideFiles.beside(str(folder))


HEAD = "book_id,goodreads_book_id,authors,title"
TAG_HEAD = "goodreads_book_id,tag_id,count"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(
            {"books": [HEAD, '1,901,"Ann ""A"" Lee, Bo",Down', '2,902,"Ann ""A"" Lee",Up']},
            id="an author",
        ),
        pytest.param(
            {"books": [HEAD, '1,901,A,"Down, (The Deep, #1)"', '2,902,B,"Up (the deep, #2)"']},
            id="a series",
        ),
        pytest.param(
            {
                "books": [HEAD, "1,901,A,Down", "2,902,B,Up", "3,903,C,Left"],
                "book_tags": [TAG_HEAD, "901,7,50", "902,7,60", "903,7,1"],
            },
            id="a tag",
        ),
    ],
)
def test_what_books_share_makes_them_neighbors(
    spark: SparkSession, tmp_path: Path, lines: dict[str, list[str]]
) -> None:
    """Books 1 and 2 are of different camps, so nothing but the side files brings them together."""
    ratings = ratings_of(spark, tmp_path)
    ids = ids_of(ratings)
    plain = dense(train_neighbours(spark, ratings, ids, NOTHING, NeighbourSettings()))
    files = write_side_files(tmp_path, lines)
    weights = dense(train_neighbours(spark, ratings, ids, files, NeighbourSettings()))
    one, two = np.searchsorted(ids, [1, 2])
    assert weights[one, two] > plain[one, two] + 1e-3


def test_shelves_of_readers_without_ratings_take_no_part(
    spark: SparkSession, tmp_path: Path
) -> None:
    ratings = ratings_of(spark, tmp_path)
    ids = ids_of(ratings)
    strangers = [f"{reader},{book}" for reader in range(5000, 5200) for book in (1, 2)]
    files = write_side_files(tmp_path, {"to_read": ["user_id,book_id", *strangers]})
    plain = dense(train_neighbours(spark, ratings, ids, NOTHING, NeighbourSettings()))
    shelved = dense(train_neighbours(spark, ratings, ids, files, NeighbourSettings()))
    assert np.array_equal(plain, shelved)
    own = [f"{reader},{book}" for reader in range(1, READERS + 1) for book in (1, 2)]
    files = write_side_files(tmp_path, {"to_read": ["user_id,book_id", *own]})
    weights = dense(train_neighbours(spark, ratings, ids, files, NeighbourSettings()))
    one, two = np.searchsorted(ids, [1, 2])
    assert weights[one, two] > plain[one, two] + 1e-3


def test_a_system_that_pruning_made_indefinite_is_solved_all_the_same() -> None:
    system = np.array([[1.0, 3.0], [3.0, 1.0]], dtype=np.float32)
    wanted = np.array([1.0, 2.0], dtype=np.float32)
    ridge = np.array([0.5, 0.5], dtype=np.float32)
    expected = np.linalg.solve(system + np.diag(ridge), wanted)
    assert np.allclose(solve_system(system.copy(), ridge, wanted), expected, atol=1e-5)


def test_blocks_are_cut_by_entries_and_by_number() -> None:
    settings = GramSettings(block=500)
    counts = np.full(2_000, 100)
    assert gram_blocks(counts, settings).tolist() == [500, 1000, 1500, 2000]
    counts[:10] = 1_000_000  # a tenth of the entries each
    ends = gram_blocks(counts, settings).tolist()
    assert ends[:10] == [*range(1, 11)]
    assert np.diff([0, *ends]).max() <= 500
    assert ends[-1] == 2_000
    assert gram_blocks(np.array([3, 1]), GramSettings(block=1)).tolist() == [1, 2]


def test_groups_are_of_books_alike_and_not_too_large() -> None:
    random = np.random.default_rng(3)
    kinds = random.permutation(np.repeat(np.arange(40), 100))
    factors = random.normal(0, 1, (40, 16))[kinds] + random.normal(0, 0.05, (4_000, 16))
    groups = alike_groups(factors.astype(np.float32), 125)
    assert np.bincount(groups).tolist() == [125] * 32
    # At random, a group would have books of nearly all 40 kinds.
    assert np.mean([len(np.unique(kinds[groups == group])) for group in range(32)]) < 8

    assert np.bincount(alike_groups(np.zeros((7, 4), np.float32), 2)).max() <= 2
    assert len(np.unique(alike_groups(factors.astype(np.float32), 1))) <= 2 * MOST_GROUPS
