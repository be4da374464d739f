"""Predicted lifetime value: what the customers so far will spend in the coming 12 months, on average.

What belongs here: the catalogue's rows of family `clv`. The models are `pipeline.analyses.clv_models`, their guards
`sql/metrics/clv_checks.sql`; each customer's own value is `pipeline.analyses.customer_values`. Where a guard fails
there is no value but a reason, `too_few_repeat_buyers` or `model_not_valid`, and the historic value is what is known
(`sql/metrics/customer_history.sql`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from pipeline.analyses.clv_models import load_model
from pipeline.analyses.purchase_histories import Quarter, customer_groups, planned_quarters
from pipeline.model import LONG_COLUMNS, Model
from pipeline.policies import load_policies
from pipeline.statistics.purchase_values import Horizon, lifetime_values, mean_lifetime_value_interval

MONTHS = 12
_ERRORS = {"holdout_error": "clv_holdout_error", "holdout_mape": "clv_holdout_mape"}


def horizon(config: Path) -> Horizon:
    """How far the values look, and the office's discount."""
    return Horizon(MONTHS, load_policies(config).clv_monthly_discount_share)


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """The rows of the planned quarters; a quarter by whose end nobody had bought has none."""
    rows = [row for quarter in planned_quarters(con) for row in _rows(con, quarter, horizon(config))]
    return pl.DataFrame(rows, infer_schema_length=None)


def _rows(con: duckdb.DuckDBPyConnection, quarter: Quarter, ahead: Horizon) -> list[dict[str, Any]]:
    model = load_model(con, quarter.period_id)
    if model is None:
        return []
    shared = {"period_id": quarter.period_id, "scope": "all", "entity_id": "all", "n": model.customers}
    rows = [shared | {"metric": "clv_12m_mean", "reason": model.reason}]
    if model.reason is None and model.purchases is not None and model.values is not None:
        groups = customer_groups(con, quarter.end)
        h, money = groups.histories, groups.mean_repeat_cents
        values = lifetime_values(model.purchase_model, model.value_model, h, money, ahead)
        low, high = mean_lifetime_value_interval(model.purchases, model.values, h, money, ahead)
        rows[0] |= {"value": float((values * h.customers).sum() / h.customers.sum()), "low": low}
        rows[0]["high"] = high if np.isfinite(high) else None
    errors = con.execute(
        "select check_name, value from metrics.clv_checks where period_id = ? order by check_name", [quarter.period_id]
    ).fetchall()
    unchecked = model.reason if model.reason == "too_few_repeat_buyers" else "model_not_valid"
    for name, value in errors:
        if name in _ERRORS:
            reason = unchecked if value is None else None
            rows.append(shared | {"metric": _ERRORS[name], "value": value, "reason": reason})
    return rows


MODEL = Model(
    schema="metrics",
    name="clv",
    description=(
        "Net sales expected of the customers so far in the coming 12 months, discounted, on average (METRICS.md A23 "
        "iii), with the errors of its hold-out check; null with a reason where a guard of clv_checks fails."
    ),
    grain=("period_id", "scope", "entity_id", "metric"),
    reads=frozenset({"core.buyer_days", "metrics.clv_models", "metrics.clv_checks"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=LONG_COLUMNS,
    compute=compute,
)
