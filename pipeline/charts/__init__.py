"""Charts as SVG text: the figures' chart shapes drawn in one theme.

What belongs here: how each chart shape looks, a module a shape, and the notation they share (actual solid,
target outlined and labelled on its line, limits dashed, columns from zero, no frame, no legend box). What a chart says
is decided in `pipeline.figures`; small marks in table cells are macros in `report_templates/_macros.html`.

A time chart stands above a table of the same values: its plot begins where the table's first value column begins, and
its steps are the columns' widths, so that the table's head is the chart's time axis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.charts import curve_chart, stack_chart, time_chart
from pipeline.charts.canvas import Frame, rendered, tint
from pipeline.figures.model import CurveChart, StackChart, TimeChart

if TYPE_CHECKING:
    import altair as alt

__all__ = ["Chart", "svg", "tint"]

Chart = TimeChart | StackChart | CurveChart

_DRAW: dict[type, Callable[[Any, str], tuple[list[alt.Chart], Frame]]] = {
    TimeChart: time_chart.draw,
    StackChart: stack_chart.draw,
    CurveChart: curve_chart.draw,
}


def svg(chart: Chart, accent: str) -> str:
    """The chart as an `<svg>` element with its text alternative as its title; `accent` colours actual values."""
    layers, frame = _DRAW[type(chart)](chart, accent)
    return rendered(layers, frame, chart.alt)
