"""Where the marks of plots stand."""

import pytest

from recommender.drawing.plots import against, lines, nice_steps, scatter, spread


@pytest.mark.parametrize(
    ("largest", "steps"),
    [
        (0.5, (0.0, 0.2, 0.4, 0.6)),
        (0.08, (0.0, 0.02, 0.04, 0.06, 0.08)),
        (0.148, (0.0, 0.05, 0.1, 0.15)),
        (1.0, (0.0, 0.25, 0.5, 0.75, 1.0)),
        (0.0, (0.0, 1.0)),
    ],
)
def test_axes_end_at_a_round_number(largest: float, steps: tuple[float, ...]) -> None:
    assert nice_steps(largest) == pytest.approx(steps)


def test_names_never_lie_on_each_other() -> None:
    assert spread({"b": 50.0, "a": 52.0, "c": 90.0}, 15) == {"b": 50.0, "a": 65.0, "c": 90.0}


def test_a_point_stands_where_its_numbers_say() -> None:
    plot = scatter(
        {"good": (0.05, 0.4), "dull": (0.1, 0.0)}, x_label="x", y_label="y", rule=(0.05, "own")
    )
    good, dull = plot.series

    (good_at,), (dull_at,) = good.marks, dull.marks
    assert dull_at == (plot.right, plot.bottom)
    assert good_at[0] == pytest.approx((plot.left + plot.right) / 2, abs=0.1)
    assert good_at[1] == plot.top
    assert plot.rule
    assert plot.rule.at == good_at[0]
    assert [tick.label for tick in plot.x_ticks] == ["0%", "2.5%", "5%", "7.5%", "10%"]
    assert (good.anchor, dull.anchor) == ("start", "end"), "a name would leave the drawing"


def test_a_line_skips_what_was_not_measured() -> None:
    plot = lines(
        {"ours": {3: 0.1, 50: 0.4, 10: 0.2}, "theirs": {3: 0.1, 50: 0.1}}, x_label="x", y_label="y"
    )
    ours, theirs = plot.series

    assert [tick.label for tick in plot.x_ticks] == ["3", "10", "50"]
    assert [x for x, _ in ours.marks] == [tick.at for tick in plot.x_ticks]
    assert [x for x, _ in theirs.marks] == [plot.x_ticks[0].at, plot.x_ticks[2].at]
    assert ours.marks[2][1] == plot.top
    assert ours.line.startswith(f"{ours.marks[0][0]:g},{ours.marks[0][1]:g} ")
    assert max(x for x, _ in ours.marks) < plot.right


def test_a_perfect_prediction_stands_on_the_diagonal() -> None:
    plot = against([(0.0, 0.0), (2.5, 2.5), (5.0, 1.0)], x_label="x", y_label="y", highest=5)
    assert plot.diagonal
    (low, high), (first, middle, far) = plot.diagonal, plot.dots
    assert first == low
    assert middle == pytest.approx(((low[0] + high[0]) / 2, (low[1] + high[1]) / 2), abs=0.1)
    assert far[0] == high[0]
    assert plot.top < far[1] < plot.bottom
