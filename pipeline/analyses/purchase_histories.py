"""What the customers had done by a day, counted out of the warehouse for the models of lifetime value.

What belongs here: x, t_x, T and the money of METRICS.md A23 (iii), by groups of equal customers and by customer, and
the quarters that are asked for. The models are `pipeline.statistics.purchases` and `purchase_values`; what is kept of
them is computed in the modules beside this one.

x counts later days with a completed order; several on one day are one. A day's money is net of its refunds, and a
repeat purchase that was refunded whole still is one. T ends with the last whole day of the quarter that as_of sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.statistics.purchases import Histories, TimeUnit

#: The unit in which the models are fitted.
UNIT = TimeUnit.WEEK

#: What was bought from :end on is not in the history; the days with orders from there until :until are `later_days`.
_CUSTOMERS = """
select
    h.buyer_id,
    h.order_days_to_date - 1 as frequency,
    h.day - h.first_day as recency_days,
    $end - 1 - h.first_day as age_days,
    cast(h.net_cents_to_date - f.net_cents as bigint) as repeat_cents,
    u.order_days_to_date - h.order_days_to_date as later_days
from core.buyer_days as h
inner join core.buyer_days as f on h.buyer_id = f.buyer_id and h.first_day = f.day
inner join core.buyer_days as u on h.buyer_id = u.buyer_id
where h.day < $end and coalesce(h.next_day >= $end, true) and u.day < $until and coalesce(u.next_day >= $until, true)
"""

_GROUPS = f"""
select frequency, recency_days, age_days, repeat_cents, later_days, count(*) as customers
from ({_CUSTOMERS})
group by all
order by all
"""


@dataclass(frozen=True)
class Quarter:
    """A planned quarter, and the first day of it or after it that a history may not use: its end, or as_of's day."""

    period_id: str
    end: date


@dataclass(frozen=True)
class Customers:
    """Histories in weeks, and what goes with each: the net cents of its repeat purchases, and the days with orders
    after its end."""

    histories: Histories
    repeat_cents: NDArray[np.float64]
    later_days: NDArray[np.float64]

    @property
    def mean_repeat_cents(self) -> NDArray[np.float64]:
        """What a repeat purchase of each brought on average; 0 where there was none, or where refunds ate it up."""
        x = self.histories.frequency
        return np.maximum(self.repeat_cents, 0) / np.maximum(x, 1)

    @property
    def has_value(self) -> NDArray[np.bool_]:
        """Who has a mean that the value model, of positive values, can be fitted to."""
        return (self.histories.frequency > 0) & (self.repeat_cents > 0)


def planned_quarters(con: duckdb.DuckDBPyConnection) -> list[Quarter]:
    rows = con.execute(
        "select period_id, least(period_end, as_of_day) from plan.periods cross join plan.run "
        "where period_type = 'quarter' order by period_start"
    ).fetchall()
    return [Quarter(*row) for row in rows]


def last_complete_quarter(con: duckdb.DuckDBPyConnection) -> Quarter | None:
    """Of all that there are, planned or not."""
    row = con.execute(
        "select period_id, period_end from plan.all_periods where period_type = 'quarter' and is_complete "
        "order by period_end desc limit 1"
    ).fetchone()
    return Quarter(*row) if row else None


def customer_groups(con: duckdb.DuckDBPyConnection, end: date, until: date | None = None) -> Customers:
    """Everybody who had bought before `end`, equal ones together."""
    return as_customers(con.execute(_GROUPS, {"end": end, "until": until or end}).pl())


def customer_rows(con: duckdb.DuckDBPyConnection, end: date) -> pl.DataFrame:
    """Everybody who had bought before `end`, one row each."""
    return con.execute(f"from ({_CUSTOMERS}) order by buyer_id", {"end": end, "until": end}).pl()


def as_customers(rows: pl.DataFrame) -> Customers:
    """Histories from the columns of a query of this module; one customer each where it has no `customers`."""
    histories = Histories.of(
        rows["frequency"],
        rows["recency_days"],
        rows["age_days"],
        TimeUnit.DAY,
        rows["customers"] if "customers" in rows.columns else None,
    )
    return Customers(
        histories.counted_in(UNIT),
        rows["repeat_cents"].cast(pl.Float64).to_numpy(),
        rows["later_days"].cast(pl.Float64).to_numpy(),
    )
