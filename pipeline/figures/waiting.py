"""How long customers wait: the share answered or delivered by each hour or day, as curves with their table.

What belongs here: reading `survival` (Kaplan–Meier, open cases counted for as long as they were followed) into charts.
The shares within 48 hours and on time, which have targets and months, are `service.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.figures.measures import value_cell
from pipeline.figures.model import Cell, Column, Curve, CurveChart, Row, Table
from pipeline.figures.numbers import goal, number, scale_of
from pipeline.figures.published import Published
from pipeline.periods import Period

ANSWER_HOURS = (6, 12, 24, 48, 96)
DELIVERY_DAYS = (5, 10, 15, 20, 30)
TARGET_HOURS = 48.0
_FOOT = "Kaplan–Meier: open cases count for as long as they were followed."
FEWEST_DELIVERIES = 10  # METRICS.md 0.7
#: kind of case: its name, the metric that says whether it is measured, its median and its 90th percentile
_ANSWERS = {
    "review": ("Reviews", "review_response_48h", "review_response_hours_median", "review_response_hours_p90"),
    "inquiry": ("Inquiries", "inquiry_response_48h", "inquiry_response_hours_median", "inquiry_response_hours_p90"),
}


def answer_curves(published: Published) -> CurveChart | None:
    """Reviews and inquiries answered by hours since they were written; None when neither is measured."""
    curves, rows = [], []
    for kind, (label, metric, *waits) in _ANSWERS.items():
        curve = _curve(published, kind, label, published.period.id, 1.0) if published.is_measured(metric) else None
        if curve is None:
            continue
        curves.append(curve)
        cells = tuple(_wait_cell(published, wait) for wait in waits)
        rows.append(Row((Cell(label), *_reached_cells(curve, ANSWER_HOURS), *cells)))
    if not curves:
        return None
    columns = (
        Column("% by", "name", "16mm"),
        *(Column(f"{hours} h", "number", decimals=1) for hours in ANSWER_HOURS),
        Column("Median, h", "number", decimals=1),
        Column("p90, h", "number", decimals=1),
    )
    target = published.target_of("review_response_48h", published.period.id)
    said = ", ".join(f"{curve.name.lower()} {number(100 * reached(curve, TARGET_HOURS), 1)} %" for curve in curves)
    return CurveChart(
        title="Answered by hours since asked, %",
        alt=f"Share answered within 48 hours: {said}. The table below holds more hours.",
        curves=tuple(curves),
        ticks=(0, 24, 48, 72, 96),
        tick_unit="h",
        table=Table("", columns, tuple(rows), foot=_FOOT),
        target=None if target is None else (TARGET_HOURS, target),
        target_label="" if target is None else f"target {goal(target, scale_of('share', ''))} in 48 h",
    )


def delivery_curves(published: Published) -> CurveChart | None:
    """Orders delivered by days since they were placed, this period and the one before; None when it is not measured."""
    if not published.is_measured("delivery_days_median"):
        return None
    periods = (published.period, published.period.previous)
    found = [_curve(published, "delivery", _named(period), period.id, 24.0) for period in periods]
    curves = [curve for curve in found if curve is not None]
    now = published.at("delivery_days_median")
    if not curves or found[0] is None or now is None or (now.n or 0) < FEWEST_DELIVERIES:
        return None
    columns = (
        Column("% by", "name", "18mm"),
        *(Column(f"{days} days", "number", decimals=1) for days in DELIVERY_DAYS),
    )
    rows = tuple(Row((Cell(curve.name), *_reached_cells(curve, DELIVERY_DAYS))) for curve in curves)
    return CurveChart(
        title="Delivered by days since ordered, %",
        alt=f"{number(100 * reached(curves[0], 10), 1)} % delivered within 10 days. The table below holds more days.",
        curves=tuple(curves),
        ticks=(0, 10, 20, 30, 40, 50, 60),
        tick_unit="d",
        table=Table("", columns, rows, foot=_FOOT),
    )


def _named(period: Period) -> str:
    return f"{period.start:%b %Y}" if period.type == "month" else period.label


def _curve(published: Published, kind: str, label: str, period_id: str, hours_per_unit: float) -> Curve | None:
    if not published.has("survival"):
        return None
    rows = published.rows(
        "select hours, surviving from survival where period_id = $period and kind = $kind order by hours",
        period=period_id,
        kind=kind,
    )
    if not rows:
        return None
    times = tuple(hours / hours_per_unit for hours, _ in rows)
    return Curve(label, times, tuple(round(1 - surviving, 6) for _, surviving in rows))


def reached(curve: Curve, time: float) -> float:
    """The share that the curve has reached by `time`."""
    return max((share for at, share in zip(curve.times, curve.shares, strict=True) if at <= time), default=0.0)


def _reached_cells(curve: Curve, times: Sequence[int]) -> tuple[Cell, ...]:
    return tuple(Cell(number(100 * reached(curve, time), 1)) for time in times)


def _wait_cell(published: Published, metric: str) -> Cell:
    found = published.at(metric)
    return replace(value_cell(metric, found, scale_of("hours", "")), definition=metric)
