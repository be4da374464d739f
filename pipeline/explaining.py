"""Where a figure comes from: the words behind `scmr17 explain`.

What belongs here: tables for a terminal, read from what is published. Nothing is computed here that is printed in a
report. What an office holds is `pipeline.status`'s.
"""

from __future__ import annotations

import ast
import difflib
from typing import Any

import duckdb
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline import periods
from pipeline.catalogue import Metric, load_catalogue
from pipeline.errors import DeliveryMissing, UserError
from pipeline.model import Model
from pipeline.models import all_models
from pipeline.publishing import open_published
from pipeline.settings import DataFolder, Office

#: How the counts of a delivery are called; they add up.
COUNTS = ("rows in", "accepted", "superseded", "rejected")


def explanation(folder: DataFolder, office: Office, metric_id: str, period_id: str, seller: str = "") -> RenderableType:
    """Everything behind one figure: value, numerator, denominator, interval, SQL, tables, files and rejected rows.

    Raises UserError for an unknown metric or period, DeliveryMissing when nothing is published for it.
    """
    period = periods.parse(period_id, office.fiscal_year_start_month)
    metric = _metric(metric_id)
    scope, entity = ("seller", seller) if seller else ("all", "all")
    with open_published(folder) as con:
        row = row_of(
            con,
            "select * from published.metrics where metric = ? and period_id = ? and scope = ? and entity_id = ?",
            [metric_id, period.id, scope, entity],
        )
        if row is None:
            raise DeliveryMissing(_why_missing(con, metric, period, seller))
        model = next(model for model in all_models() if model.table == f"metrics.{metric.family}")
        tables = _upstream(model)
        exports = sorted(table.partition(".")[2] for table in tables if table.startswith("raw."))
        return Group(
            Text(f"{metric.title} · {period.label}" + (f" · seller {seller}" if seller else ""), style="bold"),
            Text(metric.definition + f" ({metric.source})"),
            _figure_table(row, metric),
            *_bounds(con, [metric_id, period.id, scope, entity]),
            Rule(f"{model.table} · sha256 {model.sha256[:12]}", align="left"),
            Text(_source_of(model)),
            Rule(),
            Text("reads " + ", ".join(tables)),
            _files_table(con, exports),
            _rejects_table(con, exports),
        )


def _metric(metric_id: str) -> Metric:
    metrics = {metric.metric: metric for metric in load_catalogue()}
    if metric_id not in metrics:
        near = difflib.get_close_matches(metric_id, metrics, n=3, cutoff=0.0)
        raise UserError(f"{metric_id!r} is not in the catalogue; perhaps {', '.join(near)}; `scmr17 metrics` lists all")
    return metrics[metric_id]


def _why_missing(con: duckdb.DuckDBPyConnection, metric: Metric, period: periods.Period, seller: str) -> str:
    if period.type not in metric.periods:
        return f"{metric.metric} is computed by {' and '.join(metric.periods)}, not by {period.type}"
    if seller and "seller" not in metric.scopes:
        return f"{metric.metric} is not computed for single sellers"
    span = con.execute(
        "select min(period_id), max(period_id) from published.metrics where metric = ? and period_type = ?",
        [metric.metric, period.type],
    ).fetchone()
    who = f" for seller {seller!r}" if seller else ""
    return (
        f"nothing is published for {metric.metric} in {period.id}{who}; it is from {span[0]} to {span[1]}"
        if span
        else ""
    )


def _source_of(model: Model) -> str:
    """The SQL that made the figure; of a Python analysis what it says of itself, and where it is."""
    if not model.is_python:
        return model.text.rstrip()
    module = ast.get_docstring(ast.parse(model.text)) or ""
    return f"{module}\n\npipeline/analyses/{model.name}.py"


def _upstream(model: Model) -> list[str]:
    """Every table that the model stands on, down to the raw ones."""
    by_table = {m.table: m for m in all_models()}
    seen: set[str] = set()
    waiting = list(model.reads)
    while waiting:
        table = waiting.pop()
        if table not in seen:
            seen.add(table)
            waiting.extend(by_table[table].reads if table in by_table else ())
    return sorted(seen)


def _figure_table(row: dict[str, Any], metric: Metric) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name in (
        "value",
        "numerator",
        "denominator",
        "n",
        "low",
        "high",
        "reason",
        "target",
        "rag",
        "evidence",
        "as_of",
    ):
        if row[name] is not None:
            unit = f" ({metric.unit})" if name == "value" else ""
            table.add_row(name + unit, number(row[name]))
    return table


def _bounds(con: duckdb.DuckDBPyConnection, figure: list[str]) -> list[RenderableType]:
    """What the pending cases can still make of a share; nothing when none is pending."""
    row = row_of(
        con,
        "select pending, worst_share, best_share from published.response_bounds "
        "where metric = ? and period_id = ? and scope = ? and entity_id = ?",
        figure,
    )
    if row is None:
        return []
    cases = f"{row['pending']:,} cases are too young to be judged"
    return [Text(f"  {cases}: when they are, between {row['worst_share']:.4f} and {row['best_share']:.4f}")]


def _files_table(con: duckdb.DuckDBPyConnection, exports: list[str]) -> RenderableType:
    table = Table("export", "file", "sha256", *COUNTS, title="Files", box=SIMPLE_HEAD)
    for column in table.columns[3:]:
        column.justify = "right"
    for row in con.execute(
        "select export, name, left(sha256, 12), rows_in, accepted, superseded, rejected from published.files "
        "where status = 'loaded' and list_contains(?, export) order by file_id",
        [exports],
    ).fetchall():
        table.add_row(*row[:3], *(number(value) for value in row[3:]))
    return table


def _rejects_table(con: duckdb.DuckDBPyConnection, exports: list[str]) -> RenderableType:
    rows = con.execute(
        "select export, file_name, concat_ws(': ', column_name, reason), rows from published.rejects "
        "where list_contains(?, export)",
        [exports],
    ).fetchall()
    if not rows:
        return Text("No row of these files was rejected.")
    table = Table(
        "export", "file", "reason", "rows", title="Rejected rows, which the figure does not see", box=SIMPLE_HEAD
    )
    table.columns[3].justify = "right"
    for export, name, reason, count in rows:
        table.add_row(export, name, reason, number(count))
    return table


def row_of(con: duckdb.DuckDBPyConnection, sql: str, values: list[Any]) -> dict[str, Any] | None:
    """The first row of a query by its columns' names; None when there is none."""
    found = con.execute(sql, values)
    row = found.fetchone()
    return dict(zip([column[0] for column in found.description], row, strict=True)) if row else None


def number(value: Any) -> str:
    """A number with commas between thousands; anything else as it is."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
