"""Page 3: what customers got. Answers within the promised time, waiting, delivery.

What belongs here: the choice and order of the page's figures.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.figures.measures import detail_table
from pipeline.figures.model import Cell, Column, Curve, CurveChart, Row, ServicePage, Table, TimeChart
from pipeline.figures.numbers import number, scale_of, show
from pipeline.figures.published import Published
from pipeline.figures.trends import month_columns, month_line
from pipeline.figures.wording import big_number, not_measured, page_message

LEADS = ("review_response_48h", "inquiry_response_48h", "on_time_delivery_rate")
MEASURES = (
    "review_response_48h",
    "negative_review_response_48h",
    "review_response_24h",
    "review_response_hours_median",
    "review_response_hours_p90",
    "inquiry_response_48h",
    "inquiry_response_24h",
    "inquiry_response_rate",
    "inquiry_response_rate_no_exemption",
    "inquiry_response_hours_median",
    "inquiry_response_hours_p90",
    "on_time_delivery_rate",
    "delivery_days_median",
)
CHARTED = {"review_response_48h", "inquiry_response_48h", "on_time_delivery_rate", "delivery_days_median"}
WAITING = {
    "review": ("review_response_hours_median", "review_response_hours_p90"),
    "inquiry": ("inquiry_response_hours_median", "inquiry_response_hours_p90"),
}
DETAILS = tuple(m for m in MEASURES if m not in CHARTED and "hours" not in m)
CURVES = {"review": "Reviews", "inquiry": "Inquiries"}
CURVE_HOURS = (6, 12, 24, 48, 96)


def service_page(published: Published) -> ServicePage | None:
    """The page, or None when neither answers nor deliveries have a value."""
    lead = next((m for m in LEADS if (found := published.at(m)) and found.value is not None), None)
    if lead is None:
        return None
    return ServicePage(
        message=page_message(published, MEASURES, lead),
        number=big_number(published, lead),
        reviews=share_chart(published, "review_response_48h", "Reviews answered within 48 hours, % of mature reviews"),
        inquiries=share_chart(
            published, "inquiry_response_48h", "Inquiries answered within 48 hours, % of mature inquiries"
        ),
        measures=detail_table(published, DETAILS, "Further measures", has_moves=False),
        curve=_curves(published),
        delivery=share_chart(
            published,
            "on_time_delivery_rate",
            "Orders delivered by the promised day, % of orders promised in the month",
            {"delivery_days_median": "Median"},
        ),
        not_measured=not_measured(published, MEASURES),
    )


def share_chart(
    published: Published, metric: str, title: str, extra: Mapping[str, str] | None = None
) -> TimeChart | None:
    """Columns against the outlined target where there is a target, else a line within its process limits."""
    now = published.at(metric)
    if now is not None and now.target is not None:
        return month_columns(published, metric, title, extra)
    return month_line(published, metric, title, extra)


def _curves(published: Published) -> CurveChart | None:
    """The share answered by each hour, open cases counted as long as they were followed (Kaplan–Meier)."""
    if not published.has("survival"):
        return None
    curves, waits = [], []
    for kind, label in CURVES.items():
        rows = published.rows(
            "select hours, surviving from survival where period_id = $period and kind = $kind order by hours",
            period=published.period.id,
            kind=kind,
        )
        if rows:
            shares = tuple(round(1 - surviving, 6) for _, surviving in rows)
            curves.append(Curve(label, tuple(float(hours) for hours, _ in rows), shares))
            waits.append(tuple(_wait_cell(published, metric) for metric in WAITING[kind]))
    if not curves:
        return None
    columns = (
        Column("% by", "name", "16mm"),
        *(Column(f"{hours} h", "number", decimals=1) for hours in CURVE_HOURS),
        Column("Median, h", "number", decimals=1),
        Column("p90, h", "number", decimals=1),
    )
    table_rows = tuple(
        Row((Cell(curve.name), *(Cell(number(100 * _reached(curve, hours), 1)) for hours in CURVE_HOURS), *cells))
        for curve, cells in zip(curves, waits, strict=True)
    )
    target = published.target_of("review_response_48h", published.period.id)
    alts = [f"{curve.name.lower()} {number(100 * _reached(curve, 48), 1)} %" for curve in curves]
    return CurveChart(
        title="Answered by hours since asked, %",
        alt=f"Share answered within 48 hours: {', '.join(alts)}. The table below holds more hours.",
        curves=tuple(curves),
        table=Table("", columns, table_rows, foot="Kaplan–Meier: open cases count for as long as they were followed."),
        target=target,
        target_label=f"target {number(100 * target, 0)} % in 48 h" if target is not None else "",
    )


def _wait_cell(published: Published, metric: str) -> Cell:
    found = published.at(metric)
    return Cell(show(found.value if found else None, scale_of("hours", "")), definition=metric)


def _reached(curve: Curve, hours: float) -> float:
    return max((share for hour, share in zip(curve.hours, curve.shares, strict=True) if hour <= hours), default=0.0)
