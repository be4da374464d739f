"""Where a figure comes from, and what an office holds: the words behind `scmr17 explain` and `scmr17 status`.

What belongs here: tables for a terminal, read from what is published and from the ledger. Nothing is computed here that
is printed in a report.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline import periods
from pipeline.catalogue import Metric, load_catalogue
from pipeline.errors import Busy, DeliveryMissing, UserError
from pipeline.extracts import open_published
from pipeline.model import Model
from pipeline.models import all_models
from pipeline.planning import local
from pipeline.settings import DataFolder, Office


def explanation(folder: DataFolder, office: Office, metric_id: str, period_id: str, seller: str = "") -> RenderableType:
    """Everything behind one figure: value, numerator, denominator, interval, SQL, tables, files and rejected rows.

    Raises UserError for an unknown metric or period, DeliveryMissing when nothing is published for it.
    """
    period = periods.parse(period_id, office.fiscal_year_start_month)
    metric = _metric(metric_id)
    scope, entity = ("seller", seller) if seller else ("all", "all")
    with open_published(folder) as con:
        row = _row(
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
            Rule(f"{model.table} · sha256 {model.sha256[:12]}", align="left"),
            Text(_source_of(model)),
            Rule(),
            Text("reads " + ", ".join(tables)),
            _files_table(con, exports),
            _rejects_table(con, exports),
        )


def status_of(folder: DataFolder, office: Office) -> RenderableType:
    """What was taken in by export, how far it reaches, and what is published."""
    lines: list[RenderableType] = [Text(f"{office.name} · {folder.root}", style="bold")]
    lines.append(Text(f"time zone {office.time_zone}, currency {office.currency}"))
    try:
        with reading(folder) as con:
            taken_in = _exports_table(con, office)
            lines.append(taken_in if taken_in.row_count else Text(_nothing_yet(folder)))
    except DeliveryMissing as error:
        lines.append(Text(str(error)))
    except Busy as error:
        lines.append(Text(f"the warehouse is being written ({error}); what is published stays readable"))
    try:
        with open_published(folder) as con:
            run = _row(con, "select * from published.run", [])
            count = _row(
                con, "select count(*) as figures, count(distinct period_id) as periods from published.metrics", []
            )
            assert run is not None and count is not None
            as_of = f"{local(run['as_of'], office)} {office.time_zone}"
            lines.append(Text(f"published: {count['figures']:,} figures of {count['periods']} periods, as of {as_of}"))
    except DeliveryMissing as error:
        lines.append(Text(str(error)))
    reports = sorted(path.name for path in folder.reports.glob("*") if any(path.glob("*.pdf")))
    lines.append(Text("reports printed: " + (", ".join(reports) or "none")))
    return Group(*lines)


def newest_file(folder: DataFolder) -> int:
    """The number of the newest delivery in the ledger; 0 when there is none."""
    try:
        with reading(folder) as con:
            row = con.execute("select coalesce(max(file_id), 0) from ledger.files").fetchone()
            return int(row[0]) if row else 0
    except DeliveryMissing:
        return 0


def deliveries_since(folder: DataFolder, file_id: int) -> RenderableType:
    """The deliveries that came after that one, with what became of their rows."""
    with reading(folder) as con:
        rows = con.execute(
            "select export, name, status, rows_in, accepted, superseded, rejected, refusal from ledger.files "
            "where file_id > ? order by file_id",
            [file_id],
        ).fetchall()
        rejects = con.execute(
            "select f.export || '/' || f.name, r.line, r.column_name, r.value, r.reason "
            "from ledger.rejects as r join ledger.files as f using (file_id) "
            "where f.file_id > ? and f.status = 'loaded' order by f.file_id, r.line, r.column_name",
            [file_id],
        ).fetchall()
    if not rows:
        return Text("nothing new was delivered")
    table = Table("delivery", *_RIGHT, title="Rows in = accepted + superseded + rejected", box=SIMPLE_HEAD)
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify = "right"
    for export, name, state, *counts, _ in rows:
        if state == "loaded":
            table.add_row(f"{export}/{name}", *map(_number, counts))
    refusals = [Text(f"{name} refused: {why}", style="red") for _, name, state, *_, why in rows if state == "refused"]
    return Group(table, *refusals, *(_reject_line(*reject) for reject in rejects[:SHOWN_REJECTS]), _more(len(rejects)))


#: So many rejected rows are shown after a run; the rest is counted, and stands in `ledger.rejects`.
SHOWN_REJECTS = 20


def _reject_line(delivery: str, line: int, column: str | None, value: str | None, reason: str) -> Text:
    found = "is empty" if value is None else repr(value)
    what = f"{column} {found}: {reason}" if column else reason
    return Text(f"rejected: {delivery}, line {line}: {what}")


def _more(rejects: int) -> Text:
    return Text(f"and {rejects - SHOWN_REJECTS:,} more rejected rows" if rejects > SHOWN_REJECTS else "")


_RIGHT = ("rows in", "accepted", "superseded", "rejected")


def last_complete_month(folder: DataFolder) -> str | None:
    """The newest month that was over at the published `as_of` and holds both orders and reviews."""
    with open_published(folder) as con:
        row = con.execute(
            """
            select max(period_id)
            from (
                select m.period_id
                from published.metrics as m join published.periods as p using (period_id)
                where p.is_complete and p.period_type = 'month' and m.scope = 'all'
                    and m.metric in ('orders', 'review_count') and m.n > 0
                group by m.period_id
                having count(*) = 2
            )
            """
        ).fetchone()
    return row[0] if row else None


def require_published(folder: DataFolder, period: periods.Period) -> None:
    """Raise DeliveryMissing, naming the periods that there are, when nothing is published for this one."""
    with open_published(folder) as con:
        ids = con.execute(
            "select period_id from published.periods where period_type = ? order by period_start", [period.type]
        ).fetchall()
    known = [period_id for (period_id,) in ids]
    if period.id not in known:
        raise DeliveryMissing(f"nothing is published for {period.id}; {period.type}s go from {known[0]} to {known[-1]}")


@contextmanager
def reading(folder: DataFolder) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, to look at only. Raises DeliveryMissing when there is none, Busy while a run writes it."""
    if not folder.warehouse.exists():
        raise DeliveryMissing(_nothing_yet(folder))
    try:
        con = duckdb.connect(str(folder.warehouse), read_only=True)
    except duckdb.IOException:
        raise Busy(f"{folder.warehouse} is being written; try again when the run is over") from None
    try:
        yield con
    finally:
        con.close()


def _nothing_yet(folder: DataFolder) -> str:
    return f"nothing has been taken in yet; exports go into {folder.inbox}/<export>/"


def _metric(metric_id: str) -> Metric:
    metrics = {metric.metric: metric for metric in load_catalogue()}
    if metric_id not in metrics:
        near = difflib.get_close_matches(metric_id, metrics, n=3) or sorted(metrics)
        raise UserError(f"{metric_id!r} is not in the catalogue; perhaps {', '.join(near)}")
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
            table.add_row(name + unit, _number(row[name]))
    return table


def _files_table(con: duckdb.DuckDBPyConnection, exports: list[str]) -> RenderableType:
    table = Table("export", "file", "sha256", *_RIGHT, title="Files", box=SIMPLE_HEAD)
    for column in table.columns[3:]:
        column.justify = "right"
    for row in con.execute(
        "select export, name, left(sha256, 12), rows_in, accepted, superseded, rejected from published.files "
        "where status = 'loaded' and list_contains(?, export) order by file_id",
        [exports],
    ).fetchall():
        table.add_row(*row[:3], *(_number(value) for value in row[3:]))
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
        table.add_row(export, name, reason, _number(count))
    return table


def _exports_table(con: duckdb.DuckDBPyConnection, office: Office) -> Table:
    table = Table("export", "files", *_RIGHT, "reaches", title="Taken in", box=SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in con.execute(
        """
        select export, count(*), sum(rows_in), sum(accepted), sum(superseded), sum(rejected),
            max(last_event_at)
        from ledger.files where status = 'loaded' group by export order by export
        """
    ).fetchall():
        reach = f"{local(row[6], office):%Y-%m-%d}" if row[6] else ""
        table.add_row(row[0], *(_number(value) for value in row[1:6]), reach)
    return table


def _row(con: duckdb.DuckDBPyConnection, sql: str, values: list[Any]) -> dict[str, Any] | None:
    found = con.execute(sql, values)
    row = found.fetchone()
    return dict(zip([column[0] for column in found.description], row, strict=True)) if row else None


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
