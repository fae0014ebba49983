import numpy as np
import pytest

from recommender.engine.weights import SIGNED_WEIGHTS, WeightTable


def test_whole_stars_take_their_entry() -> None:
    weights = SIGNED_WEIGHTS(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    np.testing.assert_allclose(weights, [-0.5, -0.2, 0.3, 1.0, 1.3])


def test_half_and_quarter_stars_lie_on_the_line_between_their_neighbors() -> None:
    weights = SIGNED_WEIGHTS(np.array([3.5, 3.25, 4.75]))
    np.testing.assert_allclose(weights, [0.65, 0.475, 1.225])


def test_below_the_table_counts_as_its_lowest_entry() -> None:
    np.testing.assert_allclose(SIGNED_WEIGHTS(np.array([0.25, 0.5])), [-0.5, -0.5])


def test_the_manifest_form_leads_back_to_the_same_table() -> None:
    assert WeightTable.from_json(SIGNED_WEIGHTS.to_json()) == SIGNED_WEIGHTS


@pytest.mark.parametrize(
    ("stars", "weights"),
    [((1.0, 2.0), (0.5,)), ((), ()), ((2.0, 1.0), (0.0, 1.0)), ((1.0, 2.0), (0.0, float("nan")))],
)
def test_a_table_that_makes_no_sense_is_refused(
    stars: tuple[float, ...], weights: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="weight table"):
        WeightTable(stars, weights)
