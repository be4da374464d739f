"""The map of customers: how many there are by days since their last order and by what they have spent.

What belongs here: counting `customers` into five by five classes, and saying as of when. The scores, 5 the best
and ties together, are `sql/core/customer_scores.sql`'s.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pipeline.figures.model import Cell, Column, Row, Table
from pipeline.figures.numbers import count, number
from pipeline.figures.published import Published

SCORES = (1, 2, 3, 4, 5)
#: Money above which the heads of the columns are in thousands.
THOUSANDS_CENTS = 10_000_000


def map_is_of(source: Published) -> bool:
    """Whether the customers, who are scored as of the run's end, say something of this quarter: it is the last whole
    one, or the one that has not ended."""
    return source.period.start < source.run.as_of_day < source.period.next.end


def customer_map(source: Published) -> Table | None:
    """The map, with its totals; None where it would show customers of another quarter than the report's."""
    if not source.has("customers") or not map_is_of(source):
        return None
    cells = {
        (recency, monetary): customers
        for recency, monetary, customers in source.rows(
            "select recency_score, monetary_score, count(*) from customers group by all order by all"
        )
    }
    if not cells:
        return None
    highest = max(cells.values())
    days = _bounds(source, "recency_score", "days_since_last")
    once = dict(
        source.rows(
            "select recency_score, count(*) filter (where order_days = 1) from customers group by all order by all"
        )
    )
    spent = dict(source.rows("select recency_score, sum(net_spend_cents) from customers group by all order by all"))
    all_spent = sum(spent.values())
    rows = []
    for recency in reversed(SCORES):
        counts = [cells.get((recency, monetary), 0) for monetary in SCORES]
        total = sum(counts)
        if not total:
            continue
        shaded = (Cell(count(found), shade=round(found / highest, 4)) for found in counts)
        rows.append(
            Row((Cell(_days(*days[recency])), *shaded, *_sums(total, once[recency], spent[recency], all_spent)))
        )
    columns_total = [sum(cells.get((recency, monetary), 0) for recency in SCORES) for monetary in SCORES]
    whole = sum(columns_total)
    sums = _sums(whole, sum(once.values()), all_spent, all_spent)
    rows.append(Row((Cell("All"), *(Cell(count(found)) for found in columns_total), *sums), is_total=True))
    return Table(
        f"Customers as of {source.run.as_of_day}, by days since the last order and by net spend",
        _columns(source),
        tuple(rows),
        foot=_foot(source, whole),
    )


def _bounds(source: Published, score: str, column: str) -> dict[int, tuple[Any, Any]]:
    """The lowest and highest value of each score."""
    rows = source.rows(f"select {score}, min({column}), max({column}) from customers group by all order by all")
    return {row[0]: (row[1], row[2]) for row in rows}


def _days(fewest: int, most: int) -> str:
    return f"{count(fewest)}–{count(most)} days" if fewest != most else f"{count(fewest)} days"


def _sums(customers: int, once: int, spent: int, all_spent: int) -> tuple[Cell, ...]:
    share = number(100 * spent / all_spent, 1) if all_spent > 0 else "–"
    return (
        Cell(count(customers), tone="strong"),
        Cell(number(100 * once / customers, 1)),
        Cell(share),
    )


def _columns(source: Published) -> tuple[Column, ...]:
    """A column for each monetary score, headed by the most that its customers have spent."""
    bounds = _bounds(source, "monetary_score", "net_spend_cents")
    highest = max(most for _, most in bounds.values())
    divisor = 100_000 if highest >= THOUSANDS_CENTS else 100
    digits = 1 if divisor == 100_000 else 0
    known = [score for score in SCORES if score in bounds]
    heads = {}
    for score in SCORES:
        if score not in bounds:
            heads[score] = "–"
        elif score == known[-1] and len(known) > 1:
            heads[score] = "above"
        else:
            heads[score] = f"≤ {number(Decimal(bounds[score][1]) / divisor, digits)}"
    unit = f"{source.run.currency} k" if divisor == 100_000 else source.run.currency
    return (
        Column(f"Spent, {unit}", "name", "21mm"),
        *(Column(heads[score], "number") for score in SCORES),
        Column("All", "number", "12mm"),
        Column("Once %", "number", "11mm", 1),
        Column("Spend %", "number", "12mm", 1),
    )


def _foot(source: Published, whole: int) -> str:
    """Fifths by rank, ties together; and whether the customers are as many as those who bring the value to date."""
    text = "Fifths by days and by spend, ties together. Once: bought on one day only. Spend: the row's share of all."
    value = source.at("clv_historic_mean")
    if value is not None and value.denominator == whole:
        text += " The total reconciles with the customers of the value to date."
    return text
