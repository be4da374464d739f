"""Whether products that were rated better sell more (METRICS.md A25): an association, never a cause.

What belongs here: which products are compared, how, and when a figure is only indicative. The coefficient is
`pipeline.statistics.correlation`; what each product brings is `sql/metrics/rating_sales_inputs.sql`; the stored metrics
are `sql/metrics/rating_sales_correlation.sql`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.model import Model
from pipeline.statistics.correlation import spearman

#: METRICS.md 0.7: what rests on fewer is not shown.
FEWEST_PRODUCTS = 10

COLUMNS = """
period_id varchar, scope varchar, entity_id varchar, comparison varchar, products bigint, rho double,
standard_error double, low double, high double, method varchar, is_indicative boolean, reason varchar
"""


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """One row for each planned quarter, each comparison, and the marketplace or a category; without a figure where
    there are fewer than ten products (`too_few_products`), or where all rate or sell alike (`no_spread`)."""
    rows = con.sql("from metrics.rating_sales_inputs where period_id in (select period_id from plan.periods)").pl()
    made = []
    for (period_id,), quarter in rows.sort("period_id", "product_id").group_by("period_id", maintain_order=True):
        groups = [("all", "all", quarter)]
        categories = quarter.drop_nulls("category").sort("category", "product_id")
        groups += [("category", key[0], part) for key, part in categories.group_by("category", maintain_order=True)]
        for scope, entity, products in groups:
            key = {"period_id": period_id, "scope": scope, "entity_id": entity}
            made += [key | row for row in _compared(products)]
        made.append(
            {"period_id": period_id, "scope": "all", "entity_id": "all"}
            | _row("within_categories", categories, "bayes_mean", "units", by="category")
        )
    return pl.DataFrame(made, infer_schema_length=None)


def _compared(products: pl.DataFrame) -> list[dict[str, Any]]:
    """`level`: rating against units. `change`: change of rating, a quarter earlier, against growth of units."""
    grown = products.filter(pl.col("bayes_mean_before").is_not_null(), pl.col("units_before") > 0).with_columns(
        rating_change=pl.col("bayes_mean") - pl.col("bayes_mean_before"),
        growth=pl.col("units") / pl.col("units_before"),
    )
    return [_row("level", products, "bayes_mean", "units"), _row("change", grown, "rating_change", "growth")]


def _row(comparison: str, products: pl.DataFrame, rating: str, sold: str, by: str | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"comparison": comparison, "products": products.height, "reason": "too_few_products"}
    if products.height < FEWEST_PRODUCTS:
        return row
    # Equal to twelve decimals is equal: the last digit of a double must not rank two products.
    strata = products[by].to_numpy() if by else None
    found = spearman(products[rating].round(12).to_numpy(), products[sold].to_numpy(), strata)
    if found is None:
        return row | {"reason": "no_spread"}
    if found.n < FEWEST_PRODUCTS:
        return row | {"products": found.n}
    return row | {
        "products": found.n,
        "rho": found.rho,
        "standard_error": found.standard_error,
        "low": found.low,
        "high": found.high,
        "method": found.method,
        "is_indicative": found.method == "bootstrap",
        "reason": None,
    }


MODEL = Model(
    schema="metrics",
    name="rating_sales",
    description="Spearman's rank correlation of products' ratings with their sales a quarter later: an association.",
    grain=("period_id", "scope", "entity_id", "comparison"),
    reads=frozenset({"metrics.rating_sales_inputs", "plan.periods"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=COLUMNS,
    compute=compute,
)
