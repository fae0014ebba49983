"""Draws the plots of docs/QUALITY.md from the figures of `spark.bench.quality`.

``python -m spark.bench.plots JSON FOLDER`` draws ``bias.svg`` and ``sizes.svg``, and prints the
settings that were tried for each peer as a Markdown table.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from recommender.drawing.plots import Plot, lines, scatter
from spark.bench.quality import Measured

WIDTH, HEIGHT = 760.0, 460.0
#: Names stand beside their marks only where there is room for both.
TALL = 720.0
COLORS = (
    "#7c2530",
    "#34588c",
    "#8a5a14",
    "#2f6b4f",
    "#7a4a86",
    "#5b5b5b",
    "#c0392b",
    "#1f6f78",
    "#6b6b1f",
    "#a33a7a",
    "#1a2a6c",
    "#b35c00",
    "#3f7d20",
    "#201812",
)
STYLE = (
    "svg{background:#fffaf0;color:#2a2018;font:13px sans-serif}text{fill:currentColor}"
    ".grid{stroke:#dccdb2}.axis{stroke:#9a8568}.rule{stroke:#9a8568;stroke-dasharray:5 4}"
    "polyline{fill:none;stroke:currentColor;stroke-width:2}circle{fill:currentColor}"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw both plots."""
    source, folder = (Path(name) for name in (arguments or sys.argv[1:]))
    figures = json.loads(source.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    for name, plot in (("bias", bias(figures["measured"])), ("sizes", sizes(figures["measured"]))):
        (folder / f"{name}.svg").write_text(svg_of(plot), encoding="utf-8")
    sys.stdout.write(f"{search_table(figures['tried'])}\n")
    return 0


def bias(measured: Measured) -> Plot:
    """Accuracy against popularity bias, one mark per ranker."""
    points = {
        name: (_mean(runs, "popularity@10"), _mean(runs, "ndcg@100"))
        for name, runs in measured.items()
    }
    own = _mean(next(iter(measured.values())), "profile_popularity")
    return scatter(
        points,
        x_label="readers who know a recommended book (mean over picks)",
        y_label="NDCG@100",
        rule=(own, "their own books"),
        width=WIDTH,
        height=TALL,
    )


def sizes(measured: Measured) -> Plot:
    """Accuracy by profile size, one line per ranker."""
    series = {
        name: {
            int(size): own["ndcg@100"]
            for size, own in runs[0]["sizes"].items()
            if "ndcg@100" in own
        }
        for name, runs in measured.items()
    }
    return lines(
        series, x_label="ratings folded in", y_label="NDCG@100", width=WIDTH, height=HEIGHT
    )


def svg_of(plot: Plot) -> str:
    """The plot as an SVG file with its own styles."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plot.width:g} {plot.height:g}">',
        f"<style>{STYLE}</style><title>{escape(plot.y_label)} by {escape(plot.x_label)}</title>",
    ]
    for tick in plot.y_ticks:
        parts.append(_line("grid", plot.left, tick.at, plot.right, tick.at))
        parts.append(_text(plot.left - 7, tick.at + 4, tick.label, "end"))
    for tick in plot.x_ticks:
        parts.append(_line("axis", tick.at, plot.bottom, tick.at, plot.bottom + 5))
        parts.append(_text(tick.at, plot.bottom + 18, tick.label, "middle"))
    parts.append(_line("axis", plot.left, plot.bottom, plot.right, plot.bottom))
    parts.append(_text(plot.middle[0], plot.height - 8, plot.x_label, "middle"))
    parts.append(_text(plot.left + 2, plot.top - 4, plot.y_label, "start"))
    if plot.rule:
        parts.append(_line("rule", plot.rule.at, plot.top, plot.rule.at, plot.bottom))
        parts.append(_text(plot.rule.at + 6, plot.bottom - 7, plot.rule.label, "start"))
    for series in plot.series:
        parts.append(f'<g color="{COLORS[(series.number - 1) % len(COLORS)]}">')
        if len(series.marks) > 1:
            parts.append(f'<polyline points="{series.line}"/>')
        parts += [f'<circle cx="{x:g}" cy="{y:g}" r="4"/>' for x, y in series.marks]
        x, y = series.name_at
        parts.append(f"{_text(x, y + 4, series.name, series.anchor)}</g>")
    return "\n".join([*parts, "</svg>", ""])


def search_table(tried: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """All settings that were tried, with their accuracy on the tuning readers."""
    rows = ["| peer | settings | NDCG@100 |", "| --- | --- | ---: |"]
    for name, settings in tried.items():
        for own in settings:
            given = ", ".join(f"{key} {value:g}" for key, value in own.items() if key != "ndcg@100")
            rows.append(f"| {name} | {given or 'none'} | {own['ndcg@100']:.3f} |")
    return "\n".join(rows)


def _mean(runs: Sequence[Mapping[str, Any]], metric: str) -> float:
    return float(np.mean([run[metric] for run in runs]))


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


if __name__ == "__main__":
    raise SystemExit(main())
