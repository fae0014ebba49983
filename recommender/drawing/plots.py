"""The layout of plots: where axes, marks, lines and names go; templates draw them.

Lengths are in units of the drawing's view box, from its upper left corner.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float]

LEFT, TOP, BOTTOM = 46.0, 16.0, 46.0
LINE_HEIGHT = 15.0
LETTER = 8.0
STEPS = 4


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what is written there."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Series:
    """The marks of one name, the line through them, and the name beside the last mark.

    ``number`` counts from 1 and selects the style.
    """

    number: int
    name: str
    marks: tuple[Point, ...]
    name_at: Point
    anchor: str

    @property
    def line(self) -> str:
        """The line through the marks, as the ``points`` of an SVG polyline."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot that is ready to be drawn.

    ``rule`` is a vertical line with a name; ``dots`` are marks without names, and ``diagonal`` is
    where both axes say the same.
    """

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    rule: Tick | None = None
    dots: tuple[Point, ...] = ()
    diagonal: tuple[Point, Point] | None = None

    @property
    def middle(self) -> Point:
        """The middle of the area between the axes."""
        return round((self.left + self.right) / 2, 1), round((self.top + self.bottom) / 2, 1)


def scatter(
    points: Mapping[str, Point],
    *,
    x_label: str,
    y_label: str,
    rule: tuple[float, str] | None = None,
    width: float = 400.0,
    height: float = 290.0,
) -> Plot:
    """One mark per name; x is a share, shown in percent, and y starts at 0.

    Raises
    ------
    ValueError
        If there are no points.
    """
    right, bottom = width - 12.0, height - BOTTOM
    x_ends = [x for x, _ in points.values()] + ([rule[0]] if rule else [])
    x_steps = nice_steps(max(x_ends))
    y_steps = nice_steps(max(y for _, y in points.values()))
    x_at = _scale(0.0, x_steps[-1], LEFT, right)
    y_at = _scale(0.0, y_steps[-1], bottom, TOP)
    places = {name: (x_at(x), y_at(y)) for name, (x, y) in points.items()}
    heights = spread({name: y for name, (_, y) in places.items()}, LINE_HEIGHT)
    series = []
    for number, (name, (x, _)) in enumerate(places.items(), start=1):
        fits = x + 9 + LETTER * len(name) <= width
        name_at = (round(x + 9 if fits else x - 9, 1), heights[name])
        series.append(Series(number, name, (places[name],), name_at, "start" if fits else "end"))
    return Plot(
        width=width,
        height=height,
        left=LEFT,
        right=right,
        top=TOP,
        bottom=bottom,
        x_ticks=tuple(Tick(x_at(step), f"{100 * step:g}%") for step in x_steps),
        y_ticks=tuple(Tick(y_at(step), f"{step:g}") for step in y_steps),
        x_label=x_label,
        y_label=y_label,
        series=tuple(series),
        rule=Tick(x_at(rule[0]), rule[1]) if rule else None,
    )


def lines(
    series: Mapping[str, Mapping[int, float]],
    *,
    x_label: str,
    y_label: str,
    width: float = 400.0,
    height: float = 290.0,
) -> Plot:
    """One line per name over counts, which are evenly spaced; y starts at 0.

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    margin = 14 + LETTER * max(len(name) for name in series)
    right, bottom = width - margin, height - BOTTOM
    counts = sorted({count for values in series.values() for count in values})
    y_steps = nice_steps(max(y for values in series.values() for y in values.values()))
    x_at = _scale(0.0, max(len(counts) - 1, 1), LEFT + 14, right - 6)
    y_at = _scale(0.0, y_steps[-1], bottom, TOP)
    place_of = {count: x_at(place) for place, count in enumerate(counts)}
    marks = {
        name: tuple((place_of[count], y_at(values[count])) for count in sorted(values))
        for name, values in series.items()
    }
    heights = spread({name: points[-1][1] for name, points in marks.items()}, LINE_HEIGHT)
    return Plot(
        width=width,
        height=height,
        left=LEFT,
        right=right,
        top=TOP,
        bottom=bottom,
        x_ticks=tuple(Tick(at, str(count)) for count, at in place_of.items()),
        y_ticks=tuple(Tick(y_at(step), f"{step:g}") for step in y_steps),
        x_label=x_label,
        y_label=y_label,
        series=tuple(
            Series(number, name, points, (round(points[-1][0] + 10, 1), heights[name]), "start")
            for number, (name, points) in enumerate(marks.items(), start=1)
        ),
    )


def against(
    points: Sequence[Point],
    *,
    x_label: str,
    y_label: str,
    highest: int,
    width: float = 400.0,
    height: float = 330.0,
) -> Plot:
    """A mark for each pair of values on one scale, from 0 to ``highest`` on both axes."""
    right, bottom = width - 12.0, height - BOTTOM
    x_at = _scale(0.0, highest, LEFT, right)
    y_at = _scale(0.0, highest, bottom, TOP)
    return Plot(
        width=width,
        height=height,
        left=LEFT,
        right=right,
        top=TOP,
        bottom=bottom,
        x_ticks=tuple(Tick(x_at(step), str(step)) for step in range(highest + 1)),
        y_ticks=tuple(Tick(y_at(step), str(step)) for step in range(highest + 1)),
        x_label=x_label,
        y_label=y_label,
        series=(),
        dots=tuple((x_at(x), y_at(y)) for x, y in points),
        diagonal=((LEFT, bottom), (right, TOP)),
    )


def nice_steps(largest: float) -> tuple[float, ...]:
    """Round numbers in about four steps, from 0 to one that is at least the largest."""
    if largest <= 0:
        return (0.0, 1.0)
    rough = largest / STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    count = math.ceil(round(largest / step, 9))
    return tuple(round(step * i, 10) for i in range(count + 1))


def spread(heights: Mapping[str, float], apart: float) -> dict[str, float]:
    """Heights moved down by as little as it takes to keep them apart."""
    moved: dict[str, float] = {}
    last = -math.inf
    for name in sorted(heights, key=lambda name: (heights[name], name)):
        last = max(heights[name], last + apart)
        moved[name] = round(last, 1)
    return moved


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    def at(value: float) -> float:
        return round(start + (end - start) * (value - low) / (high - low), 1)

    return at
