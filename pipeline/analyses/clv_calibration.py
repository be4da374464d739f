"""The hold-out check of the purchase model: what it would have said 13 weeks ago about the weeks that followed.

What belongs here: fitting to all but the last 13 weeks and foretelling those, by how often customers had bought before.
Its errors, and how large they may be, are in `sql/metrics/clv_checks.sql`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from pipeline.analyses.purchase_histories import UNIT, Quarter, customer_groups, planned_quarters
from pipeline.model import Model
from pipeline.policies import load_policies
from pipeline.statistics.purchases import PurchaseModel, Span, TimeUnit, expected_purchases, fit_purchases

HOLDOUT = Span(13, TimeUnit.WEEK)
#: Customers with this many repeat purchases or more stand together.
_MOST = 7


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """The groups of every planned quarter whose earlier weeks have repeat buyers enough for a fit that converges."""
    minimum = load_policies(config).clv_least_repeat_buyers
    rows = [row for quarter in planned_quarters(con) for row in _groups(con, quarter, minimum)]
    columns = ["period_id", "frequency", "customers", "predicted_orders", "actual_orders"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _groups(con: duckdb.DuckDBPyConnection, quarter: Quarter, minimum: int) -> list[tuple[str, int, int, float, int]]:
    held_out = timedelta(days=HOLDOUT.count(TimeUnit.DAY))
    earlier = customer_groups(con, quarter.end - held_out, until=quarter.end)
    h = earlier.histories
    if h.customers[h.frequency > 0].sum() < minimum:
        return []
    fit = fit_purchases(h)
    if not fit.is_converged:
        return []
    predicted = expected_purchases(PurchaseModel.fitted(fit, UNIT), h, HOLDOUT) * h.customers
    group = np.minimum(h.frequency, _MOST).astype(np.int64)
    return [
        (
            quarter.period_id,
            int(frequency),
            int(h.customers[group == frequency].sum()),
            float(predicted[group == frequency].sum()),
            int((earlier.later_days * h.customers)[group == frequency].sum()),
        )
        for frequency in np.unique(group)
    ]


MODEL = Model(
    schema="metrics",
    name="clv_calibration",
    description=(
        "What the purchase model, fitted without a quarter's last 13 weeks, foretold for them, and what was bought: "
        "days with orders, by the days on which the customers had come back before (7: 7 or more)."
    ),
    grain=("period_id", "frequency"),
    reads=frozenset({"core.buyer_days"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=("period_id varchar, frequency integer, customers bigint, predicted_orders double, actual_orders bigint"),
    compute=compute,
)
