"""Where the sellers would stand under other marketplaces' published standards, criterion by criterion.

What belongs here: reading `tiers` into tables. The standards and what each seller reaches are the work of
`sql/metrics/tiers.sql`; the table holds one day only, that of the last run.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pipeline.figures.model import MISSING_TEXT, Cell, Column, Row, Table
from pipeline.figures.numbers import count, money, number, rounded
from pipeline.figures.published import Published

#: The programmes told criterion by criterion, a table for each pair, and those told in a sentence.
PAIRS = (("etsy_star_seller", "amazon"), ("walmart", "airbnb_superhost"))
OTHERS = ("etsy_minimum", "ebay_top_rated", "ebay_above_standard", "mirakl")
PROGRAMMES = {
    "etsy_star_seller": "Etsy Star Seller",
    "etsy_minimum": "Etsy's minimum",
    "amazon": "Amazon",
    "ebay_top_rated": "eBay Top Rated",
    "ebay_above_standard": "eBay Above Standard",
    "walmart": "Walmart",
    "airbnb_superhost": "Airbnb Superhost",
    "mirakl": "Mirakl Quality Control",
}
CRITERIA = {
    "first_messages_answered_24h": "First answers in 24 h",
    "messages_answered_24h": "Answers in 24 h",
    "messages_answered_48h": "Answers in 48 h",
    "on_time_with_tracking": "On time, with tracking",
    "on_time": "Delivered on time",
    "average_rating": "Average rating",
    "orders": "Orders",
    "sales_cents": "Sales",
    "days_since_first_sale": "Days since first sale",
    "case_rate": "Cases",
    "order_defect_rate": "Orders with a defect",
    "account_health_rating": "Account health rating",
    "cancellation_rate": "Cancelled by the seller",
    "valid_tracking": "Valid tracking",
    "refund_rate": "Refunded",
}
SIGNS = {"at least": "≥", "at most": "≤", "below": "<"}
#: A standing told of a quarter is no more than so many days younger than the quarter's end.
LATEST_DAYS = 31
#: The one name of an input that has a comma in it, where names are parted by commas.
_RATE, _RATE_SHORT = "exchange rate to USD, GBP or EUR", "exchange rates"
_STANDING = """
select programme, count(distinct seller_id), count(distinct seller_id) filter (where would_stand),
    count(distinct seller_id) filter (where not would_stand)
from tiers group by programme
"""
_CRITERIA = """
select programme, criterion, any_value(comparison), any_value(bound), count(*) filter (where is_met),
    count(*) filter (where not is_met), count(*), any_value(missing_inputs)
from tiers group by programme, criterion order by programme, criterion
"""


def standing_day(source: Published) -> date | None:
    """The day that the standings are as of; None where there are none, or not of this quarter's end."""
    if not source.has("tiers"):
        return None
    ends = source.rows("select max(window_end) from tiers")[0][0]
    period = source.period
    return ends if ends and period.start < ends <= period.end + timedelta(days=LATEST_DAYS) else None


def programme_tables(source: Published) -> tuple[Table, ...]:
    """A table for each pair of programmes of which anything is known; none where the standings are of another day."""
    day = standing_day(source)
    if day is None:
        return ()
    standing = {row[0]: row[1:] for row in source.rows(_STANDING)}
    criteria = source.rows(_CRITERIA)
    tables = []
    for pair in PAIRS:
        rows: list[Row] = []
        for programme in pair:
            own = [row for row in criteria if row[0] == programme]
            if programme in standing and any(met or missed for *_, met, missed, _, _ in own):
                rows.append(_programme_row(programme, *standing[programme], opens_group=bool(rows)))
                rows += [_criterion_row(row, source.run.currency) for row in _ordered(own)]
        if rows:
            tables.append(Table("", _COLUMNS, tuple(rows)))
    return tuple(tables)


_COLUMNS = (
    Column("Would stand, % of sellers", "name"),
    Column("Bound", "word-right", "13mm"),
    Column("Yes", "number", "10mm", 1),
    Column("No", "number", "10mm", 1),
    Column("Not known", "number", "15mm", 1),
)


def _ordered(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Those of which anything is known, the best known first."""
    return sorted((row for row in rows if row[4] or row[5]), key=lambda row: (-(row[4] + row[5]), -row[4], row[1]))


def _programme_row(programme: str, sellers: int, stand: int, miss: int, *, opens_group: bool) -> Row:
    unknown = sellers - stand - miss
    shares = (Cell(_percent(found, sellers), tone="strong") for found in (stand, miss, unknown))
    return Row((Cell(PROGRAMMES[programme]), Cell("all"), *shares), opens_group=opens_group, is_total=True)


def _criterion_row(row: tuple[Any, ...], currency: str) -> Row:
    _, criterion, comparison, bound, met, missed, sellers, _ = row
    cells = (Cell(_percent(found, sellers)) for found in (met, missed, sellers - met - missed))
    return Row((Cell(CRITERIA[criterion]), Cell(_bound(criterion, comparison, bound, currency), tone="muted"), *cells))


def _percent(part: int, whole: int) -> str:
    return number(100 * part / whole, 1)


def _bound(criterion: str, comparison: str, bound: float | None, currency: str) -> str:
    if bound is None:
        return MISSING_TEXT
    if criterion == "sales_cents":
        text = money(round(bound), currency)
    else:
        shown = 100 * bound if bound < 1 else bound
        text = number(shown, 0 if rounded(shown, 1) == round(shown) else 1) + (" %" if bound < 1 else "")
    return f"{SIGNS[comparison]} {text}"


def programmes_note(source: Published) -> str:
    """As of when, the programmes not in the tables, and what no file of ours has."""
    day = standing_day(source)
    if day is None:
        return ""
    standing = {row[0]: row[1:] for row in source.rows(_STANDING)}
    said = [
        f"{PROGRAMMES[programme]} {count(stand)} / {count(miss)} / {count(sellers - stand - miss)}"
        for programme in OTHERS
        if programme in standing
        for sellers, stand, miss in (standing[programme],)
        if stand or miss
    ]
    named = [names for *_, names in source.rows(_CRITERIA) if names]
    missing = sorted({name for names in named for name in names.replace(_RATE, _RATE_SHORT).split(", ")})
    text = f"As of {day}, each over its own span; sellers that are not closed."
    if said:
        text += f" Others, sellers yes / no / not known: {'; '.join(said)}."
    if missing:
        text += f" Not recorded: {', '.join(missing)}."
    return text
