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
#: From the last point to the middle of its value: above it or below, and farther where a line runs there.
ABOVE_PX, BELOW_PX = (-8, -15), (10, 17)
LABEL_HALF_PX = 6.0


def draw(chart: TimeChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    left = LABEL_MM[chart.wide] * PX_PER_MM
    known = [value for value in chart.values if value is not None]
    falls = chart.style == "line" and len(known) > 1 and known[-2] > known[-1]
    height = chart.height * PX_PER_MM
    above_edge = (known[-1] - chart.low) / (chart.high - chart.low) * height
    away = _away(chart, height, falls)
    frame = Frame(
        width=(WIDE_MM if chart.wide else HALF_MM) * PX_PER_MM - left,
        height=height,
        x=(0.0, float(len(chart.labels))),
        y=(chart.low, chart.high),
        left=left,
        top=max(12.0, 6.0 - away - (height - above_edge)) if chart.style == "line" else 12.0,
        bottom=max(1.0, away + 6.0 - above_edge) if away > 0 else 1.0,
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
    place = {"fontWeight": 600, "dy": away}
    layers.append(layer(frame, named, "text", stroke="#ffffff", strokeWidth=3, **place))  # no line runs through it
    layers.append(layer(frame, named, "text", color=INK, **place))
    layers.append(layer(frame, _guide_labels(frame, chart.guides), "text", color=SECONDARY, align="right", dx=-6))
    return layers, frame


def _away(chart: TimeChart, height: float, falls: bool) -> int:
    """Where the last value is printed: on the side that the line does not come from, unless a guide runs there."""
    if chart.style == "columns":
        return ABOVE_PX[0]
    last = next(value for value in reversed(chart.values) if value is not None)
    per_unit = height / (chart.high - chart.low)
    lines = [(last - guide.value) * per_unit for guide in chart.guides]
    first, second = (BELOW_PX, ABOVE_PX) if falls else (ABOVE_PX, BELOW_PX)
    places = (first[0], first[1], second[0], second[1])
    free = (place for place in places if all(abs(line - place) >= LABEL_HALF_PX for line in lines))
    return next(free, first[0])


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
    """Each line's words at its left end; where lines lie close, moved apart evenly about their middle."""
    ranked = sorted(guides, key=lambda guide: -guide.value)
    gap = frame.up(LABEL_GAP_PX)
    groups: list[list[Guide]] = []
    for guide in ranked:
        groups.append([guide])
        while len(groups) > 1 and _heights(groups[-2], gap)[-1] - _heights(groups[-1], gap)[0] < gap:
            groups[-2:] = [groups[-2] + groups[-1]]
    heights = [y for group in groups for y in _heights(group, gap)]
    return [{"x": frame.x[0], "y": y, "label": guide.label} for guide, y in zip(ranked, heights, strict=True)]


def _heights(group: Sequence[Guide], gap: float) -> list[float]:
    middle = sum(guide.value for guide in group) / len(group)
    return [middle + gap * ((len(group) - 1) / 2 - index) for index in range(len(group))]
