"""Page 8: delivery, answers to inquiries, returns, refunds, defects, cancellations.

What belongs here: the choice and order of what the page shows. Where late orders fell is `late_orders.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from pipeline.figures.chart_shapes import ColumnGroups
from pipeline.figures.measures import detail_table, with_year_before
from pipeline.figures.model import MISSING_TEXT, BigNumber, Cell, CurveChart, Sentence, Table, TimeChart
from pipeline.figures.noise import Move, month_limits, move_of
from pipeline.figures.numbers import count, digits_beside, plural, scale_of, show, with_unit
from pipeline.figures.published import Published, Value
from pipeline.figures.quarterly.late_orders import late_categories, late_waterfall, quarter_months
from pipeline.figures.service import share_chart
from pipeline.figures.waiting import delivery_curves
from pipeline.figures.wording import (
    big_number,
    move_sentence,
    not_measured,
    page_message,
    period_name,
    spoken,
)
from pipeline.settings import Office

MEASURES = (
    "on_time_delivery_rate",
    "delivery_days_median",
    "inquiry_response_48h",
    "order_defect_rate",
    "order_negative_review_rate",
    "return_rate",
    "refund_rate",
    "refund_value_share",
    "cancellation_rate",
    "cancellation_rate_by_seller",
)
LEADS = ("on_time_delivery_rate", "delivery_days_median", "order_defect_rate", "cancellation_rate", "return_rate")
#: Refunds have no window: they come in for as long as goods come back, 90 days of travel and 30 of grace
#: (`sql/metrics/returns.sql`), and so a younger quarter's cannot be held against an older one's.
REFUNDS = ("refund_rate", "refund_value_share")
REFUNDS_SETTLE = timedelta(days=120)
LINE_MM = 14.0
SHARE = scale_of("share", "")


@dataclass(frozen=True)
class OperationsPage:
    message: Sentence
    number: BigNumber | None
    delivery: TimeChart | None
    inquiries: TimeChart | None
    late: ColumnGroups | None
    curve: CurveChart | None
    measures: Table | None
    categories: Table | None
    not_measured: str


def operations_page(source: Published, office: Office) -> OperationsPage | None:
    """The page; None when nothing that leads it has a value."""
    lead = next((m for m in LEADS if (found := source.at(m)) is not None and found.value is not None), None)
    if lead is None:
        return None
    message, told = _message(source, lead)
    inquiries = share_chart(
        source, "inquiry_response_48h", "Inquiries answered within 48 hours, % of those at least that old"
    )
    return OperationsPage(
        message=message,
        number=big_number(source, told),
        delivery=_low(
            share_chart(
                source,
                "on_time_delivery_rate",
                "Orders delivered by the promised day, % of orders promised in the month",
                {"delivery_days_median": "Median"},
            )
        ),
        inquiries=_low(inquiries),
        late=late_waterfall(source),
        curve=None if inquiries else delivery_curves(source),
        measures=_measures(source),
        categories=late_categories(source),
        not_measured=not_measured(source, MEASURES),
    )


def _low(chart: TimeChart | None) -> TimeChart | None:
    return None if chart is None else replace(chart, height=min(chart.height, LINE_MM))


def _message(source: Published, lead: str) -> tuple[Sentence, str]:
    """Delivery first: its move beyond noise, or a month of it outside the usual range; else the largest move of the
    others that lead, else where the first stands."""
    if lead != "on_time_delivery_rate":
        return page_message(source, LEADS, lead)
    move, month = move_of(source, lead), _month_outside(source, lead)
    if move is not None and not move.is_beyond_noise:
        move = None
    if move is None and month is None:
        return page_message(source, LEADS, lead)
    if move is not None and month is None:
        text = with_year_before(source, move_sentence(source, move), lead)
        return Sentence(text, "delivery moved beyond noise"), lead
    return Sentence(f"{_short(source, lead, move)}; {month}.", "a month of delivery outside its usual range"), lead


def _short(source: Published, metric: str, move: Move | None) -> str:
    """The quarter in few words, where a month's follow it; `move` is None within noise."""
    now, before = source.at(metric), source.at(metric, source.period.previous.id)
    assert now is not None
    verb = "stood at" if move is None else f"{'rose' if move.is_rise else 'fell'} beyond noise to"
    text = f"{spoken(source, metric)} {verb} {with_unit(now.value, SHARE)}"
    if before is None or before.value is None:
        return text
    name = period_name(source, before.period_id)
    if move is None:
        return f"{text} after {show(before.value, SHARE)} in {name}, within noise"
    return f"{text} from {show(before.value, SHARE)} in {name}"


def _month_outside(source: Published, metric: str) -> str | None:
    """The quarter's month furthest outside the limits of the twelve months before the quarter; None within them."""
    limits = month_limits(source, metric)
    if limits is None:
        return None
    outside: list[tuple[float, str, Value]] = []
    for month in quarter_months(source):
        found = source.at(metric, month.id)
        if found is not None and found.value is not None and not limits.low <= found.value <= limits.high:
            outside.append((abs(found.value - limits.mean), f"{month.start:%B}", found))
    if not outside:
        return None
    _, name, furthest = max(outside, key=lambda entry: (entry[0], entry[1]))
    assert furthest.value is not None
    is_below = furthest.value < limits.low
    usual = limits.within(source.metric(metric).unit)
    edge = usual.low if is_below else usual.high
    value = with_unit(furthest.value, SHARE, digits=digits_beside(furthest.value, edge, SHARE))
    side = "below" if is_below else "above"
    return f"{name}, at {value}, was {side} the usual {show(usual.low, SHARE)} to {show(usual.high, SHARE)}"


def _measures(source: Published) -> Table | None:
    """The measures with their moves; refunds that still come in have none."""
    table = detail_table(source, [metric for metric in MEASURES if _is_told(source, metric)], "Measures")
    if table is None:
        return None
    foot = _pending(source)
    if source.run.as_of_day - source.period.end >= REFUNDS_SETTLE or not any(map(source.is_measured, REFUNDS)):
        return replace(table, foot=foot)
    rows = tuple(
        replace(row, cells=(*row.cells[:-2], Cell(MISSING_TEXT), Cell("still open", tone="muted")))
        if row.cells[0].definition in REFUNDS
        else row
        for row in table.rows
    )
    still_open = (
        f"Still open: refunds of these orders come in for {count(REFUNDS_SETTLE.days)} days and more after the "
        "quarter, so no change is given."
    )
    return replace(table, rows=rows, foot=f"{foot} {still_open}".strip())


def _is_told(source: Published, metric: str) -> bool:
    """Orders with a negative review are among those with a defect, and stand for them where returns are not known."""
    return metric != "order_negative_review_rate" or not source.is_measured("order_defect_rate")


def _pending(source: Published) -> str:
    """How many cases are too young to count, and which orders have no promise to be held to."""
    waiting = []
    defects = "defects" if source.is_measured("order_defect_rate") else "negative reviews"
    for metric, singular, several, what in (
        ("order_defects_pending", "order", "orders", f"under 60 days old ({defects})"),
        ("returns_pending", "line", "lines", "delivered less than 30 days ago (returns)"),
    ):
        found = source.at(metric)
        if found is not None and found.value:
            waiting.append(f"{plural(int(found.value), singular, several)} {what}")
    parts = [f"Pending, not counted: {', '.join(waiting)}."] if waiting else []
    without = source.at("orders_without_promise")
    if without is not None and without.value:
        parts.append(f"{plural(int(without.value), 'order')} without a promised date not counted as on time or late.")
    return " ".join(parts)
