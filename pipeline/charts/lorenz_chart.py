"""A sum's uneven shares as a curve under the line of equal ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.charts.canvas import HAIRLINE, HALF_MM, INK, PX_PER_MM, SECONDARY, Frame, layer
from pipeline.figures.chart_shapes import LorenzChart
from pipeline.figures.numbers import number

if TYPE_CHECKING:
    import altair as alt

LEFT_MM, RIGHT_MM = 8.0, 3.0
TICKS = (0.0, 0.5, 1.0)


def draw(chart: LorenzChart, accent: str) -> tuple[list[alt.Chart], Frame]:
    frame = Frame(
        width=(HALF_MM - LEFT_MM - RIGHT_MM) * PX_PER_MM,
        height=chart.height * PX_PER_MM,
        x=(0.0, 1.0),
        y=(0.0, 1.0),
        left=LEFT_MM * PX_PER_MM,
        right=RIGHT_MM * PX_PER_MM,
        bottom=16,
    )
    across = {"x": 0.0, "x2": 1.0}
    equal = [{"x": 0.0, "y": 0.0, "order": 0}, {"x": 1.0, "y": 1.0, "order": 1}]
    curve = [{"x": x, "y": y, "order": order} for order, (x, y) in enumerate(chart.points)]
    above = {"x": chart.marked[0], "x2": chart.marked[0], "y": chart.marked[1], "y2": 1.0}
    layers = [
        layer(
            frame, [{**across, "y": tick, "y2": tick} for tick in TICKS[1:]], "rule", color=HAIRLINE, strokeWidth=0.8
        ),
        layer(frame, [{**across, "y": 0.0, "y2": 0.0}], "rule", color=INK, strokeWidth=0.8),
        layer(frame, [{"x": t, "y": 0.0, "label": number(100 * t)} for t in TICKS], "text", color=SECONDARY, dy=9),
        layer(
            frame,
            [{"x": 0.0, "y": t, "label": number(100 * t)} for t in TICKS],
            "text",
            color=SECONDARY,
            align="right",
            dx=-6,
        ),
        layer(frame, equal, "line", color=SECONDARY, strokeDash=[3, 2], strokeWidth=0.8),
        layer(
            frame,
            [{"x": 0.4, "y": 0.4, "label": chart.equal_label}],
            "text",
            color=SECONDARY,
            align="right",
            dx=-8,
            dy=-4,
        ),
        layer(frame, curve, "line", color=accent, strokeWidth=1.6),
        layer(frame, [above], "rule", color=accent, strokeWidth=1),
        layer(frame, [{"x": chart.marked[0], "y": chart.marked[1]}], "point", filled=True, fill=accent, size=30),
        layer(
            frame,
            [{"x": chart.marked[0], "y": 0.93, "label": chart.marked_label}],
            "text",
            color=INK,
            align="right",
            fontWeight=500,
            dx=-5,
        ),
    ]
    return layers, frame
