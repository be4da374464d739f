"""Small multiples: little lines on one scale, each named with its last value, the whole in grey behind each."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipeline.charts.canvas import BAD, HAIRLINE, INK, LIMIT, PX_PER_MM, SECONDARY, WIDE_MM, Frame, layer
from pipeline.figures.chart_shapes import Panel, PanelsChart
from pipeline.figures.numbers import number

if TYPE_CHECKING:
    import altair as alt

LEFT_MM, GAP_MM, PLOT_MM = 7.0, 6.0, 11.0
TITLE_PX, ROW_GAP_PX, AXIS_PX = 16.0, 8.0, 14.0
DOT_PX = 3.0  # the last point ends where its panel ends
GOOD = "#1a7f37"
TONES = {"bad": BAD, "good": GOOD}


def draw(chart: PanelsChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    """Everything in one frame of pixels, downwards, so that all panels are one chart to a reader's device."""
    rows = -(-len(chart.panels) // chart.columns)
    width, plot = (WIDE_MM - LEFT_MM) * PX_PER_MM, PLOT_MM * PX_PER_MM
    each = (width + GAP_MM * PX_PER_MM) / chart.columns
    pitch = TITLE_PX + plot + ROW_GAP_PX
    high = rows * pitch - ROW_GAP_PX + AXIS_PX
    frame = Frame(width, high, x=(0.0, width), y=(high, 0.0), left=LEFT_MM * PX_PER_MM, top=0.0)
    inner = each - GAP_MM * PX_PER_MM
    step = (inner - DOT_PX) / max(len(chart.labels) - 1, 1)
    marks: dict[str, list[dict[str, Any]]] = {
        kind: []
        for kind in ("grid", "whole", "interval", "line", "last", "name", "label", "bad", "good", "tick", "end")
    }

    def height(top: float, value: float) -> float:
        kept = min(chart.high, max(chart.low, value))
        return top + plot * (chart.high - kept) / (chart.high - chart.low)

    for index, panel in enumerate(chart.panels):
        left, top = each * (index % chart.columns), pitch * (index // chart.columns) + TITLE_PX
        for tick in chart.ticks:
            at = height(top, tick)
            marks["grid"].append({"x": left, "x2": left + inner, "y": at, "y2": at})
            if index % chart.columns == 0:
                marks["tick"].append({"x": 0.0, "y": at, "label": number(tick, 1)})
        for kind, values in (("whole", chart.reference), ("line", panel.values)):
            marks[kind] += [
                {"x": left + step * i, "y": height(top, value), "order": i, "part": f"{index}.{run}"}
                for run, i, value in _runs(values)
            ]
        for i, (low, upper) in enumerate(zip(panel.lows, panel.highs, strict=True)):
            if low is not None and upper is not None:
                x = left + step * i
                marks["interval"].append({"x": x, "x2": x, "y": height(top, low), "y2": height(top, upper)})
        _named(marks, panel, left, inner, top, height)
        if index + chart.columns >= len(chart.panels):
            marks["end"].append({"x": left, "y": top + plot + 7, "label": chart.labels[0], "side": 0})
            marks["end"].append({"x": left + inner, "y": top + plot + 7, "label": chart.labels[-1], "side": 1})
    layers = [
        layer(frame, marks["grid"], "rule", color=HAIRLINE, strokeWidth=0.7),
        layer(frame, marks["interval"], "rule", color=LIMIT, strokeWidth=0.9),
        *_lines(frame, marks["whole"], color=LIMIT, strokeWidth=0.8),
        *_lines(frame, marks["line"], color=accent, strokeWidth=1.5, strokeJoin="round"),
        layer(frame, marks["last"], "point", filled=True, color=accent, size=26),
        layer(frame, marks["name"], "text", color=INK, align="left", fontWeight=500),
        layer(frame, marks["label"], "text", color=INK, align="right", fontWeight=600),
        layer(frame, marks["tick"], "text", color=SECONDARY, align="right", dx=-4),
    ]
    for tone, colour in TONES.items():
        if marks[tone]:
            layers.append(layer(frame, marks[tone], "text", color=colour, align="right", fontWeight=600))
    for side, align in enumerate(("left", "right")):
        ends = [mark for mark in marks["end"] if mark["side"] == side]
        layers.append(layer(frame, ends, "text", color=SECONDARY, align=align))
    return layers, frame


def _named(
    marks: dict[str, list[dict[str, Any]]], panel: Panel, left: float, inner: float, top: float, height: Any
) -> None:
    """The panel's name and last value above it, and its last point."""
    marks["name"].append({"x": left, "y": top - 9, "label": panel.name})
    said = panel.tone if panel.tone in TONES else "label"
    marks[said].append({"x": left + inner, "y": top - 9, "label": panel.last_label})
    if panel.values[-1] is not None:
        marks["last"].append({"x": left + inner - DOT_PX, "y": height(top, panel.values[-1])})


def _runs(values: tuple[float | None, ...]) -> list[tuple[int, int, float]]:
    """(run, position, value) of the values that are there; a gap begins a new run."""
    found, run = [], 0
    for index, value in enumerate(values):
        if value is None:
            run += 1
        else:
            found.append((run, index, value))
    return found


def _lines(frame: Frame, points: list[dict[str, Any]], **style: Any) -> list[alt.Chart]:
    """A line for each run of a panel."""
    return [layer(frame, list(run), "line", **style) for _, run in groupby(points, key=lambda point: point["part"])]
