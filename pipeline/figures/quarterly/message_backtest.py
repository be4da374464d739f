"""The forecasts made inside a quarter held against what came, and how often such limits have held.

What belongs here: the table of one quarter's views and the sentence on their record. The forecasts are the work of
`pipeline.analyses.message_forecasts`; the monthly's sentences on them are `pipeline.figures.forecast`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.figures.model import Cell, Column, Interval, Row, Table
from pipeline.figures.numbers import THIN, count, plural, scale_of, show, with_unit
from pipeline.figures.published import Published

PROMISED = 0.8
SAME_VIEW_DAYS = 3  # a week's end so near to a month's says the same again


@dataclass(frozen=True)
class View:
    """A forecast of the quarter's messages, made at the end of the day `cut`."""

    seen_from: str
    cut: date
    days_left: int
    forecast: float
    low: float
    high: float

    def holds(self, final: float) -> bool:
        return self.low <= final <= self.high


def views(source: Published) -> list[View]:
    """The quarter's forecasts made at the ends of its weeks and months, oldest first."""
    if not source.has("message_forecasts"):
        return []
    rows = source.rows(
        """select seen_from, cut_day, days_left, forecast, low_80, high_80 from message_forecasts
        where period_id = $id and days_left > 0 and seen_from <> 'as_of' and low_80 is not null and high_80 is not null
        order by cut_day, seen_from""",
        id=source.period.id,
    )
    return [View(*row) for row in rows]


def backtest_table(source: Published) -> Table | None:
    """Each forecast with its 80 % limits and, of a quarter that is over, whether the final count lay in them."""
    found = views(source)
    if not found:
        return None
    final = _final(source)
    shown = _shown(found)
    bounds = [bound for view in shown for bound in (view.low, view.high)] + ([final] if final is not None else [])
    low, high = min(bounds), max(bounds)
    rows = tuple(_row(view, final, low, (high - low) or 1.0) for view in shown)
    columns = (
        Column("Day", "word", "9mm"),
        Column("Left", "number", "8.5mm"),
        Column("Forecast", "number", "15.5mm"),
        Column(f"80{THIN}% limits", "word-right"),
        Column("", "mark", "17mm"),
        *((Column("Inside", "word", "9mm"),) if final is not None else ()),
    )
    return Table("Forecasts of the final count, and the actual one", columns, rows, foot=_foot(final, found, shown))


def _shown(found: list[View]) -> list[View]:
    """The months' ends, and every second week's end that is not near one."""
    months = [view.cut for view in found if "W" not in view.seen_from]
    weeks = [view for view in found if "W" in view.seen_from][::2]
    kept = [view for view in weeks if all(abs((view.cut - month).days) > SAME_VIEW_DAYS for month in months)]
    return [view for view in found if view in kept or (view.cut in months and "W" not in view.seen_from)]


def _row(view: View, final: float | None, low: float, width: float) -> Row:
    def place(value: float) -> float:
        return round((value - low) / width, 4)

    alt = f"{count(view.forecast)}, limits {count(view.low)} to {count(view.high)}"
    mark = Interval(
        place(view.low), place(view.forecast), place(view.high),
        alt if final is None else f"{alt}, final count {count(final)}",
        target=None if final is None else place(final),
    )  # fmt: skip
    cells = (
        Cell(f"{view.cut:%m-%d}"),
        Cell(count(view.days_left)),
        Cell(count(view.forecast), tone="strong"),
        Cell(f"{count(view.low)} to {count(view.high)}", tone="muted"),
        Cell("", mark=mark),
    )
    if final is None:
        return Row(cells)
    return Row((*cells, Cell("● yes", tone="muted") if view.holds(final) else Cell("▼ no", tone="bad")))


def _foot(final: float | None, found: list[View], shown: list[View]) -> str:
    """Short, so that it takes one line below the table."""
    said = [] if final is None else ["Left: days. Line: the actual count."]
    rest = len(found) - len(shown)
    said.append("Each carries on the pace so far.")
    if rest:
        said.append(f"{plural(rest, 'view')} not shown.")
    return " ".join(said)


def _final(source: Published) -> float | None:
    """The quarter's count once it is over."""
    value = source.at("message_count") if source.is_complete else None
    return value.value if value else None


def record_sentence(source: Published) -> str:
    """How often 80 % limits held in this quarter and in all up to it, and what that says of them; '' without any."""
    held = source.at("message_forecast_coverage_80")
    if held is None or held.value is None or not held.denominator or held.low is None or held.high is None:
        return ""
    own, final, here = views(source), _final(source), ""
    if own and final is not None:
        inside = sum(view.holds(final) for view in own)
        here = f"{count(inside)} of this quarter's {plural(len(own), 'forecast')} and in "
    scale = scale_of("share", "")
    verdict = "as often as they promise"
    if held.high < PROMISED:
        verdict = "the limits are too narrow"
    elif held.low > PROMISED:
        verdict = "the limits are too wide"
    return (
        f"Forecasts' 80{THIN}% limits held the final count in {here}{count(held.numerator or 0)} of all "
        f"{count(held.denominator)} up to it ({with_unit(held.value, scale)}, 95{THIN}% interval "
        f"{show(held.low, scale)} to {show(held.high, scale)}): {verdict}."
    )
