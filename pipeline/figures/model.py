"""What a report says, as frozen dataclasses: text already formatted, geometry already scaled.

What belongs here: the shapes of tables, charts and sentences; those of pages are in `pages.py`. No shape computes
anything, and nothing here knows the database or HTML. How the shapes are filled is the pages' work (`customers.py`,
`service.py`, …), how numbers become text is `numbers.py`'s, how they become ink is `report_templates/` and
`pipeline.charts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["", "good", "watch", "bad", "muted", "strong"]


@dataclass(frozen=True)
class Spark:
    """A small line in a table cell. All positions are 0 (bottom) to 1 (top); None is a gap."""

    points: tuple[float | None, ...]
    target: float | None
    alt: str


@dataclass(frozen=True)
class Bar:
    """A magnitude from zero in a table cell, 0 to 1 of the cell's width, with the target's position if there is one."""

    share: float
    alt: str
    target: float | None = None


@dataclass(frozen=True)
class Interval:
    """A point with its interval in a table cell, and the value before; positions 0 (left) to 1 (right), `width` in
    CSS pixels."""

    low: float
    point: float
    high: float
    alt: str
    before: float | None = None
    target: float | None = None
    width: int = 64


@dataclass(frozen=True)
class Bullet:
    """An actual value from zero in a table cell, the target as a line across it, the period before grey behind it, the
    interval as a line in it; positions 0 to 1 of the cell's width."""

    actual: float
    alt: str
    target: float | None = None
    before: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Step:
    """A part of a waterfall in a table cell: from `start` to `end` on an axis of changes whose nought is at `zero`;
    positions 0 (left) to 1 (right)."""

    start: float
    end: float
    zero: float
    alt: str
    is_total: bool = False


MISSING_TEXT = "–"

Mark = Spark | Bar | Interval | Bullet | Step


@dataclass(frozen=True)
class Cell:
    """One cell. `definition` is a metric id whose definition on the evidence page the text leads to.

    `figure` says which published number the text is, as `metric/period/scope/entity/column`; `shade`, 0 to 1, colours
    the cell behind it.
    """

    text: str
    unit: str = ""
    tone: Tone = ""
    mark: Mark | None = None
    definition: str = ""
    note: str = ""
    figure: str = ""
    shade: float | None = None


@dataclass(frozen=True)
class Column:
    """`kind` decides alignment: names and words left, numbers on their decimal, marks fill the cell.

    `has_units`: numbers of several units stand in the column, each with its own behind it.
    """

    head: str
    kind: Literal["name", "word", "word-right", "number", "mark"]
    width: str = ""
    decimals: int = 0
    has_units: bool = False


@dataclass(frozen=True)
class Row:
    cells: tuple[Cell, ...]
    opens_group: bool = False
    is_total: bool = False


@dataclass(frozen=True)
class Table:
    """A real table. `notes` are lettered footnotes; `foot` says what the table leaves out."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    foot: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guide:
    """A horizontal line of a chart with the words that label it. `kind` decides how it is drawn."""

    value: float
    label: str
    kind: Literal["target", "limit", "mean"]


@dataclass(frozen=True)
class DataRow:
    """A row of the table under a chart: one text per point of the chart, and one key, as a cell has, where it is a
    published number."""

    label: str
    texts: tuple[str, ...]
    tone: Tone = ""
    figures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forecast:
    """The value expected at a chart's point `index`, with its limits: drawn hatched, the limits as a line."""

    index: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class TimeChart:
    """Values over periods, drawn above the table of the same values, a column of the table under each point. `height`
    is
    the plot's, in mm.

    `values` are in the unit of `title`; `outlines` are targets per period, drawn as outlined columns; `low` and `high`
    bound the vertical axis (columns start at zero). `corner` heads the row labels and `under` stands below each label
    (the year below its first month, a week's first day).
    """

    title: str
    alt: str
    style: Literal["line", "columns"]
    corner: str
    labels: tuple[str, ...]
    under: tuple[str, ...]
    values: tuple[float | None, ...]
    rows: tuple[DataRow, ...]
    low: float
    high: float
    guides: tuple[Guide, ...] = ()
    outlines: tuple[float | None, ...] = ()
    forecast: Forecast | None = None
    last_label: str = ""
    wide: bool = True
    height: float = 20.0


@dataclass(frozen=True)
class StackChart:
    """100 % bars of ordered classes, one bar a row; the shares in `shares[row][class]` sum to 1."""

    title: str
    alt: str
    classes: tuple[str, ...]
    names: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]
    table: Table


@dataclass(frozen=True)
class Curve:
    """A step function of hours or days: the share reached by then, 0 to 1."""

    name: str
    times: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class CurveChart:
    """Curves over hours or days (`tick_unit`), the target as a point: a time and a share."""

    title: str
    alt: str
    curves: tuple[Curve, ...]
    ticks: tuple[int, ...]
    tick_unit: str
    table: Table
    target: tuple[float, float] | None = None
    target_label: str = ""


@dataclass(frozen=True)
class HeatGrid:
    """Seven rows of 24 printed values; `shades` are 0 to 1."""

    title: str
    alt: str
    days: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    shades: tuple[tuple[float, ...], ...]
    foot: str


@dataclass(frozen=True)
class BigNumber:
    """The one figure of a page that stands large, and the line under it. `figure` is its key, as a cell's."""

    text: str
    unit: str
    line: str
    tone: Tone = ""
    figure: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence made by a rule. `owner` is who answers for it, `rule` the rule's name."""

    text: str
    rule: str
    owner: str = ""


@dataclass(frozen=True)
class Edition:
    """Which report this is. `report_hash` is the SHA-256 of all the other figures.

    `number` counts the editions of the period; until it `is_issued` the report is a draft of that edition.
    """

    office: str
    brand: str
    code: str
    accent: str
    title: str
    subtitle: str
    period_id: str
    period_type: str
    period_label: str
    as_of: str
    as_of_iso: str
    is_complete: bool
    locale: str = "en"
    report_hash: str = ""
    number: int = 0
    is_issued: bool = False
