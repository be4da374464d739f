"""Bars to the left and to the right of one middle line, each labelled at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.charts.canvas import BAD, INK, PX_PER_MM, SECONDARY, WIDE_MM, Frame, layer
from pipeline.figures.chart_shapes import DivergingChart

if TYPE_CHECKING:
    import altair as alt

PITCH_PX, BAR_PX = 15.0, 9.0
LABEL_MM = 42.0  # room beyond the longest bar of either side
HEAD_PX = 14.0


def draw(chart: DivergingChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    rows = max(len(chart.left), len(chart.right))
    longest = max(magnitude for _, magnitude, _ in (*chart.left, *chart.right))
    room = LABEL_MM * PX_PER_MM
    frame = Frame(
        (WIDE_MM - 2 * LABEL_MM) * PX_PER_MM,
        PITCH_PX * rows,
        x=(-longest, longest),
        y=(PITCH_PX * rows, 0.0),
        left=room,
        right=room,
        top=HEAD_PX,
    )
    layers = []
    for sign, side, fill in ((-1, chart.left, BAD), (1, chart.right, accent)):
        align = "right" if sign < 0 else "left"
        tops = [PITCH_PX * index + (PITCH_PX - BAR_PX) / 2 for index in range(len(side))]
        bars = [
            {"x": 0.0, "x2": sign * magnitude, "y": top, "y2": top + BAR_PX}
            for (_, magnitude, _), top in zip(side, tops, strict=True)
        ]
        labels = [
            {
                "x": sign * magnitude,
                "y": top + BAR_PX / 2,
                "label": f"{label}  {text}" if sign > 0 else f"{text}  {label}",
            }
            for (label, magnitude, text), top in zip(side, tops, strict=True)
        ]
        head = [{"x": 0.0, "y": -6.0, "label": chart.heads[sign > 0]}]
        layers += [
            layer(frame, bars, "rect", fill=fill),
            layer(frame, labels, "text", color=INK, align=align, dx=5 * sign),
            layer(frame, head, "text", color=SECONDARY, align=align, dx=6 * sign),
        ]
    middle = [{"x": 0.0, "x2": 0.0, "y": -HEAD_PX + 2, "y2": PITCH_PX * rows}]
    layers.append(layer(frame, middle, "rule", color=INK, strokeWidth=0.8))
    return layers, frame
