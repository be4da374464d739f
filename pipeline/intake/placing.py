"""Judged rows against the rows that stand already: which of two has the key, and what the other one leaves behind.

What belongs here: changes of `raw.<export>` and of the ledger's columns that follow from them. Always called inside a
transaction, with the new files' ledger rows written.

Of two files that hold a key, the one with the greater (exported_at, sha256) has the row; the other's is kept in
`ledger.superseded`, without its content when both say the same. So `raw` is a function of the set of files, not of the
order in which they came.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipeline.intake.duplicates import same
from pipeline.intake.rules import DUPLICATE, GOOD, JUDGED, LATE, ROWS, set_verdict
from pipeline.intake.stage import literal, quoted
from pipeline.schema import Export

#: _record, new_file, old_row, old_file, is_newer, is_same: good rows whose key stands in `raw` already.
COLLISIONS = "intake_collisions"


def place_rows(con: duckdb.DuckDBPyConnection, export: Export) -> list[int]:
    """Put the good rows into `raw.<export>`, by key; the ids of the files that lost a row to them."""
    table, stored = f"raw.{export.name}", tuple(name for name, _ in export.stored)
    con.execute(
        f"create or replace temp table {COLLISIONS} as select r._record, r._file_id as new_file, o.rowid as old_row, "
        f"o._file_id as old_file, (n.exported_at, n.sha256) > (p.exported_at, p.sha256) as is_newer, "
        f"{same('r', 'o', stored)} as is_same from {ROWS} as r join {table} as o on {same('r', 'o', export.key)} "
        f"join ledger.files as n on n.file_id = r._file_id join ledger.files as p on p.file_id = o._file_id "
        f"where r._verdict = {GOOD}"
    )
    set_verdict(con, LATE, f"select _record from {COLLISIONS} where not is_newer")
    _keep_superseded(con, export)
    _note_first_day(con, export)
    con.execute(f"delete from {table} where rowid in (select old_row from {COLLISIONS} where is_newer)")
    columns = ", ".join(map(quoted, stored))
    con.execute(f"insert into {table} by name select {columns}, _file_id, _line from {ROWS} where _verdict = {GOOD}")
    losers = con.execute(f"select distinct old_file from {COLLISIONS} where is_newer order by all").fetchall()
    return [row[0] for row in losers]


def _keep_superseded(con: duckdb.DuckDBPyConnection, export: Export) -> None:
    columns = [name for name, _ in export.stored]

    def record(alias: str) -> str:
        return "to_json({" + ", ".join(f"{literal(name)}: {alias}.{quoted(name)}" for name in columns) + "})"

    def key(alias: str) -> str:
        return " || ', ' || ".join(f"coalesce({alias}.{quoted(name)}::varchar, '')" for name in export.key)

    name = literal(export.name)
    con.execute(
        f"insert into ledger.superseded "
        f"select r._file_id, {name}, r._line, {key('r')}, r._file_id, null from {ROWS} as r "
        f"where r._verdict = {DUPLICATE} "
        f"union all select r._file_id, {name}, r._line, {key('r')}, c.old_file, "
        f"case when not c.is_same then {record('r')} end "
        f"from {COLLISIONS} as c join {ROWS} as r using (_record) where not c.is_newer "
        f"union all select o._file_id, {name}, o._line, {key('o')}, c.new_file, "
        f"case when not c.is_same then {record('o')} end "
        f"from {COLLISIONS} as c join raw.{export.name} as o on o.rowid = c.old_row where c.is_newer"
    )


def _note_first_day(con: duckdb.DuckDBPyConnection, export: Export) -> None:
    """The earliest local day on which a row that each new file adds or changes can change a figure.

    A changed row's old day counts as well, and so do the days that an export looks back on. A register's row without
    its day may concern any.
    """
    day = quoted(export.day_column)
    new = f"r._verdict = {GOOD} and r._record not in (select _record from {COLLISIONS} where is_same)"
    others = ""
    if not export.events:
        others = (
            f"union all select r._file_id, timestamp '1990-01-01' from {JUDGED} as r where {new} and r.{day} is null "
        )
    for back in export.looks_back:
        others += (
            f"union all select r._file_id, b.{back.moment} from {JUDGED} as r "
            f"join {back.table} as b using ({back.column}) where {new} "
        )
    con.execute(
        f"update ledger.files set first_day = local_day from (select file_id, "
        f"cast(timezone(getvariable('office_time_zone'), timezone('UTC', min(moment))) as date) as local_day from ("
        f"select r._file_id as file_id, r.{day} as moment from {JUDGED} as r "
        f"where {new} {others}"
        f"union all select c.new_file, o.{day} from {COLLISIONS} as c join raw.{export.name} as o "
        f"on o.rowid = c.old_row where c.is_newer and not c.is_same) group by file_id) as d "
        f"where d.file_id = ledger.files.file_id"
    )


def note_reach(con: duckdb.DuckDBPyConnection, export: Export, file_ids: Sequence[int]) -> None:
    """Store how far the good rows of these files reach in time, those included that an older file supersedes."""
    if not export.events:
        return
    latest = (
        f"greatest({', '.join(map(quoted, export.events))})" if len(export.events) > 1 else quoted(export.events[0])
    )
    con.execute(
        f"update ledger.files set last_event_at = reach from (select _file_id, max({latest}) as reach from {JUDGED} "
        f"where _verdict in ({GOOD}, {DUPLICATE}) and list_contains(?, _file_id) group by all) as r "
        f"where r._file_id = file_id",
        [list(file_ids)],
    )


def note_anomalies(con: duckdb.DuckDBPyConnection, export: Export, file_ids: Sequence[int]) -> None:
    """Count the good rows that break an `anomaly` rule: they are taken in, and said."""
    rules = [rule for rule in export.rules if rule.severity == "anomaly"]
    if not rules:
        return
    ids = list(file_ids)
    for rule in rules:
        con.execute(
            f"insert into ledger.anomalies select _file_id, ?, ?, ?, count(*) from {JUDGED} where _verdict in ({GOOD}, "
            f"{DUPLICATE}) and {quoted('_breaks_' + rule.name)} and list_contains(?, _file_id) group by all",
            [export.name, rule.name, rule.explanation, ids],
        )
    con.execute(
        "update ledger.files set anomalies = coalesce((select sum(rows) from ledger.anomalies as a "
        "where a.file_id = ledger.files.file_id), 0) where list_contains(?, file_id)",
        [ids],
    )
