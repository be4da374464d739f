"""Columns of ordered classes over days, above the table that is their axis."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from pipeline.charts.canvas import HALF_MM, INK, LABEL_GAP_PX, PX_PER_MM, WIDE_MM, Frame, layer, tint
from pipeline.charts.time_chart import LABEL_MM
from pipeline.figures.chart_shapes import StackedColumns

if TYPE_CHECKING:
    import altair as alt

EDGE = {"stroke": "#ffffff", "strokeWidth": 0.8}  # parts one class from the next where a colour is not seen


def draw(chart: StackedColumns, accent: str) -> tuple[list[alt.Chart], Frame]:
    left = LABEL_MM[chart.wide] * PX_PER_MM
    columns = len(chart.labels)
    highest = max((sum(counts) for counts in zip(*chart.values, strict=True)), default=0)
    frame = Frame(
        width=(WIDE_MM if chart.wide else HALF_MM) * PX_PER_MM - left,
        height=chart.height * PX_PER_MM,
        x=(0.0, float(columns)),
        y=(0.0, float(highest or 1)),
        left=left,
        top=6.0,
    )
    below = [0] * columns
    layers: list[alt.Chart] = []
    names: list[dict[str, Any]] = []
    for index, (name, counts) in enumerate(zip(chart.classes, chart.values, strict=True)):
        fill = tint(accent, (index + 0.6) / (len(chart.classes) - 0.4))
        blocks = [
            {"x": at + 0.2, "x2": at + 0.8, "y": float(under), "y2": float(under + found)}
            for at, (under, found) in enumerate(zip(below, counts, strict=True))
        ]
        layers.append(layer(frame, blocks, "rect", fill=fill, **EDGE))
        names.append({"x": 0.0, "y": below[0] + counts[0] / 2, "label": name})
        below = [under + found for under, found in zip(below, counts, strict=True)]
    gap = frame.up(LABEL_GAP_PX)
    for lower, upper in itertools.pairwise(names):
        upper["y"] = max(upper["y"], lower["y"] + gap)
    names[-1]["y"] = min(names[-1]["y"], frame.y[1])
    for upper, lower in itertools.pairwise(reversed(names)):
        lower["y"] = min(lower["y"], upper["y"] - gap)
    base = [{"x": frame.x[0], "x2": frame.x[1], "y": 0.0, "y2": 0.0}]
    layers.append(layer(frame, base, "rule", color=INK, strokeWidth=0.8))
    layers.append(layer(frame, names, "text", color=INK, align="right", dx=-2))
    return layers, frame
