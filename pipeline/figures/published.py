"""Reads what one report needs out of `published/scmr17.duckdb`, read-only.

What belongs here: the queries over the published tables and the small values they give. Judging those values is
`noise.py`'s work, wording and printing them the pages'. The warehouse is never opened here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import DeliveryMissing
from pipeline.periods import Period, containing, parse

FEWEST_MONTHS_SHOWN = 13


@dataclass(frozen=True)
class Value:
    """One published value. `value` is None when `reason` says why; `rag` and `evidence` judge it against `target`."""

    period_id: str
    entity_id: str
    value: float | None
    numerator: int | None = None
    denominator: int | None = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None
    target: float | None = None
    rag: str | None = None
    evidence: str | None = None

    def key(self, metric: str, scope: str = "all", column: str = "value") -> str:
        """Which published number a printed one is: `rating_mean/2026-03/all/all/value`."""
        return f"{metric}/{self.period_id}/{scope}/{self.entity_id}/{column}"


_VALUE_COLUMNS = "period_id, entity_id, value, numerator, denominator, n, low, high, reason, target, rag, evidence"


@dataclass(frozen=True)
class Metric:
    """A row of the catalogue. `better` is 'up', 'down' or ''; `sql_sha256` that of the text which computes the family,
    '' where it was published without."""

    metric: str
    title: str
    unit: str
    better: str
    needs: str
    definition: str
    source: str
    sql_sha256: str = ""


@dataclass(frozen=True)
class Run:
    as_of: datetime
    as_of_day: date
    currency: str
    first_day: date


@dataclass(frozen=True)
class Published:
    """One period's view of the published tables.

    `months` are the ids of the months up to and including the report's last, oldest first and without gaps, and never
    fewer than a chart shows: a young marketplace's charts have the room that a year needs. `periods` are those of the
    report's own type, from the first with data on; of weeks, from the first whole one.
    """

    con: duckdb.DuckDBPyConnection
    period: Period
    run: Run
    is_complete: bool
    months: tuple[str, ...]
    periods: tuple[str, ...]
    catalogue: dict[str, Metric]
    _all: dict[tuple[str, str], Value]

    def metric(self, metric: str) -> Metric:
        return self.catalogue.get(metric) or Metric(metric, metric.replace("_", " "), "count", "", "", "", "")

    def at(self, metric: str, period_id: str | None = None) -> Value | None:
        """The marketplace's value of a metric in a period, the report's own by default."""
        return self._all.get((metric, period_id or self.period.id))

    def before(self, metric: str) -> Value | None:
        """The marketplace's value in the period before; None where that is a week that began before the data did."""
        if self.period.type == "week" and self.period.previous.id not in self.periods:
            return None
        return self.at(metric, self.period.previous.id)

    def is_measured(self, metric: str) -> bool:
        """Whether the metric has, or could have had, a value in this month."""
        found = self.at(metric)
        return found is not None and found.reason != "not_measured"

    @property
    def month(self) -> Period:
        """The report's month, or the last month of its quarter or week: the one that charts of months end with."""
        return containing(self.period.end - timedelta(days=1), "month", self.period.fiscal_year_start_month)

    def series(self, metric: str, length: int = 13) -> tuple[Value | None, ...]:
        """The metric in the last `length` periods of the report's type, this one last; None where nothing is
        published."""
        return tuple(self._all.get((metric, period_id)) for period_id in self.periods[-length:])

    def month_series(self, metric: str, length: int = 13) -> tuple[Value | None, ...]:
        """The metric in the last `length` months, the report's last; None where nothing is published."""
        return tuple(self._all.get((metric, month)) for month in self.last_months(length))

    def last_months(self, length: int = 13) -> tuple[str, ...]:
        return self.months[-length:]

    def weeks(self, metric: str, length: int) -> list[tuple[Value, date]]:
        """The last complete weeks that end by the report's last day, oldest first, with their first days.

        A week that began before the data did is not complete either.
        """
        rows = self.rows(
            f"""select {_VALUE_COLUMNS}, period_start from metrics where metric = $metric and scope = 'all' and
            period_type = 'week' and period_end <= $last and period_end <= (select as_of_day from run)
            and period_start >= (select first_day from run) and value is not null order by period_start desc limit
            $length""",
            metric=metric,
            last=self.period.end,
            length=length,
        )
        return [(Value(*row[:-1]), row[-1]) for row in reversed(rows)]

    def entities(self, metric: str, scope: str, period_id: str | None = None) -> dict[str, Value]:
        """Every entity's value of a metric, by entity."""
        rows = self.rows(
            f"select {_VALUE_COLUMNS} from metrics where metric = $metric and scope = $scope and period_id = $period_id"
            " order by entity_id",
            metric=metric,
            scope=scope,
            period_id=period_id or self.period.id,
        )
        return {row[1]: Value(*row) for row in rows}

    def entity_series(self, metric: str, scope: str, length: int = 13) -> dict[str, tuple[Value | None, ...]]:
        """Every entity's values of a metric in the last months, oldest first, for those with a value in the last."""
        months = self.last_months(length)
        rows = self.rows(
            f"""select {_VALUE_COLUMNS} from metrics where metric = $metric and scope = $scope and period_type = 'month'
            and period_id in (select unnest($months))""",
            metric=metric,
            scope=scope,
            months=list(months),
        )
        found: dict[str, dict[str, Value]] = {}
        for row in rows:
            found.setdefault(row[1], {})[row[0]] = Value(*row)
        return {
            entity: tuple(values.get(month) for month in months)
            for entity, values in sorted(found.items())
            if months[-1] in values and values[months[-1]].value is not None
        }

    def target_of(self, metric: str, period_id: str) -> float | None:
        found = self._all.get((metric, period_id))
        return found.target if found else None

    def has(self, table: str) -> bool:
        return bool(self.rows("select 1 from duckdb_tables() where table_name = $table", table=table))

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, parameters).fetchall()


@contextmanager
def open_published(folder: Path, period: Period) -> Iterator[Published]:
    """The published tables as the report of `period` sees them.

    Raises DeliveryMissing when nothing was published yet, or nothing for this period; it names the periods there are.
    """
    path = folder / "scmr17.duckdb"
    if not path.exists():
        raise DeliveryMissing(f"{path}: nothing is published yet; `scmr17 run` takes the exports in and publishes")
    con = duckdb.connect(str(path), read_only=True, config={"threads": 1})
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield _read(con, period)
    finally:
        con.close()


def _read(con: duckdb.DuckDBPyConnection, period: Period) -> Published:
    first = period.fiscal_year_start_month
    with_data = [
        parse(row[0], first)
        for row in con.execute(
            "select distinct period_id from metrics where period_type = $type and value is not null",
            {"type": period.type},
        ).fetchall()
    ]
    with_data.sort()
    if period.id not in {found.id for found in with_data}:
        raise DeliveryMissing(f"{period.id}: this {period.type} has no data; {_periods_named(with_data, period.type)}")
    values = con.execute(
        f"""select metric, {_VALUE_COLUMNS} from metrics
        where scope = 'all' and period_type in ('month', 'quarter', $type) and period_start < $end""",
        {"end": period.end, "type": period.type},
    ).fetchall()
    columns = ", ".join(field.name for field in fields(Metric) if field.name in _columns(con, "catalogue"))
    metrics = con.execute(f"select {columns} from catalogue").fetchall()
    run = con.execute("select as_of, as_of_day, currency, first_day from run").fetchall()[0]
    as_of, as_of_day, currency, first_day = run
    whole = [found for found in with_data if found.type != "week" or found.start >= first_day] or [period]
    last_month = containing(period.end - timedelta(days=1), "month", first)
    first_month = containing(with_data[0].start, "month", first)
    months = _until(last_month, first_month, FEWEST_MONTHS_SHOWN)
    return Published(
        con=con,
        period=period,
        run=Run(as_of, as_of_day, currency, first_day),
        is_complete=as_of_day >= period.end,
        months=months,
        periods=months if period.type == "month" else _until(period, whole[0], 1),
        catalogue={row[0]: Metric(*(text or "" for text in row)) for row in metrics},
        _all={(row[0], row[1]): Value(*row[1:]) for row in values},
    )


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {row[0] for row in con.execute(f"describe {table}").fetchall()}


def _until(last: Period, first: Period, fewest: int) -> tuple[str, ...]:
    """The ids from `first` to `last`, and of more before them until there are `fewest`."""
    found = [last]
    while found[-1].start > first.start or len(found) < fewest:
        found.append(found[-1].previous)
    return tuple(period.id for period in reversed(found))


def _periods_named(periods: list[Period], kind: str) -> str:
    """`data exist for 2024-10 to 2026-03`, with gaps told apart."""
    if not periods:
        return f"no {kind} has any: put exports into the inbox and run `scmr17 run`"
    runs = [[periods[0], periods[0]]]
    for period in periods[1:]:
        if period.previous.id == runs[-1][1].id:
            runs[-1][1] = period
        else:
            runs.append([period, period])
    return "data exist for " + ", ".join(a.id if a.id == b.id else f"{a.id} to {b.id}" for a, b in runs)
