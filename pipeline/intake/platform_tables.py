"""A platform's files as tables of text, `<platform>.<table>`: read, structure checked, the latest of each key kept.

What belongs here: everything before the adapter's SELECTs. The tables lie in a database in memory, so this comes before
the transaction on the warehouse, and what the ledger must learn of it is gathered in temporary tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.errors import DataRefused
from pipeline.intake.adapters import Adapter, PlatformTable
from pipeline.intake.checks import Reading
from pipeline.intake.formats import recognise
from pipeline.intake.header import Expected
from pipeline.intake.landing import Landed
from pipeline.intake.loading import KEPT_OF_REFUSED, explain_stage, first_reason, judge_stage, keep_rejects, refusal_of
from pipeline.intake.readers import read_file
from pipeline.intake.rules import DUPLICATE, GOOD, JUDGED
from pipeline.intake.stage import literal, quoted

#: Rows for the ledger's tables of these names, gathered before the transaction.
SETBACKS = {"rejects": "intake_platform_rejects", "superseded": "intake_platform_superseded"}


@dataclass
class PlatformFile:
    """One file of a platform, loaded before or new. Counts are of its table: its export adds to them."""

    file_id: int
    landed: Landed
    table: PlatformTable
    is_new: bool
    format_name: str = ""
    rows_in: int = 0
    rejected: int = 0

    @property
    def name(self) -> str:
        return self.landed.delivery.name


def make_tables(con: duckdb.DuckDBPyConnection, adapter: Adapter) -> None:
    """Empty tables for all that the adapter knows; a file that is optional and absent leaves its own empty."""
    for table in adapter.tables:
        columns = ", ".join(f"{quoted(column.name)} varchar" for column in table.contract.columns)
        con.execute(f"create table {table.sql_name} ({columns}, _file_id integer, _line bigint)")
    for name, temporary in SETBACKS.items():
        con.execute(f"create or replace temp table {temporary} as from ledger.{name} limit 0")


def fill_table(con: duckdb.DuckDBPyConnection, file: PlatformFile, adapter: Adapter, work: Path) -> None:
    """Read a file into its table. Raises DataRefused when it cannot be trusted as a whole."""
    table, contract = file.table, file.table.contract
    names = tuple(column.name for column in contract.columns)
    file_format = recognise(file.landed.path, file.name)
    expected = Expected(names, names)
    stage = read_file(con, file.landed.path, file.name, file_format, table.dialect, expected, work)
    reading = Reading("UTC", "iso", file.landed.exported_at)
    file.rows_in = stage.rows_in
    file.rejected = judge_stage(con, contract, stage, reading, file.file_id)
    refusal = refusal_of(file.landed, file.rejected, stage.rows_in, adapter.reject_limit)
    explain_stage(con, contract, stage, reading, limit=KEPT_OF_REFUSED if refusal else None)
    if refusal:
        raise DataRefused(refusal + first_reason(con, stage.bad))
    keep_rejects(con, contract.name, stage, file.file_id, stage.bad, into=SETBACKS["rejects"])
    columns = ", ".join(map(quoted, names))
    con.execute(
        f"insert into {table.sql_name} by name select {columns}, _file_id, _line from {JUDGED} "
        f"where _verdict = {GOOD} order by _record"
    )
    con.execute(
        f"insert into {SETBACKS['superseded']} select _file_id, {literal(contract.name)}, _line, {key_sql(table)}, "
        f"_file_id, null from {JUDGED} where _verdict = {DUPLICATE}"
    )


def keep_latest(con: duckdb.DuckDBPyConnection, adapter: Adapter, files: list[PlatformFile]) -> None:
    """Where several files of a table hold a key, leave the latest export's row; note the others as superseded."""
    order = pa.table(
        {
            "file_id": pa.array([file.file_id for file in files], pa.int32()),
            "exported_at": pa.array([file.landed.exported_at for file in files], pa.timestamp("us")),
            "sha256": pa.array([file.landed.sha256 for file in files], pa.string()),
        }
    )
    con.register("intake_platform_order", order)
    for table in adapter.tables:
        if sum(file.table is table for file in files) > 1:
            _keep_latest_rows(con, table)
    con.unregister("intake_platform_order")


def _keep_latest_rows(con: duckdb.DuckDBPyConnection, table: PlatformTable) -> None:
    key = ", ".join(f"t.{quoted(name)}" for name in table.contract.key)
    fields = ", ".join(f"{literal(c.name)}: t.{quoted(c.name)}" for c in table.contract.columns)
    con.execute(
        f"create or replace temp table intake_platform_losers as select t.rowid as row, t._file_id, t._line, "
        f"{key_sql(table, 't')} as key, first_value(t._file_id) over latest as by_file_id, "
        f"to_json({{{fields}}}) as record from {table.sql_name} as t "
        f"join intake_platform_order as o on o.file_id = t._file_id "
        f"window latest as (partition by {key} order by o.exported_at desc, o.sha256 desc) "
        f"qualify by_file_id <> t._file_id"
    )
    con.execute(
        f"insert into {SETBACKS['superseded']} select _file_id, {literal(table.ledger_name)}, _line, key, by_file_id, "
        f"record from intake_platform_losers"
    )
    con.execute(f"delete from {table.sql_name} where rowid in (select row from intake_platform_losers)")


def key_sql(table: PlatformTable, alias: str = "") -> str:
    prefix = f"{alias}." if alias else ""
    return " || ', ' || ".join(f"coalesce({prefix}{quoted(name)}, '')" for name in table.contract.key)
