"""Charts as SVG text: the figures' chart shapes drawn in one theme.

What belongs here: how each chart shape looks, a module a shape, and the notation they share (actual solid,
target outlined and labelled on its line, limits dashed, columns from zero, no frame, no legend box). What a chart says
is decided in `pipeline.figures`; small marks in table cells are macros in `report_templates/_macros.html`.

A time chart stands above a table of the same values: its plot begins where the table's first value column begins, and
its steps are the columns' widths, so that the table's head is the chart's time axis.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeline.charts import (
    column_groups,
    curve_chart,
    diverging_chart,
    lorenz_chart,
    panels_chart,
    path_chart,
    stack_chart,
    stacked_columns,
    time_chart,
)
from pipeline.charts.canvas import Frame, rendered, tint
from pipeline.figures.chart_shapes import (
    ColumnGroups,
    DivergingChart,
    LorenzChart,
    PanelsChart,
    PathChart,
    StackedColumns,
)
from pipeline.figures.model import CurveChart, StackChart, TimeChart
from pipeline.figures.numbers import notation
from pipeline.locales import Notation

if TYPE_CHECKING:
    import altair as alt

__all__ = ["Chart", "svg", "tint"]

Chart = (
    TimeChart
    | StackChart
    | CurveChart
    | PathChart
    | StackedColumns
    | ColumnGroups
    | LorenzChart
    | PanelsChart
    | DivergingChart
)

_DRAW: dict[type, Callable[[Any, str], tuple[list[alt.Chart], Frame]]] = {
    TimeChart: time_chart.draw,
    StackChart: stack_chart.draw,
    CurveChart: curve_chart.draw,
    LorenzChart: lorenz_chart.draw,
    PathChart: path_chart.draw,
    StackedColumns: stacked_columns.draw,
    ColumnGroups: column_groups.draw,
    PanelsChart: panels_chart.draw,
    DivergingChart: diverging_chart.draw,
}


def svg(chart: Chart, accent: str) -> str:
    """The chart as an `<svg>` element with its text alternative as its title; `accent` colours actual values."""
    return _drawn(chart, accent, notation())


@lru_cache(maxsize=64)  # paper and screen show the same drawing, with numbers written alike
def _drawn(chart: Chart, accent: str, _: Notation) -> str:
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):  # a third of a chart's time would go to its checks: the tests draw each shape with them
        layers, frame = _DRAW[type(chart)](chart, accent)
        return rendered(layers, frame, chart.alt)
