"""An adapter's SELECT into `raw.<export>`: typed and judged by the office's rules, accounted for by the driving record.

What belongs here: one export of one platform, inside the transaction. One record of the table that drives the export
may give several rows (a review, one for each seller of its order): it is accepted when one of them is, rejected when
all fail or none comes out.
"""

from __future__ import annotations

import duckdb

from pipeline.contracts import EXPORTS
from pipeline.errors import BadConfiguration, DataRefused
from pipeline.intake import ledger
from pipeline.intake.adapters import Adapter, PlatformTable
from pipeline.intake.checks import Reading
from pipeline.intake.duplicates import explain_conflicts, mark_duplicates
from pipeline.intake.header import Expected
from pipeline.intake.loading import first_reason, refusal_of
from pipeline.intake.placing import note_anomalies, note_reach, place_rows
from pipeline.intake.platform_tables import PlatformFile
from pipeline.intake.rules import JUDGED, REASONS, REJECTED, explain_rows, judge_rows
from pipeline.intake.stage import STAGE, Stage, count, literal, pick_from_stage, quoted
from pipeline.schema import Export

BOOKKEEPING = ("_file_id", "_line")
#: Driving records of which no row is good: _file_id, _line, is_without_row.
LOST = "intake_platform_lost"
BEFORE = "intake_platform_before"


def build_export(
    con: duckdb.DuckDBPyConnection, adapter: Adapter, name: str, files: list[PlatformFile], time_zone: str
) -> None:
    """Replace the platform's rows of an export by what its SELECT gives now. `files`: all of the platform.

    Raises BadConfiguration when the SELECT is not the export's, DataRefused when too many records are rejected.
    """
    export, driver = EXPORTS[name], adapter.driver(name)
    driving = [file for file in files if file.table is driver]
    ids = [file.file_id for file in driving]
    stage = _stage(con, adapter, export)
    columns = list(stage.columns)
    reading = Reading(time_zone, "iso", max(file.landed.exported_at for file in files))
    judge_rows(con, export, stage, reading, None)
    mark_duplicates(con, export)
    explain_rows(con, export, stage, reading, None)
    explain_conflicts(con, export, None)
    _reject(con, adapter, export, driver, driving)
    con.execute("update ledger.files set columns = ?::varchar[] where list_contains(?, file_id)", [columns, ids])
    note_anomalies(con, export, ids)
    note_reach(con, export, ids)
    stored = ", ".join(quoted(column) for column, _ in export.stored)
    ours = f"select {stored} from raw.{name} where list_contains({ids}, _file_id)"
    con.execute(f"create or replace temp table {BEFORE} as {ours}")
    con.execute(f"delete from raw.{name} where list_contains(?, _file_id)", [ids])
    losers = place_rows(con, export)
    _note_change(con, export, ours, [file.file_id for file in files if file.is_new])
    ledger.settle(con, name, f"raw.{name}", [*losers, *ids])


def _stage(con: duckdb.DuckDBPyConnection, adapter: Adapter, export: Export) -> Stage:
    """The SELECT's rows as texts, with the file and the line of the record that each comes from."""
    path = f"sql/adapters/{adapter.platform}/{export.name}.sql"
    select = adapter.selects[export.name]
    try:
        given = [row[0] for row in con.execute(f"describe {select}").fetchall()]
    except duckdb.Error as error:
        raise BadConfiguration(f"{path}: {str(error).splitlines()[0]}") from None
    columns = [column for column in given if column not in BOOKKEEPING]
    problems = Expected.of(export, {}).map(columns)[1]
    problems += [f"missing: {name}" for name in BOOKKEEPING if name not in given]
    if problems:
        raise BadConfiguration(f"{path}: {'; '.join(problems)}")
    texts = ", ".join(f"nullif({quoted(column)}::varchar, '') as {quoted(column)}" for column in columns)
    con.execute(
        f"create or replace temp table {STAGE} as select {texts}, _file_id, _line from ({select}) "
        "order by _file_id, _line"
    )
    rows = count(con, STAGE)
    pick = pick_from_stage(con)
    return Stage(path, tuple(columns), STAGE, rows, rows, None, pick, lambda records: [])


def _reject(
    con: duckdb.DuckDBPyConnection,
    adapter: Adapter,
    export: Export,
    driver: PlatformTable,
    driving: list[PlatformFile],
) -> None:
    """Count and keep the driving records of which no row is good, and the reasons of all rows that are not."""
    con.execute(
        f"create or replace temp table {LOST} as select d._file_id, d._line, count(r._record) = 0 as is_without_row "
        f"from {driver.sql_name} as d left join {JUDGED} as r on r._file_id = d._file_id and r._line = d._line "
        f"group by all having count(r._record) = 0 or bool_and(r._verdict in {REJECTED})"
    )
    lost = dict(con.execute(f"select _file_id, count(*) from {LOST} group by all").fetchall())
    for file in driving:
        file.rejected += lost.get(file.file_id, 0)
        refusal = refusal_of(file.landed, file.rejected, file.rows_in, adapter.reject_limit)
        if refusal:
            raise DataRefused(refusal + first_reason(con, []))
        con.execute("update ledger.files set rejected = ? where file_id = ?", [file.rejected, file.file_id])
    fields = ", ".join(f"{literal(c.name)}: d.{quoted(c.name)}" for c in driver.contract.columns)
    raw = f"to_json({{{fields}}})::varchar"
    con.execute(
        f"insert into ledger.rejects select distinct r._file_id, {literal(export.name)}, r.line, r.column_name, "
        f"left(r.value, 1000), r.rule, r.reason, {raw} from {REASONS} as r "
        f"join {driver.sql_name} as d on d._file_id = r._file_id and d._line = r.line order by all"
    )
    con.execute(
        f"insert into ledger.rejects select l._file_id, {literal(export.name)}, l._line, null, null, 'no_row', "
        f"'the adapter gives no row for this record', {raw} from {LOST} as l "
        f"join {driver.sql_name} as d using (_file_id, _line) where l.is_without_row"
    )


def _note_change(con: duckdb.DuckDBPyConnection, export: Export, ours: str, new: list[int]) -> None:
    """The earliest local day of a row that is not what it was goes to every new file: each may have caused it."""
    day = quoted(export.day_column)
    con.execute(
        f"update ledger.files set first_day = least(first_day, changed) from (select "
        f"cast(timezone(getvariable('office_time_zone'), timezone('UTC', min({day}))) as date) as changed from "
        f"((({ours}) except all (from {BEFORE})) union all ((from {BEFORE}) except all ({ours})))) "
        f"where list_contains(?, file_id)",
        [new],
    )
