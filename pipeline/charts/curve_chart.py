"""Shares reached by a time, as steps, with the target as a point."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from pipeline.charts.canvas import HAIRLINE, INK, LABEL_GAP_PX, PX_PER_MM, SECONDARY, Frame, layer
from pipeline.figures.model import CurveChart
from pipeline.figures.numbers import number

if TYPE_CHECKING:
    import altair as alt

CURVE_MM, CURVE_HIGH_MM = 85.5, 16.0


def draw(chart: CurveChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    last = max(curve.times[-1] for curve in chart.curves)
    frame = Frame(
        width=(CURVE_MM - 8 - 15) * PX_PER_MM,
        height=CURVE_HIGH_MM * PX_PER_MM,
        x=(0.0, last),
        y=(0.0, 1.0),
        left=8 * PX_PER_MM,
        right=16 * PX_PER_MM,
        top=16,
        bottom=16,
    )
    grid = [{"x": 0.0, "x2": last, "y": share, "y2": share} for share in (0.5, 1.0)]
    below = [
        {"x": float(tick), "y": 0.0, "label": f"{number(tick)} {chart.tick_unit}" if tick else number(0)}
        for tick in chart.ticks
    ]
    beside = [{"x": 0.0, "y": share, "label": number(100 * share)} for share in (0.0, 0.5, 1.0)]
    layers = [
        layer(frame, grid, "rule", color=HAIRLINE, strokeWidth=0.8),
        layer(frame, [{**grid[0], "y": 0.0, "y2": 0.0}], "rule", color=INK, strokeWidth=0.8),
        layer(frame, below, "text", color=SECONDARY, dy=9),
        layer(frame, beside, "text", color=SECONDARY, align="right", dx=-6),
    ]
    ends: list[dict[str, Any]] = []
    for index, curve in enumerate(chart.curves):
        steps = enumerate(zip(curve.times, curve.shares, strict=True))
        points = [{"x": hour, "y": share, "order": order} for order, (hour, share) in steps]
        style: dict[str, Any] = {"color": accent} if index == 0 else {"color": SECONDARY, "strokeDash": [5, 2]}
        layers.append(layer(frame, points, "line", interpolate="step-after", strokeWidth=1.6, **style))
        ends.append({"x": last, "y": curve.shares[-1], "label": curve.name})
    ends.sort(key=lambda row: -row["y"])
    for upper, lower in itertools.pairwise(ends):
        lower["y"] = min(lower["y"], upper["y"] - frame.up(LABEL_GAP_PX))
    layers.append(layer(frame, ends, "text", color=INK, align="left", fontWeight=500, dx=5))
    if chart.target is not None:
        at = {"x": chart.target[0], "y": chart.target[1], "label": chart.target_label}
        diamond = {"shape": "diamond", "filled": True, "fill": "#ffffff", "stroke": INK, "strokeWidth": 1, "size": 46}
        layers.append(layer(frame, [at], "point", **diamond))
        layers.append(layer(frame, [at], "text", color=SECONDARY, align="left", dx=-2, dy=-11))
    return layers, frame
