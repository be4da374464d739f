"""Totals that grow over a quarter as lines, above the table that is their axis: a column a month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.charts.canvas import (
    HAIRLINE,
    HALF_MM,
    INK,
    LABEL_GAP_PX,
    LIMIT,
    PX_PER_MM,
    SECONDARY,
    WIDE_MM,
    Frame,
    layer,
)
from pipeline.charts.time_chart import LABEL_MM
from pipeline.figures.chart_shapes import PathChart

if TYPE_CHECKING:
    import altair as alt

KEY_PX = 9.0  # the length of a line in the key


def draw(chart: PathChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    left = LABEL_MM[chart.wide] * PX_PER_MM
    frame = Frame(
        width=(WIDE_MM if chart.wide else HALF_MM) * PX_PER_MM - left,
        height=chart.height * PX_PER_MM,
        x=(0.0, float(len(chart.labels))),
        y=(0.0, chart.high),
        left=left,
    )
    months = [{"x": float(at), "x2": float(at), "y": 0.0, "y2": chart.high} for at in range(1, len(chart.labels))]
    base = [{"x": frame.x[0], "x2": frame.x[1], "y": 0.0, "y2": 0.0}]
    layers = [
        layer(frame, months, "rule", color=HAIRLINE, strokeWidth=0.6),
        layer(frame, base, "rule", color=INK, strokeWidth=0.8),
    ]
    if chart.target is not None:
        line = {"x": frame.x[0], "x2": frame.x[1], "y": chart.target.value, "y2": chart.target.value}
        named = {"x": frame.x[0], "y": chart.target.value, "label": chart.target.label}
        layers.append(layer(frame, [line], "rule", color=INK, strokeWidth=1.0))
        layers.append(layer(frame, [named], "text", color=SECONDARY, align="right", dx=-6))
    styles: dict[str, dict[str, Any]] = {
        "even": {"color": LIMIT, "strokeWidth": 1.0},
        "weekly": {"color": SECONDARY, "strokeWidth": 1.0, "strokeDash": [3, 2]},
        "forecast": {"color": accent, "strokeWidth": 1.2, "strokeDash": [1, 2]},
        "actual": {"color": accent, "strokeWidth": 1.8},
    }
    for line_of in sorted(chart.lines, key=lambda found: list(styles).index(found.kind)):
        points = [{"x": x, "y": y, "order": index} for index, (x, y) in enumerate(line_of.points)]
        layers.append(layer(frame, points, "line", strokeJoin="round", **styles[line_of.kind]))
    if chart.end is not None:
        limits = [{"x": frame.x[1], "x2": frame.x[1], "y": chart.end[0], "y2": chart.end[1]}]
        layers.append(layer(frame, limits, "rule", color=INK, strokeWidth=1.4))
    for index, line_of in enumerate(chart.lines):
        y = chart.high - frame.up(LABEL_GAP_PX * (index + (2.0 if chart.target else 0.6)))
        swatch = {"x": frame.across(4), "x2": frame.across(4 + KEY_PX), "y": y, "y2": y}
        layers.append(layer(frame, [swatch], "rule", **styles[line_of.kind]))
        word = {"x": frame.across(8 + KEY_PX), "y": y, "label": line_of.name}
        layers.append(layer(frame, [word], "text", stroke="#ffffff", strokeWidth=3, align="left"))
        layers.append(layer(frame, [word], "text", color=INK, align="left"))
    return layers, frame
