"""Charts as SVG text: the figures' chart shapes drawn in one theme.

What belongs here: how a `TimeChart`, a `StackChart` and a `CurveChart` look, and the notation they share (actual solid,
target outlined and labelled on its line, limits dashed, columns from zero, no frame, no legend box). What a chart says
is decided in `pipeline.figures`; small marks in table cells are macros in `report_templates/_macros.html`.

A time chart stands above a table of the same values: its plot begins where the table's first value column begins, and
its steps are the columns' widths, so that the table's head is the chart's time axis.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.figures.model import CurveChart, Guide, StackChart, TimeChart

if TYPE_CHECKING:
    import altair as alt

FONTS = Path(__file__).resolve().parent.parent / "report_templates" / "fonts"

PX_PER_MM = 96 / 25.4
WIDE_MM = 176.0
HALF_MM = 85.5
LABEL_MM = {True: 36.0, False: 26.0}  # the first column of a wide and of a half-width chart's table; see report.css
STACK_MM, STACK_LABEL_MM = 64.0, 20.0  # the distribution of stars and its names; its table is as wide
CURVE_MM, CURVE_HIGH_MM = 85.5, 16.0

INK, SECONDARY, HAIRLINE = "#1b1f24", "#57606a", "#d0d7de"
LIMIT = "#8c959f"
BAD = "#cf222e"
FONT_PX = 10.0  # 7.5 pt
LABEL_GAP_PX = 11.0
LABEL_BELOW_PX = 16.0  # from a point to the lower edge of a label printed below it
HATCH_PX = 5


@dataclass(frozen=True)
class Frame:
    """The plot's size and the room around it in CSS pixels, and the data that its edges stand for."""

    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    left: float = 0.0
    right: float = 0.0
    top: float = 12.0
    bottom: float = 1.0

    def across(self, pixels: float) -> float:
        """A horizontal distance in the data's unit."""
        return pixels * (self.x[1] - self.x[0]) / self.width

    def up(self, pixels: float) -> float:
        """A vertical distance in the data's unit."""
        return pixels * (self.y[1] - self.y[0]) / self.height


def svg(chart: TimeChart | StackChart | CurveChart, accent: str) -> str:
    """The chart as an `<svg>` element with its text alternative as its title; `accent` colours actual values."""
    draw: dict[type, Callable[[Any, str], tuple[list[alt.Chart], Frame]]] = {
        TimeChart: _time,
        StackChart: _stack,
        CurveChart: _curve,
    }
    layers, frame = draw[type(chart)](chart, accent)
    return _rendered(layers, frame, chart.alt)


def tint(colour: str, strength: float) -> str:
    """The colour mixed with white; `strength` 1 is the colour itself."""
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (channel - 255) * strength):02x}" for channel in channels)


def _rendered(layers: list[alt.Chart], frame: Frame, text: str) -> str:
    import altair as alt
    import vl_convert

    _register_fonts()
    chart = (
        alt.layer(*layers)
        .properties(
            width=round(frame.width, 2),
            height=round(frame.height, 2),
            autosize={"type": "none"},
            padding={"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom},
        )
        .configure(font="Inter", background="transparent")
        .configure_view(stroke=None)
    )
    drawn = vl_convert.vegalite_to_svg(chart.to_dict())
    body = drawn[drawn.index(">", drawn.index("<svg")) + 1 :]
    width, height = frame.left + frame.width + frame.right, frame.top + frame.height + frame.bottom
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{width:.2f}" height="{height:.2f}" '
        f'viewBox="0 0 {width:.2f} {height:.2f}"><title>{escape(text)}</title>{body}'
    )


@cache
def _register_fonts() -> None:
    """Text is measured in the font that prints it, not in one of the machine's."""
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))


def _layer(frame: Frame, rows: Sequence[dict[str, Any]], mark: str, **style: Any) -> alt.Chart:
    """Marks at the rows' `x` and `y`, to `x2` and `y2` where they have them, on the frame's scales, without axes."""
    import altair as alt

    encoding: dict[str, Any] = {
        "x": alt.X("x:Q", scale=alt.Scale(domain=frame.x, nice=False, zero=False), axis=None),
        "y": alt.Y("y:Q", scale=alt.Scale(domain=frame.y, nice=False, zero=False), axis=None),
    }
    if rows and "x2" in rows[0]:
        encoding |= {"x2": "x2:Q", "y2": "y2:Q"}
    if rows and "order" in rows[0]:
        encoding["order"] = "order:Q"
    if mark == "text":
        encoding["text"] = "label:N"
        style = {"baseline": "middle", "fontSize": FONT_PX, **style}
    if mark == "point":
        style = {"opacity": 1, **style}
    chart = alt.Chart(alt.Data(values=list(rows)))
    return getattr(chart, f"mark_{mark}")(**style).encode(**encoding)


def _time(chart: TimeChart, accent: str) -> tuple[list[alt.Chart], Frame]:
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
        layers.append(_layer(frame, points, "line", color=accent, strokeWidth=1.6, strokeJoin="round"))
        layers.append(_layer(frame, points[:-1], "point", filled=True, color=accent, size=9))
        layers.append(_layer(frame, points[-1:], "point", filled=True, color=accent, size=42))
    last = points[-1]
    top = max(last["y"], (chart.outlines[int(last["order"])] or 0.0) if chart.outlines else last["y"])
    named = [{"x": last["x"], "y": top, "label": chart.last_label}]
    place = {"fontWeight": 600, "dy": 10 if falls else -8}
    layers.append(_layer(frame, named, "text", stroke="#ffffff", strokeWidth=3, **place))  # no line runs through it
    layers.append(_layer(frame, named, "text", color=INK, **place))
    layers.append(_layer(frame, _guide_labels(frame, chart.guides), "text", color=SECONDARY, align="right", dx=-6))
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
        _layer(frame, outlines, "rect", fill="#ffffff", stroke=SECONDARY, strokeWidth=0.8),
        _layer(frame, columns, "rect", fill=accent),
        _layer(frame, base, "rule", color=INK, strokeWidth=0.8),
    ]


def _forecast(frame: Frame, chart: TimeChart, accent: str) -> list[alt.Chart]:
    """A hatched column with a dashed edge, and its limits as a line with ends."""
    if chart.forecast is None:
        return []
    at = chart.forecast
    left, right, middle = at.index + 0.23, at.index + 0.77, at.index + 0.5
    wide, high = (right - left) / frame.across(1), at.value / frame.up(1)
    hatch = []
    for offset in range(-int(high), int(wide), HATCH_PX):
        start, end = max(0.0, offset), min(wide, offset + high)  # pixels from the left edge, where the line is inside
        hatch.append(
            {
                "x": left + frame.across(start),
                "x2": left + frame.across(end),
                "y": frame.up(start - offset),
                "y2": frame.up(end - offset),
            }
        )
    edge = [{"x": left, "x2": right, "y": at.value, "y2": 0.0}]
    limits = [{"x": middle, "x2": middle, "y": at.low, "y2": at.high}]
    limits += [
        {"x": middle - frame.across(4), "x2": middle + frame.across(4), "y": y, "y2": y} for y in (at.low, at.high)
    ]
    return [
        _layer(frame, hatch, "rule", color=accent, strokeWidth=0.7),
        _layer(frame, edge, "rect", fill=None, stroke=accent, strokeWidth=0.8, strokeDash=[3, 2]),
        _layer(frame, limits, "rule", stroke="#ffffff", strokeWidth=3.6),
        _layer(frame, limits, "rule", color=INK, strokeWidth=1.2),
    ]


def _guide_line(frame: Frame, guide: Guide) -> alt.Chart:
    style: dict[str, Any] = {
        "target": {"color": INK, "strokeWidth": 1.0},
        "limit": {"color": LIMIT, "strokeWidth": 0.8, "strokeDash": [3, 3]},
        "mean": {"color": LIMIT, "strokeWidth": 0.8},
    }[guide.kind]
    line = [{"x": frame.x[0], "x2": frame.x[1], "y": guide.value, "y2": guide.value}]
    return _layer(frame, line, "rule", **style)


def _guide_labels(frame: Frame, guides: Sequence[Guide]) -> list[dict[str, Any]]:
    """Each line's words at its left end, moved apart where the lines lie close."""
    placed: list[dict[str, Any]] = []
    for guide in sorted(guides, key=lambda guide: -guide.value):
        y = guide.value
        if placed:
            y = min(y, placed[-1]["y"] - frame.up(LABEL_GAP_PX))
        placed.append({"x": frame.x[0], "y": y, "label": guide.label})
    return placed


def _stack(chart: StackChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    left = STACK_LABEL_MM * PX_PER_MM
    pitch, bar = 22.0, 15.0
    rows = len(chart.names)
    frame = Frame(STACK_MM * PX_PER_MM - left, pitch * rows, x=(0.0, 1.0), y=(float(rows), 0.0), left=left, top=18)
    fills = (BAD, tint(BAD, 0.4), HAIRLINE, tint(accent, 0.4), accent)
    inks = ("#ffffff", INK, INK, INK, "#ffffff")
    thick, gap = bar / pitch, frame.across(8)
    layers, names = [], []
    labels: dict[str, list[dict[str, Any]]] = {"#ffffff": [], INK: []}
    for index, (name, shares) in enumerate(zip(chart.names, chart.shares, strict=True)):
        start = 0.0
        names.append({"x": 0.0, "y": index + thick / 2, "label": name})
        for fill, ink, share in zip(fills, inks, shares, strict=True):
            block = {"x": start, "x2": start + share, "y": float(index), "y2": index + thick}
            layers.append(_layer(frame, [block], "rect", fill=fill))
            if share >= 0.06:
                labels[ink].append({"x": start + share / 2, "y": index + thick / 2, "label": f"{100 * share:.0f}"})
            start += share
    layers += [_layer(frame, found, "text", color=ink) for ink, found in labels.items() if found]
    layers.append(_layer(frame, names, "text", color=INK, align="right", dx=-6))
    keys: list[dict[str, Any]] = [
        {"x": index / len(fills), "y": 0.0, "label": label} for index, label in enumerate(chart.classes)
    ]
    for key, fill in zip(keys, fills, strict=True):
        swatch = {**key, "x2": key["x"] + gap, "y": -14 / pitch, "y2": -6 / pitch}
        layers.append(_layer(frame, [swatch], "rect", fill=fill))
    layers.append(_layer(frame, keys, "text", color=SECONDARY, align="left", dx=12, dy=-10))
    return layers, frame


def _curve(chart: CurveChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    last = max(curve.times[-1] for curve in chart.curves)
    frame = Frame(
        width=(CURVE_MM - 8 - 15) * PX_PER_MM,
        height=CURVE_HIGH_MM * PX_PER_MM,
        x=(0.0, last),
        y=(0.0, 1.0),
        left=8 * PX_PER_MM,
        right=16 * PX_PER_MM,
        bottom=16,
    )
    grid = [{"x": 0.0, "x2": last, "y": share, "y2": share} for share in (0.5, 1.0)]
    below = [
        {"x": float(tick), "y": 0.0, "label": f"{tick} {chart.tick_unit}" if tick else "0"} for tick in chart.ticks
    ]
    beside = [{"x": 0.0, "y": share, "label": f"{100 * share:.0f}"} for share in (0.0, 0.5, 1.0)]
    layers = [
        _layer(frame, grid, "rule", color=HAIRLINE, strokeWidth=0.8),
        _layer(frame, [{**grid[0], "y": 0.0, "y2": 0.0}], "rule", color=INK, strokeWidth=0.8),
        _layer(frame, below, "text", color=SECONDARY, dy=9),
        _layer(frame, beside, "text", color=SECONDARY, align="right", dx=-6),
    ]
    ends: list[dict[str, Any]] = []
    for index, curve in enumerate(chart.curves):
        steps = enumerate(zip(curve.times, curve.shares, strict=True))
        points = [{"x": hour, "y": share, "order": order} for order, (hour, share) in steps]
        style: dict[str, Any] = {"color": accent} if index == 0 else {"color": SECONDARY, "strokeDash": [5, 2]}
        layers.append(_layer(frame, points, "line", interpolate="step-after", strokeWidth=1.6, **style))
        ends.append({"x": last, "y": curve.shares[-1], "label": curve.name})
    ends.sort(key=lambda row: -row["y"])
    for upper, lower in itertools.pairwise(ends):
        lower["y"] = min(lower["y"], upper["y"] - frame.up(LABEL_GAP_PX))
    layers.append(_layer(frame, ends, "text", color=INK, align="left", fontWeight=500, dx=5))
    if chart.target is not None:
        at = {"x": chart.target[0], "y": chart.target[1], "label": chart.target_label}
        diamond = {"shape": "diamond", "filled": True, "fill": "#ffffff", "stroke": INK, "strokeWidth": 1, "size": 46}
        layers.append(_layer(frame, [at], "point", **diamond))
        layers.append(_layer(frame, [at], "text", color=SECONDARY, align="left", dx=-2, dy=-11))
    return layers, frame
