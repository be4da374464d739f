"""Whether the ratings of the marketplace, a seller, a product or a category rise or fall (METRICS.md A8).

What belongs here: which months make a series, and the verdict. The tests themselves are `pipeline.statistics.trends`;
the stored metric is `sql/metrics/rating_trend.sql`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.model import Model
from pipeline.policies import load_policies
from pipeline.statistics.trends import adjusted_for_many, trends

#: METRICS.md 0.7: a mean of fewer ratings is not shown. Such a month is a gap in the series.
FEWEST_RATINGS = 3
FEWEST_MONTHS = 8
#: What is called a trend: so sure after the correction for many tests, and so steep.
LARGEST_P = 0.05
LEAST_SLOPE = 0.01  # stars per month

COLUMNS = """
period_id varchar, scope varchar, entity_id varchar, months integer, s bigint, variance double, z double,
p_value double, p_adjusted double, slope double, low double, high double, method varchar, verdict varchar
"""


@dataclass(frozen=True)
class Series:
    """Monthly mean ratings: one row an entity, one column a month from `first` on, NaN where there were too few.

    `names` has their scope and entity_id, `begins` their first column with a rating.
    """

    first: int
    names: pl.DataFrame
    means: NDArray[np.float64]
    begins: NDArray[np.int64]


def compute(con: duckdb.DuckDBPyConnection, config: Path) -> pl.DataFrame:
    """One row for each planned month and quarter and each entity with a month that counts. A period that is not over
    has the trend up to the last complete month."""
    window = load_policies(config).rating_trend_months
    periods = con.execute(_PERIODS).fetchall()
    series = _series(con)
    if series is None or not periods:
        return pl.DataFrame()
    at = {end: _at(series, _number(end) - series.first, window) for end in {end for _, end in periods}}
    return pl.concat(at[end].select(pl.lit(period_id).alias("period_id"), pl.all()) for period_id, end in periods)


_PERIODS = """
select p.period_id, least(p.period_end, cast(date_trunc('month', r.as_of_day) as date)) as series_end
from plan.periods as p
cross join plan.run as r
where p.period_type <> 'week'
order by p.period_id
"""


def _series(con: duckdb.DuckDBPyConnection) -> Series | None:
    rows = con.sql("""
        select
            scope, entity_id, 12 * year(month) + month(month) as month, stars / ratings as mean, ratings,
            dense_rank() over (order by scope, entity_id) - 1 as row
        from core.rating_months
        order by scope, entity_id, month
    """).pl()
    if rows.is_empty():
        return None
    row, month, means = rows["row"].to_numpy(), rows["month"].to_numpy(), rows["mean"].to_numpy()
    counts = rows["ratings"].to_numpy() >= FEWEST_RATINGS
    named = rows.unique("row", keep="first", maintain_order=True)
    first = int(month.min())
    matrix = np.full((named.height, int(month.max()) - first + 1), np.nan)
    matrix[row[counts], month[counts] - first] = means[counts]
    return Series(first, named.select("scope", "entity_id"), matrix, named["month"].to_numpy() - first)


def _at(series: Series, end: int, window: int) -> pl.DataFrame:
    """The trends of the `window` columns before column `end`."""
    start = max(0, end - window)
    values = series.means[:, start : max(0, end)]
    months = (~np.isnan(values)).sum(axis=1)
    is_tested = months >= FEWEST_MONTHS
    is_short = (months > 0) & ~is_tested
    is_young = end - np.maximum(series.begins, start) < FEWEST_MONTHS
    found = trends(values[is_tested])
    tested = series.names.filter(is_tested)
    adjusted = np.empty(tested.height)
    for scope in tested["scope"].unique():
        same = (tested["scope"] == scope).to_numpy()
        adjusted[same] = adjusted_for_many(found.p[same])
    is_trend = (adjusted < LARGEST_P) & (np.abs(found.slope) > LEAST_SLOPE - 1e-9)
    tested = tested.with_columns(
        months=months[is_tested],
        s=found.s,
        variance=found.variance,
        z=found.z,
        p_value=found.p,
        p_adjusted=adjusted,
        slope=found.slope,
        low=found.low,
        high=found.high,
        method=found.method,
        verdict=np.where(is_trend, np.where(found.slope > 0, "improving", "declining"), "stable"),
    )
    untested = series.names.filter(is_short).with_columns(
        months=months[is_short], verdict=np.where(is_young, "too_short", "insufficient")[is_short]
    )
    return pl.concat([tested, untested], how="diagonal")


def _number(day: date) -> int:
    return 12 * day.year + day.month


MODEL = Model(
    schema="metrics",
    name="rating_trends",
    description="Mann–Kendall's test and Sen's slope of monthly ratings, with a verdict, for every period and entity.",
    grain=("period_id", "scope", "entity_id"),
    reads=frozenset({"core.rating_months", "plan.periods", "plan.run"}),
    text=Path(__file__).read_text(encoding="utf-8"),
    columns=COLUMNS,
    compute=compute,
)
