"""The models of lifetime value, fitted to all customers at the end of each quarter.

What belongs here: fitting, keeping the parameters, and handing them to the tables that are reckoned from them, with the
word why they may not be used. The guards are `sql/metrics/clv_checks.sql`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from pipeline.analyses.purchase_histories import UNIT, Customers, Quarter, customer_groups, planned_quarters
from pipeline.model import Model
from pipeline.policies import load_policies
from pipeline.statistics.likelihood import Fit
from pipeline.statistics.purchase_values import ValueModel, fit_values, value_frequency_correlation
from pipeline.statistics.purchases import PurchaseModel, fit_purchases


@dataclass(frozen=True)
class LifetimeModel:
    """What a quarter's customers are valued with. `reason` says why not; the fits are None where there is none."""

    customers: int
    purchases: Fit | None
    values: Fit | None
    reason: str | None

    @property
    def purchase_model(self) -> PurchaseModel:
        assert self.purchases is not None
        return PurchaseModel.fitted(self.purchases, UNIT)

    @property
    def value_model(self) -> ValueModel:
        assert self.values is not None
        return ValueModel.fitted(self.values)


def load_model(con: duckdb.DuckDBPyConnection, period_id: str) -> LifetimeModel | None:
    """The stored model of a quarter and the verdict of its checks. None where nobody had bought by its end."""
    row = con.execute(
        "select customers, [r, alpha_weeks, a, b], purchase_log_covariance, purchase_log_likelihood, "
        "[p, q, v_cents], value_log_covariance, value_log_likelihood from metrics.clv_models where period_id = ?",
        [period_id],
    ).fetchone()
    if row is None:
        return None
    failed = con.execute(
        "select check_name from metrics.clv_checks where period_id = ? and rule is not null and is_passed is not true",
        [period_id],
    ).fetchall()
    reason = "model_not_valid" if failed else None
    if ("repeat_buyers",) in failed:
        reason = "too_few_repeat_buyers"
    return LifetimeModel(row[0], _stored_fit(*row[1:4]), _stored_fit(*row[4:7]), reason)


def _stored_fit(parameters: list[float], covariance: list[float] | None, log_likelihood: float) -> Fit | None:
    if covariance is None:
        return None
    size = len(parameters)
    return Fit(np.array(parameters), np.array(covariance).reshape(size, size), log_likelihood, True)


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """One row for every planned quarter by whose end somebody had bought."""
    minimum = load_policies(config).clv_least_repeat_buyers
    rows = [_row(quarter, customer_groups(con, quarter.end), minimum) for quarter in planned_quarters(con)]
    return pl.DataFrame([row for row in rows if row["customers"]], infer_schema_length=None)


def _row(quarter: Quarter, customers: Customers, minimum: int) -> dict[str, Any]:
    h = customers.histories
    repeat_buyers = int(h.customers[h.frequency > 0].sum())
    valued = customers.has_value
    valued_buyers = int(h.customers[valued].sum())
    row: dict[str, Any] = {
        "period_id": quarter.period_id,
        "seen_until": quarter.end,
        "customers": int(h.customers.sum()),
        "repeat_buyers": repeat_buyers,
        "valued_buyers": valued_buyers,
    }
    if repeat_buyers >= minimum:
        row |= _columns("purchase", fit_purchases(h), ("r", "alpha_weeks", "a", "b"))
    if valued_buyers >= minimum:
        money = h.frequency[valued], customers.mean_repeat_cents[valued], h.customers[valued]
        row |= _columns("value", fit_values(*money), ("p", "q", "v_cents"))
        row["value_frequency_correlation"] = value_frequency_correlation(*money)
    return row


def _columns(model: str, fit: Fit, names: tuple[str, ...]) -> dict[str, Any]:
    """A fit as columns; where it did not converge nothing but that."""
    if not fit.is_converged:
        return {f"is_{model}_fit_converged": False}
    return {
        f"is_{model}_fit_converged": True,
        **dict(zip(names, fit.parameters.tolist(), strict=True)),
        f"{model}_log_likelihood": fit.log_likelihood,
        f"{model}_log_covariance": fit.covariance.ravel().tolist(),
    }


MODEL = Model(
    schema="metrics",
    name="clv_models",
    description=(
        "BG/NBD and Gamma–Gamma models of all customers at the end of each quarter: parameters, likelihood, and the "
        "covariance of the parameters' logarithms, row by row. Without a fit that converged the parameters are null."
    ),
    grain=("period_id",),
    reads=frozenset({"core.buyer_days"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=(
        "period_id varchar, seen_until date, customers bigint, repeat_buyers bigint, "
        "is_purchase_fit_converged boolean, r double, alpha_weeks double, a double, b double, "
        "purchase_log_likelihood double, purchase_log_covariance double[], "
        "valued_buyers bigint, is_value_fit_converged boolean, p double, q double, v_cents double, "
        "value_log_likelihood double, value_log_covariance double[], value_frequency_correlation double"
    ),
    compute=compute,
)
