"""What an office holds: the words behind `scmr17 status`, and what a run says of its deliveries.

What belongs here: tables for a terminal, read from the ledger and from what is published, and the questions that the
command asks before it prints a report. One figure's provenance is `pipeline.explaining`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline import periods
from pipeline.errors import Busy, DeliveryMissing
from pipeline.explaining import COUNTS, number, row_of
from pipeline.planning import local
from pipeline.publishing import open_published
from pipeline.settings import DataFolder, Office


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
            run = row_of(con, "select * from published.run", [])
            count = row_of(
                con, "select count(*) as figures, count(distinct period_id) as periods from published.metrics", []
            )
            assert run is not None and count is not None
            as_of = f"{local(run['as_of'], office)} {office.time_zone}"
            lines.append(Text(f"published: {count['figures']:,} figures of {count['periods']} periods, as of {as_of}"))
            lines.extend(_excluded(con))
    except DeliveryMissing as error:
        lines.append(Text(str(error)))
    reports = sorted(path.name for path in folder.reports.glob("*") if any(path.glob("*.pdf")))
    lines.append(Text("reports printed: " + (", ".join(reports) or "none")))
    return Group(*lines)


def _excluded(con: duckdb.DuckDBPyConnection) -> list[Text]:
    """The rows that no published figure counts because their accounts are listed: one line for each reason."""
    there = con.execute(
        "select 1 from duckdb_tables() where database_name = 'published' and table_name = 'exclusions'"
    ).fetchone()
    if not there:
        return []
    reasons = con.execute(
        "select reason, sum(rows)::bigint, string_agg(export || ' ' || rows, ', ' order by export) from ("
        "select reason, export, sum(rows)::bigint as rows from published.exclusions group by all) "
        "group by reason order by reason"
    ).fetchall()
    return [
        Text(f"excluded accounts ({reason}): {number(rows)} rows accepted and left out of every figure: {exports}")
        for reason, rows, exports in reasons
    ]


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
    table = Table("delivery", *COUNTS, title="Rows in = accepted + superseded + rejected", box=SIMPLE_HEAD)
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify = "right"
    for export, name, state, *counts, _ in rows:
        if state == "loaded":
            table.add_row(f"{export}/{name}", *map(number, counts))
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


def last_complete(folder: DataFolder, period_type: periods.PeriodType) -> str | None:
    """The newest period of that type that was over at the published `as_of` and holds both orders and reviews."""
    with open_published(folder) as con:
        row = con.execute(
            """
            select max(period_id)
            from (
                select m.period_id
                from published.metrics as m join published.periods as p using (period_id)
                where p.is_complete and p.period_type = $type and m.scope = 'all'
                    and m.metric in ('orders', 'review_count') and m.n > 0
                group by m.period_id
                having count(*) = 2
            )
            """,
            {"type": period_type},
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


def _exports_table(con: duckdb.DuckDBPyConnection, office: Office) -> Table:
    table = Table("export", "files", *COUNTS, "reaches", title="Taken in", box=SIMPLE_HEAD)
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
        table.add_row(row[0], *(number(value) for value in row[1:6]), reach)
    return table
