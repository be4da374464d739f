"""Columns side by side over named places, or the steps of a waterfall, above the table that is their axis."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from pipeline.charts.canvas import (
    HALF_MM,
    INK,
    LIMIT,
    PX_PER_MM,
    SECONDARY,
    WIDE_MM,
    Frame,
    hatch_lines,
    layer,
)
from pipeline.charts.time_chart import LABEL_MM
from pipeline.figures.chart_shapes import Block, ColumnGroups

if TYPE_CHECKING:
    import altair as alt

TAKEN = 0.7  # of each label's width, by its columns
GAP = 0.04  # between two columns of a label
BEFORE_FILL = "#d0d7de"
KEY_PX = 10.0


def draw(chart: ColumnGroups, accent: str) -> tuple[list[alt.Chart], Frame]:
    left = LABEL_MM[chart.wide] * PX_PER_MM
    highest = max((block.high for group in chart.groups for block in group), default=0.0)
    frame = Frame(
        width=(WIDE_MM if chart.wide else HALF_MM) * PX_PER_MM - left,
        height=chart.height * PX_PER_MM,
        x=(0.0, float(len(chart.labels))),
        y=(0.0, highest or 1.0),
        left=left,
        top=14.0,
    )
    found = [(block, *_place(index, at, len(group))) for index, group in enumerate(chart.groups)
             for at, block in enumerate(group)]  # fmt: skip
    layers = _filled(frame, found, accent)
    if chart.is_waterfall:
        steps = [(start, end, block.high) for block, start, end in found if block.kind != "before"]
        joints = [
            {"x": end, "x2": start_of_next, "y": high, "y2": high}
            for (_, end, high), (start_of_next, _, _) in itertools.pairwise(steps)
        ]
        layers.append(layer(frame, joints, "rule", color=LIMIT, strokeWidth=0.8))
    base = [{"x": frame.x[0], "x2": frame.x[1], "y": 0.0, "y2": 0.0}]
    layers.append(layer(frame, base, "rule", color=INK, strokeWidth=0.8))
    names = [
        {"x": (start + end) / 2, "y": block.high, "label": block.label} for block, start, end in found if block.label
    ]
    layers.append(layer(frame, names, "text", color=INK, dy=-7))
    return layers + _keys(frame, chart, accent), frame


def _place(index: int, at: int, columns: int) -> tuple[float, float]:
    """The left and right edge of a label's column number `at`."""
    width = (TAKEN - GAP * (columns - 1)) / columns
    start = index + (1 - TAKEN) / 2 + at * (width + GAP)
    return start, start + width


def _filled(frame: Frame, found: list[tuple[Block, float, float]], accent: str) -> list[alt.Chart]:
    """Actual solid, before light grey, expected hatched with a dashed edge."""
    layers = []
    for kind, fill in (("before", BEFORE_FILL), ("actual", accent)):
        solid = [
            {"x": start, "x2": end, "y": block.low, "y2": block.high}
            for block, start, end in found
            if block.kind == kind
        ]
        if solid:
            layers.append(layer(frame, solid, "rect", fill=fill))
    expected = [(block.high, start, end) for block, start, end in found if block.kind == "expected"]
    if expected:
        hatch = [line for high, start, end in expected for line in hatch_lines(frame, start, end, high)]
        edges = [{"x": start, "x2": end, "y": 0.0, "y2": high} for high, start, end in expected]
        layers.append(layer(frame, hatch, "rule", color=accent, strokeWidth=0.7))
        layers.append(layer(frame, edges, "rect", fill=None, stroke=accent, strokeWidth=0.8, strokeDash=[3, 2]))
    return layers


def _keys(frame: Frame, chart: ColumnGroups, accent: str) -> list[alt.Chart]:
    """What each kind is, in words beside a sample, at the right end above the columns."""
    layers: list[alt.Chart] = []
    for row, (kind, words) in enumerate(chart.keys):
        top = frame.y[1] - frame.up(row * 14.0)
        right = frame.x[1] - frame.across(2)
        sample: dict[str, Any] = {
            "x": right - frame.across(KEY_PX), "x2": right, "y": top - frame.up(KEY_PX), "y2": top,
        }  # fmt: skip
        style: dict[str, Any] = {"fill": {"actual": accent, "before": BEFORE_FILL}.get(kind)}
        if kind == "expected":
            style |= {"stroke": accent, "strokeWidth": 0.8, "strokeDash": [3, 2]}
        text = {"x": sample["x"], "y": (sample["y"] + top) / 2, "label": words}
        layers.append(layer(frame, [sample], "rect", **style))
        layers.append(layer(frame, [text], "text", color=SECONDARY, align="right", dx=-5))
    return layers
