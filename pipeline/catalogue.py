"""The metric catalogue, and the finishing of a family's rows: value, interval, reason.

What belongs here: reading `sql/metrics/catalogue.csv` and everything that follows from it alone, so that a family's SQL
only has to count. The formulas of the intervals are `pipeline.statistics.intervals`; targets and suppression come at
publishing (`pipeline.targets`, `pipeline.publishing`).
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.settings import PROJECT
from pipeline.statistics import intervals

CATALOGUE = PROJECT / "sql" / "metrics" / "catalogue.csv"
UNITS = frozenset(
    {
        "share", "points", "stars", "stars per month", "count", "cents", "hours", "days", "per order", "per 100 orders",
        "per 100 sellers", "per seller", "mean 1–5", "mean 1–7", "0–100", "ρ",
    }
)  # fmt: skip
SCOPES = frozenset({"all", "seller", "product", "category", "touchpoint", "role", "level"})
PERIOD_TYPES = frozenset({"week", "month", "quarter"})


@dataclass(frozen=True)
class Metric:
    """One row of the catalogue. `needs` are exports or their columns (`reviews.response_at`), all of which must have
    come for the metric to be measured. `better` is up, down or empty, where nobody aims at either: what a figure rests
    on, and variants of one; no target is proposed for these. `family` is the SQL file's name."""

    metric: str
    family: str
    title: str
    unit: str
    better: str
    periods: tuple[str, ...]
    scopes: tuple[str, ...]
    interval: str
    needs: tuple[str, ...]
    definition: str
    source: str


class CatalogueError(Exception):
    """The catalogue and a family's SQL do not fit together. A bug of ours, never the user's."""


@cache
def load_catalogue() -> tuple[Metric, ...]:
    """Every metric, in the order of the file. Raises CatalogueError for a row that breaks the rules above."""
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        metrics = tuple(_metric(row) for row in csv.DictReader(file))
    names = [m.metric for m in metrics]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CatalogueError(f"catalogue.csv lists {twice[0]} twice")
    return metrics


def _metric(row: dict[str, str]) -> Metric:
    metric = Metric(
        metric=row["metric"],
        family=row["family"],
        title=row["title"],
        unit=row["unit"],
        better=row["better"],
        periods=tuple(row["periods"].split()),
        scopes=tuple(row["scopes"].split()),
        interval=row["interval"],
        needs=tuple(row["needs"].split()),
        definition=row["definition"],
        source=row["source"],
    )
    allowed: tuple[tuple[str, tuple[str, ...], frozenset[str]], ...] = (
        ("unit", (metric.unit,), UNITS),
        ("better", (metric.better,), frozenset({"up", "down", ""})),
        ("period", metric.periods, PERIOD_TYPES),
        ("scope", metric.scopes, SCOPES),
        ("interval", (metric.interval,), frozenset(INTERVALS) | {"own", "none"}),
    )
    for name, values, known in allowed:
        if unknown := sorted(set(values) - known):
            raise CatalogueError(f"catalogue.csv, {metric.metric}: {name} {unknown[0]!r} is not one of {sorted(known)}")
    if not (metric.needs and metric.periods and metric.scopes and metric.definition):
        raise CatalogueError(f"catalogue.csv, {metric.metric}: needs, periods, scopes and definition are required")
    return metric


def finish(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Complete the planned periods of a long table (`metrics.<family>`), inside the caller's transaction.

    * rows for a period type or scope that the catalogue does not list, or of a metric that is not measured, go;
    * value: numerator / denominator, or the numerator alone for a count (denominator null), unless the SQL gave one;
    * low and high: by the catalogue's interval kind, unless the SQL gave them;
    * reason: `no_data` where there is neither value nor reason;
    * scope `all` gets a row for every planned period and metric that has none: `not_measured` or `no_data`.

    Raises CatalogueError for a metric id that the catalogue does not give to this family.
    """
    family = table.removeprefix("metrics.")
    con.execute("drop table if exists finishing")
    con.execute("drop table if exists family_metrics")
    _register_family(con, family)
    row = con.execute(
        f"select min(metric) from {table} where metric not in (select metric from family_metrics)"
    ).fetchone()
    if row and row[0] is not None:
        raise CatalogueError(f"{table} has rows of {row[0]!r}, which catalogue.csv does not give to family {family!r}")
    con.execute(_FINISHING.format(table=table))
    con.register("limits", _limits(con).to_arrow())
    con.execute(f"delete from {table} where period_id in (select period_id from plan.periods)")
    con.execute(_FINISHED.format(table=table))
    con.execute(_MISSING.format(table=table))
    con.unregister("limits")
    con.execute("drop table finishing")
    con.execute("drop table family_metrics")


_FINISHING = """
create temp table finishing as
with kept as (
    select t.*, c.interval
    from {table} as t
    join plan.periods as p using (period_id)
    join family_metrics as c on c.metric = t.metric
    where c.is_measured and list_contains(c.periods, p.period_type) and list_contains(c.scopes, t.scope)
)
select * replace (
    case
        when value is not null then value
        when reason is not null then null
        when denominator is null then numerator::double
        when denominator <> 0 then numerator / denominator
    end as value
)
from kept
"""

_FINISHED = """
insert into {table} by name
select
    f.* exclude (interval) replace (
        coalesce(f.low, l.low) as low,
        coalesce(f.high, l.high) as high,
        case when f.value is null then coalesce(f.reason, 'no_data') end as reason
    )
from finishing as f
left join limits as l on f.rowid = l.row
"""

#: Every metric of the family must say something about the marketplace as a whole in every period that it is made for.
_MISSING = """
insert into {table} by name
select
    p.period_id, 'all' as scope, 'all' as entity_id, c.metric,
    case when c.is_measured then 'no_data' else 'not_measured' end as reason
from plan.periods as p
join family_metrics as c on list_contains(c.periods, p.period_type)
where list_contains(c.scopes, 'all') and not exists (
    from {table} as t where t.period_id = p.period_id and t.metric = c.metric and t.scope = 'all'
)
"""


def _register_family(con: duckdb.DuckDBPyConnection, family: str) -> None:
    con.execute(
        "create temp table family_metrics (metric varchar, periods varchar[], scopes varchar[], interval varchar, "
        "is_measured boolean)"
    )
    measured = {need for (need,) in con.execute("select need from ref.measured").fetchall()}
    for m in load_catalogue():
        if m.family == family:
            is_measured = all(measured.intersection(need.split("|")) for need in m.needs)
            row = [m.metric, list(m.periods), list(m.scopes), m.interval, is_measured]
            con.execute("insert into family_metrics values (?, ?, ?, ?, ?)", row)


def _limits(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """low and high of every row that has a value and a computed kind of interval; `row` is its rowid in `finishing`."""
    rows = con.sql(
        "select rowid as row, interval, value, numerator, denominator, n, variance from finishing "
        "where value is not null and interval not in ('own', 'none')"
    ).pl()
    parts = [pl.DataFrame(schema={"row": pl.Int64, "low": pl.Float64, "high": pl.Float64})]
    for (kind,), group in rows.group_by("interval", maintain_order=True):
        low, high = INTERVALS[str(kind)](_Arguments(group))
        parts.append(group.select("row", low=pl.Series(low), high=pl.Series(high)))
    return pl.concat(parts).with_columns(pl.col("low", "high").fill_nan(None))


class _Arguments:
    """The columns of one kind of interval as float arrays; null becomes NaN."""

    def __init__(self, rows: pl.DataFrame):
        self._rows = rows

    def __getattr__(self, column: str) -> NDArray[np.float64]:
        return self._rows[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _wilson(a: Any) -> intervals.Interval:
    return intervals.wilson(a.numerator, a.denominator)


def _poisson(a: Any) -> intervals.Interval:
    return intervals.poisson(a.numerator)


def _poisson_rate(a: Any) -> intervals.Interval:
    """A count over a known exposure, in the unit of the value (which may be per 100)."""
    low, high = intervals.poisson(a.numerator, a.denominator)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(a.numerator > 0, a.value / (a.numerator / a.denominator), np.nan)
    return low * scale, high * scale


def _growth(a: Any) -> intervals.Interval:
    """Growth from a base: numerator is the difference, denominator the base; value may be corrected for unequal
    days."""
    low, high = intervals.poisson_ratio(a.numerator + a.denominator, a.denominator)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = (a.value + 1) / (1 + a.numerator / a.denominator)
    return low * scale - 1, high * scale - 1


def _mean_t(a: Any) -> intervals.Interval:
    return intervals.mean_t(a.value, a.variance, a.n)


def _nps(a: Any) -> intervals.Interval:
    """numerator = promoters - detractors, denominator = answers, variance = p + d - (p - d)^2: the three counts
    again."""
    extremes = np.round(a.denominator * (a.variance + (a.numerator / a.denominator) ** 2))
    promoters, detractors = (extremes + a.numerator) / 2, (extremes - a.numerator) / 2
    return intervals.nps(promoters, a.denominator - extremes, detractors)


#: How each kind of the catalogue's `interval` column is computed from a row. `own`: the family's SQL gives the limits.
#: `none`: a total that is counted whole (money) or that is exact by construction has no sampling error.
INTERVALS: dict[str, Callable[[Any], intervals.Interval]] = {
    "wilson": _wilson,
    "poisson": _poisson,
    "poisson_rate": _poisson_rate,
    "growth": _growth,
    "mean_t": _mean_t,
    "nps": _nps,
}
