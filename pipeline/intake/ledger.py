"""The ledger of deliveries: what came, what became of it, and the sums that must always hold.

What belongs here: rows of `ledger.files` and the assertion over them. The tables themselves are made by
`pipeline.warehouse`; the rows' fate is decided by `loading` and `adapters`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from pipeline.intake.landing import Landed
from pipeline.intake.stage import BadRecord


class LedgerBroken(AssertionError):
    """A file's rows are not all accounted for: a fault of ours, so nothing of the transaction is kept."""


@dataclass(frozen=True)
class Counts:
    """What became of a file's records."""

    rows_in: int = 0
    accepted: int = 0
    superseded: int = 0
    rejected: int = 0


def is_loaded(con: duckdb.DuckDBPyConnection, sha256: str, export: str, platform: str) -> bool:
    """Whether these bytes have been taken in before, for the same export."""
    found = con.execute(
        "select 1 from ledger.files where sha256 = ? and export = ? and platform = ? and status = 'loaded'",
        [sha256, export, platform],
    )
    return found.fetchone() is not None


def known_sizes(con: duckdb.DuckDBPyConnection) -> frozenset[int]:
    """The sizes in bytes of all files that ever came."""
    return frozenset(row[0] for row in con.execute("select distinct bytes from ledger.files").fetchall())


def open_file(
    con: duckdb.DuckDBPyConnection,
    file_id: int,
    landed: Landed,
    export: str,
    format_name: str,
    columns: Sequence[str],
    counts: Counts,
) -> None:
    """Write a file's row in the ledger as loaded, a refusal of the same bytes forgotten."""
    platform = landed.delivery.platform
    _forget_refusal(con, landed.sha256, export, platform)
    con.execute(
        "insert into ledger.files by name select ? as file_id, ? as sha256, ? as export, ? as platform, ? as name, "
        "? as bytes, ? as format, ?::timestamp as exported_at, ?::timestamp as received_at, 'loaded' as status, "
        "? as rows_in, ? as accepted, ? as superseded, ? as rejected, ?::varchar[] as columns, 0 as anomalies",
        [
            file_id,
            landed.sha256,
            export,
            platform,
            landed.delivery.name,
            landed.bytes,
            format_name,
            landed.exported_at,
            datetime.now(UTC).replace(tzinfo=None),
            *(counts.rows_in, counts.accepted, counts.superseded, counts.rejected),
            list(columns),
        ],
    )


def record_refusal(
    con: duckdb.DuckDBPyConnection,
    file_id: int,
    landed: Landed,
    export: str,
    format_name: str,
    message: str,
    counts: Counts,
) -> None:
    """Note that a file was refused whole. The same bytes are tried again at their next delivery."""
    open_file(con, file_id, landed, export, format_name, [], counts)
    con.execute(
        "update ledger.files set status = 'refused', refusal = ? where file_id = ?",
        [message, file_id],
    )


def _forget_refusal(con: duckdb.DuckDBPyConnection, sha256: str, export: str, platform: str) -> None:
    which = "file_id in (select file_id from ledger.files where sha256 = ? and export = ? and platform = ?)"
    for table in ("ledger.rejects", "ledger.files"):
        con.execute(f"delete from {table} where {which}", [sha256, export, platform])


def next_id(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("select coalesce(max(file_id), 0) + 1 from ledger.files").fetchone()
    assert row is not None
    return int(row[0])


def keep_bad_records(
    con: duckdb.DuckDBPyConnection, file_id: int, export: str, bad: Sequence[BadRecord], into: str
) -> None:
    """Keep the records that could not be read as fields at all."""
    if not bad:
        return
    rows = pa.table(
        {
            "line": [record.line for record in bad],
            "rule": [record.rule for record in bad],
            "reason": [record.reason for record in bad],
            "raw": [record.raw for record in bad],
        }
    )
    con.register("intake_bad_records", rows)
    con.execute(
        f"insert into {into} select ?, ?, line, null, null, rule, reason, raw from intake_bad_records",
        [file_id, export],
    )
    con.unregister("intake_bad_records")


def settle(con: duckdb.DuckDBPyConnection, export: str, table: str, file_ids: Sequence[int]) -> None:
    """Count again which records of these files stand in `table`; the rest of their good ones is superseded. An own
    file's record is one row, a platform's may be several.

    Raises LedgerBroken when records are lost: when those that neither stand nor are rejected are not the ones that
    `ledger.superseded` keeps.
    """
    ids = ", ".join(map(str, file_ids)) or "null"
    con.execute(
        f"update ledger.files set accepted = coalesce(s.standing, 0), "
        f"superseded = rows_in - rejected - coalesce(s.standing, 0) from ("
        f"select f.file_id, case when f.platform = '' then own.standing else theirs.standing end as standing "
        f"from ledger.files as f "
        f"left join (select _file_id as file_id, count(*) as standing from {table} "
        f"where _file_id in ({ids}) group by all) as own using (file_id) "
        f"left join (select _file_id as file_id, count(distinct _line) as standing from {table} where _file_id in "
        f"(select file_id from ledger.files where platform <> '' and file_id in ({ids})) group by all) as theirs "
        f"using (file_id) where f.file_id in ({ids})) as s where s.file_id = ledger.files.file_id"
    )
    broken = con.execute(
        f"select f.name, f.rows_in, f.accepted, f.superseded, f.rejected, count(distinct s.line) as kept "
        f"from ledger.files as f left join (select k.file_id, k.line from ledger.superseded as k "
        f"anti join {table} as t on t._file_id = k.file_id and t._line = k.line "
        f"where k.export = '{export}' and k.file_id in ({ids})) as s "
        f"using (file_id) where f.file_id in ({ids}) group by all "
        f"having f.rows_in <> f.accepted + f.superseded + f.rejected or f.superseded <> kept"
    ).fetchall()
    if broken:
        raise LedgerBroken(f"{export}: rows in, accepted, superseded, rejected, kept as superseded: {broken}")


def counts_of(con: duckdb.DuckDBPyConnection, file_id: int) -> Counts:
    row = con.execute(
        "select rows_in, accepted, superseded, rejected from ledger.files where file_id = ?", [file_id]
    ).fetchone()
    assert row is not None
    return Counts(*row)
