"""Values over periods as a line or as columns, above the table that is their axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.charts.canvas import (
    HALF_MM,
    INK,
    LABEL_GAP_PX,
    LIMIT,
    PX_PER_MM,
    SECONDARY,
    WIDE_MM,
    Frame,
    hatch_lines,
    layer,
)
from pipeline.figures.model import Guide, TimeChart

if TYPE_CHECKING:
    import altair as alt

LABEL_MM = {True: 36.0, False: 26.0}  # the first column of a wide and of a half-width chart's table; see report.css
LABEL_BELOW_PX = 16.0  # from a point to the lower edge of a label printed below it


def draw(chart: TimeChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    left = LABEL_MM[chart.wide] * PX_PER_MM
    known = [value for value in chart.values if value is not None]
    falls = chart.style == "line" and len(known) > 1 and known[-2] > known[-1]
    height = chart.height * PX_PER_MM
    above_edge = (known[-1] - chart.low) / (chart.high - chart.low) * height
    frame = Frame(
        width=(WIDE_MM if chart.wide else HALF_MM) * PX_PER_MM - left,
        height=height,
        x=(0.0, float(len(chart.labels))),
        y=(chart.low, chart.high),
        left=left,
        bottom=max(1.0, LABEL_BELOW_PX - above_edge) if falls else 1.0,
    )
    layers = [_guide_line(frame, guide) for guide in chart.guides]
    points = [
        {"x": index + 0.5, "y": value, "order": index} for index, value in enumerate(chart.values) if value is not None
    ]
    if chart.style == "columns":
        layers = _columns(frame, chart, accent) + _forecast(frame, chart, accent) + layers
    else:
        layers.append(layer(frame, points, "line", color=accent, strokeWidth=1.6, strokeJoin="round"))
        layers.append(layer(frame, points[:-1], "point", filled=True, color=accent, size=9))
        layers.append(layer(frame, points[-1:], "point", filled=True, color=accent, size=42))
    last = points[-1]
    top = max(last["y"], (chart.outlines[int(last["order"])] or 0.0) if chart.outlines else last["y"])
    named = [{"x": last["x"], "y": top, "label": chart.last_label}]
    place = {"fontWeight": 600, "dy": 10 if falls else -8}
    layers.append(layer(frame, named, "text", stroke="#ffffff", strokeWidth=3, **place))  # no line runs through it
    layers.append(layer(frame, named, "text", color=INK, **place))
    layers.append(layer(frame, _guide_labels(frame, chart.guides), "text", color=SECONDARY, align="right", dx=-6))
    return layers, frame


def _columns(frame: Frame, chart: TimeChart, accent: str) -> list[alt.Chart]:
    """Solid columns from zero; a target is an outline a little wider, standing behind."""
    outlines = [
        {"x": index + 0.14, "x2": index + 0.86, "y": target, "y2": 0.0}
        for index, target in enumerate(chart.outlines)
        if target is not None
    ]
    columns = [
        {"x": index + 0.23, "x2": index + 0.77, "y": value, "y2": 0.0}
        for index, value in enumerate(chart.values)
        if value is not None
    ]
    base = [{"x": frame.x[0], "x2": frame.x[1], "y": 0.0, "y2": 0.0}]
    return [
        layer(frame, outlines, "rect", fill="#ffffff", stroke=SECONDARY, strokeWidth=0.8),
        layer(frame, columns, "rect", fill=accent),
        layer(frame, base, "rule", color=INK, strokeWidth=0.8),
    ]


def _forecast(frame: Frame, chart: TimeChart, accent: str) -> list[alt.Chart]:
    """A hatched column with a dashed edge, and its limits as a line with ends."""
    if chart.forecast is None:
        return []
    at = chart.forecast
    left, right, middle = at.index + 0.23, at.index + 0.77, at.index + 0.5
    hatch = hatch_lines(frame, left, right, at.value)
    edge = [{"x": left, "x2": right, "y": at.value, "y2": 0.0}]
    limits = [{"x": middle, "x2": middle, "y": at.low, "y2": at.high}]
    limits += [
        {"x": middle - frame.across(4), "x2": middle + frame.across(4), "y": y, "y2": y} for y in (at.low, at.high)
    ]
    return [
        layer(frame, hatch, "rule", color=accent, strokeWidth=0.7),
        layer(frame, edge, "rect", fill=None, stroke=accent, strokeWidth=0.8, strokeDash=[3, 2]),
        layer(frame, limits, "rule", stroke="#ffffff", strokeWidth=3.6),
        layer(frame, limits, "rule", color=INK, strokeWidth=1.2),
    ]


def _guide_line(frame: Frame, guide: Guide) -> alt.Chart:
    style: dict[str, Any] = {
        "target": {"color": INK, "strokeWidth": 1.0},
        "limit": {"color": LIMIT, "strokeWidth": 0.8, "strokeDash": [3, 3]},
        "mean": {"color": LIMIT, "strokeWidth": 0.8},
    }[guide.kind]
    line = [{"x": frame.x[0], "x2": frame.x[1], "y": guide.value, "y2": guide.value}]
    return layer(frame, line, "rule", **style)


def _guide_labels(frame: Frame, guides: Sequence[Guide]) -> list[dict[str, Any]]:
    """Each line's words at its left end, moved apart where the lines lie close."""
    placed: list[dict[str, Any]] = []
    for guide in sorted(guides, key=lambda guide: -guide.value):
        y = guide.value
        if placed:
            y = min(y, placed[-1]["y"] - frame.up(LABEL_GAP_PX))
        placed.append({"x": frame.x[0], "y": y, "label": guide.label})
    return placed
