"""What each customer will spend in the 12 months after the last complete quarter.

What belongs here: one row a customer, whose mean is that quarter's `clv_12m_mean`. Scores and health of the customers
are `sql/metrics/customers.sql`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from pipeline.analyses.clv import MONTHS, horizon
from pipeline.analyses.clv_models import load_model
from pipeline.analyses.purchase_histories import as_customers, customer_rows, last_complete_quarter
from pipeline.model import Model
from pipeline.statistics.purchase_values import lifetime_values
from pipeline.statistics.purchases import Span, TimeUnit, alive_probability, expected_purchases


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """Nothing where no quarter is complete, or where a guard of its model fails."""
    quarter = last_complete_quarter(con)
    model = load_model(con, quarter.period_id) if quarter else None
    if quarter is None or model is None or model.reason is not None:
        return pl.DataFrame()
    rows = customer_rows(con, quarter.end)
    customers = as_customers(rows)
    h, money = customers.histories, customers.mean_repeat_cents
    year = Span(MONTHS, TimeUnit.MONTH)
    values = lifetime_values(model.purchase_model, model.value_model, h, money, horizon(config))
    return rows.select(
        "buyer_id",
        period_id=pl.lit(quarter.period_id),
        repeat_order_days="frequency",
        recency_weeks=pl.Series(h.recency),
        age_weeks=pl.Series(h.age),
        mean_repeat_cents=pl.when(pl.col("frequency") > 0).then(pl.Series(money)),
        alive_share=pl.Series(alive_probability(model.purchase_model, h)),
        expected_orders_12m=pl.Series(expected_purchases(model.purchase_model, h, year)),
        expected_value_12m_cents=pl.Series(values),
    )


MODEL = Model(
    schema="metrics",
    name="customer_values",
    description=(
        "Each customer's expected days with orders and net sales (discounted) in the 12 months after the last complete "
        "quarter. alive_share is the chance not to have left for good, 1 by construction for who came once. Empty "
        "where a guard of clv_checks fails."
    ),
    grain=("buyer_id",),
    reads=frozenset({"core.buyer_days", "metrics.clv_models", "metrics.clv_checks"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=(
        "buyer_id varchar, period_id varchar, repeat_order_days bigint, recency_weeks double, age_weeks double, "
        "mean_repeat_cents double, alive_share double, expected_orders_12m double, expected_value_12m_cents double"
    ),
    compute=compute,
)
