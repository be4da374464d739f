"""Page 7: what customers are worth. The map of customers, lifetime value, health, churn and abandonment.

What belongs here: the choice and order of what the page shows. The map is `customer_map.py`'s, lifetime value
`lifetime_value.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.figures.chart_shapes import ColumnGroups
from pipeline.figures.measures import detail_table
from pipeline.figures.model import MISSING_TEXT, BigNumber, Cell, Column, Row, Sentence, Table, TimeChart
from pipeline.figures.numbers import count, scale_of, show
from pipeline.figures.published import Published
from pipeline.figures.quarterly.customer_map import customer_map, map_is_of
from pipeline.figures.quarterly.lifetime_value import calibration_chart, checks_table, model_sentence, values_table
from pipeline.figures.trends import month_line
from pipeline.figures.wording import REASONS, big_number, not_measured, page_message
from pipeline.settings import Office

MEASURES = (
    "health_healthy_share",
    "health_at_risk_share",
    "cart_abandonment_rate",
    "cart_abandonment_value_share",
    "churn_rate",
    "lapsed_customer_share",
)
#: What the page's number is, and its message where no model speaks: the first that has a value.
LEADS = ("clv_12m_mean", "clv_historic_mean", "cart_abandonment_rate", "churn_rate", "lapsed_customer_share")
LINE_MM = 10.0
BANDS = {"healthy": "Healthy", "watch": "Watch", "at_risk": "At risk"}
SHARE = scale_of("share", "")


@dataclass(frozen=True)
class ValuePage:
    message: Sentence
    number: BigNumber | None
    map: Table | None
    map_note: str
    values: Table | None
    checks: Table | None
    calibration: ColumnGroups | None
    health: Table | None
    losses: Table | None
    months: TimeChart | None
    not_measured: str


def value_page(source: Published, office: Office) -> ValuePage | None:
    """The page; None when nothing of it has a value."""
    lead = next((m for m in LEADS if (found := source.at(m)) is not None and found.value is not None), None)
    if lead is None:
        return None
    by_day = customer_map(source)
    return ValuePage(
        message=model_sentence(source) or page_message(source, MEASURES, lead)[0],
        number=big_number(source, lead),
        map=by_day,
        map_note=_map_note(source),
        values=values_table(source),
        checks=checks_table(source),
        calibration=calibration_chart(source),
        health=_health(source),
        losses=detail_table(source, MEASURES, "Health and losses"),
        months=_months(source),
        not_measured=not_measured(source, MEASURES),
    )


def _months(source: Published) -> TimeChart | None:
    """The carts left standing by month or, without carts, the customers who lapsed; low enough for the page."""
    chart = month_line(
        source,
        "cart_abandonment_rate",
        "Carts abandoned by month, % of carts",
        {"cart_abandonment_value_share": "By value"},
    ) or month_line(
        source, "lapsed_customer_share", "Customers who lapsed in the month, % of those active at its start"
    )
    return None if chart is None else replace(chart, height=min(chart.height, LINE_MM))


def _map_note(source: Published) -> str:
    """Why the map is not on the page; '' where it is, or where there are no customers to map."""
    if not source.has("customers") or map_is_of(source):
        return ""
    return (
        f"Customers are placed by recency and spend as of the run's end only, {source.run.as_of_day}: their map stands "
        f"in the report of that quarter, not in this one."
    )


def _health(source: Published) -> Table | None:
    """Of each band at the quarter's start, the share that bought in the quarter; None without a scored customer."""
    if not source.has("health_validation"):
        return None
    found = {
        row[0]: row[1:]
        for row in source.rows(
            """select band, customers, bought, share, low, high, is_ordered, reason from health_validation
            where period_id = $period""",
            period=source.period.id,
        )
    }
    if not any(customers for customers, *_ in found.values()):
        return None
    rows = tuple(_band_row(label, *found[band]) for band, label in BANDS.items() if band in found)
    columns = (
        Column("Band", "name"),
        Column("Customers", "number", "14mm"),
        Column("Bought %", "number", "13mm", 1),
        Column("95 % interval", "word-right", "19mm"),
    )
    is_ordered = next(iter(found.values()))[5]
    return Table("Health at the start, bought in the quarter", columns, rows, foot=_order(is_ordered))


def _band_row(
    label: str,
    customers: int,
    bought: int | None,
    share: float | None,
    low: float | None,
    high: float | None,
    is_ordered: bool | None,
    reason: str | None,
) -> Row:
    if share is None:
        why = REASONS.get(reason or "no_data", "not known")
        return Row((Cell(label), Cell(count(customers)), Cell(MISSING_TEXT), Cell(why, tone="muted")))
    interval = f"{show(low, SHARE)} to {show(high, SHARE)}"
    return Row((Cell(label), Cell(count(customers)), Cell(show(share, SHARE)), Cell(interval, tone="muted")))


def _order(is_ordered: bool | None) -> str:
    """Whether the bands came back in the order that their names promise."""
    if is_ordered is None:
        return "A band is missing, so their order says nothing yet."
    if is_ordered:
        return "▲ In order: the healthier the band, the more of it bought."
    return "▼ Not in order: the weights of the score are to be doubted."
