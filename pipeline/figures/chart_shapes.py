"""The shapes of the quarterly's and the weekly's charts: text already formatted, geometry already scaled.

What belongs here: charts that the monthly has not. Those of the monthly, tables, marks and sentences are in `model.py`;
how a chart is drawn is `pipeline.charts`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.figures.model import DataRow, Guide, Table, Tone


@dataclass(frozen=True)
class PathLine:
    """A line over a quarter's months: `points` are (months since the quarter began, value)."""

    name: str
    kind: Literal["actual", "even", "weekly", "forecast"]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PathChart:
    """Totals that grow over the quarter, beside the paths to its target; the table below has a column a month.

    `labels` name the columns and `under` stands below each; `rows` are the table. `end` is the limits of the total
    expected at the quarter's end.
    """

    title: str
    alt: str
    corner: str
    labels: tuple[str, ...]
    under: tuple[str, ...]
    lines: tuple[PathLine, ...]
    rows: tuple[DataRow, ...]
    high: float
    target: Guide | None = None
    end: tuple[float, float] | None = None
    wide: bool = False
    height: float = 30.0


@dataclass(frozen=True)
class StackedColumns:
    """Columns of ordered classes from zero, one a day; `values[class][column]` are counts, the lowest class first."""

    title: str
    alt: str
    corner: str
    labels: tuple[str, ...]
    under: tuple[str, ...]
    classes: tuple[str, ...]
    values: tuple[tuple[int, ...], ...]
    rows: tuple[DataRow, ...]
    wide: bool = True
    height: float = 30.0


@dataclass(frozen=True)
class Block:
    """A column, or a step of a waterfall, from `low` to `high`; `label` stands above it, '' where nothing does."""

    low: float
    high: float
    kind: Literal["actual", "before", "expected"]
    label: str = ""


@dataclass(frozen=True)
class ColumnGroups:
    """Columns from zero side by side over each label; or, where `is_waterfall`, one step over each, every step
    beginning where the one before it ended, but for columns of the kind `before`. The table below has a column under
    each label.

    `keys` say what the kinds of columns are, where labels and rows do not.
    """

    title: str
    alt: str
    corner: str
    labels: tuple[str, ...]
    under: tuple[str, ...]
    groups: tuple[tuple[Block, ...], ...]
    rows: tuple[DataRow, ...]
    keys: tuple[tuple[Literal["actual", "before", "expected"], str], ...] = ()
    is_waterfall: bool = False
    wide: bool = True
    height: float = 18.0


@dataclass(frozen=True)
class LorenzChart:
    """How unevenly a sum is shared: `points` are (share of the sharers, share of the sum), the smallest first, from
    (0, 0) to (1, 1); `marked` is one of the places between, with its label."""

    title: str
    alt: str
    points: tuple[tuple[float, float], ...]
    marked: tuple[float, float]
    marked_label: str
    equal_label: str
    table: Table
    height: float = 24.0


@dataclass(frozen=True)
class Panel:
    """One little line of a `PanelsChart`: a value and its interval for each label. `last_label` stands beside the
    name; `tone` says whether its last step is beyond chance, which `last_label` says in a sign too."""

    name: str
    values: tuple[float | None, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]
    last_label: str
    tone: Tone = ""


@dataclass(frozen=True)
class PanelsChart:
    """Small multiples on one scale: the same measure over the same `labels`, a panel for each part, with the whole
    (`reference`) as a grey line in each. `ticks` are the gridlines; panels fill rows of `columns`."""

    title: str
    alt: str
    panels: tuple[Panel, ...]
    labels: tuple[str, ...]
    reference: tuple[float | None, ...]
    low: float
    high: float
    ticks: tuple[float, ...]
    columns: int
    table: Table


@dataclass(frozen=True)
class DivergingChart:
    """Magnitudes of two opposite sides as bars from one middle line, the strongest of either on top.

    `left` and `right` are (label, magnitude, its text); `heads` name the sides.
    """

    title: str
    alt: str
    heads: tuple[str, str]
    left: tuple[tuple[str, float, str], ...]
    right: tuple[tuple[str, float, str], ...]
    table: Table
