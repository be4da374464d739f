"""Good rows into the warehouse: one delivery, one transaction, the latest export winning whatever order files come in.

What belongs here: from the judged rows of one delivery to `raw.<export>` and the ledger. Reading is done before
(`readers`), judging by `rules` and `duplicates`.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from pipeline.errors import DataRefused
from pipeline.intake import ledger
from pipeline.intake.checks import Reading
from pipeline.intake.duplicates import explain_conflicts, mark_duplicates
from pipeline.intake.landing import Landed
from pipeline.intake.ledger import Counts, LedgerBroken
from pipeline.intake.placing import note_anomalies, note_reach, place_rows
from pipeline.intake.rules import JUDGED, REASONS, REJECTED, explain_rows, judge_rows
from pipeline.intake.stage import BadRecord, Stage, count, literal, shortened
from pipeline.schema import Export
from pipeline.warehouse import transaction

#: A file may always have this many rejected rows, however short it is.
ALWAYS_ALLOWED = 20
#: Of a refused file so many rejected records are kept, so that a person can mend the export.
KEPT_OF_REFUSED = 100
REJECTS = "ledger.rejects"
_KEPT = f"nothing was loaded; the first {KEPT_OF_REFUSED} are kept with their reasons"


class TooManyRejects(DataRefused):
    """A file was refused for its rejected rows."""

    def __init__(self, message: str, counts: Counts) -> None:
        super().__init__(message)
        self.counts = counts


def load_stage(
    con: duckdb.DuckDBPyConnection,
    landed: Landed,
    export: Export,
    stage: Stage,
    reading: Reading,
    *,
    reject_limit: float,
    format_name: str,
) -> Counts:
    """Judge the stage's rows and load them in one transaction; what became of them.

    Raises TooManyRejects when the file is refused; its ledger row is written then too.
    """
    file_id = ledger.next_id(con)
    rejected = judge_stage(con, export, stage, reading, file_id)
    refusal = refusal_of(landed, rejected, stage.rows_in, reject_limit)
    explain_stage(con, export, stage, reading, limit=KEPT_OF_REFUSED if refusal else None)
    if refusal:
        refusal += first_reason(con, stage.bad)
    counts = Counts(rows_in=stage.rows_in, rejected=rejected)
    with transaction(con):
        if refusal:
            ledger.record_refusal(con, file_id, landed, export.name, format_name, refusal, counts)
            keep_rejects(con, export.name, stage, file_id, stage.bad[:KEPT_OF_REFUSED])
        else:
            ledger.open_file(con, file_id, landed, export.name, format_name, stage.columns, counts)
            keep_rejects(con, export.name, stage, file_id, stage.bad)
            note_anomalies(con, export, [file_id])
            note_reach(con, export, [file_id])
            touched = place_rows(con, export)
            ledger.settle(con, export.name, f"raw.{export.name}", [*touched, file_id])
    if refusal:
        raise TooManyRejects(refusal, counts)
    return ledger.counts_of(con, file_id)


def judge_stage(con: duckdb.DuckDBPyConnection, export: Export, stage: Stage, reading: Reading, file_id: int) -> int:
    """Fill `rules.JUDGED`, verdicts complete within the delivery; how many records are rejected."""
    judge_rows(con, export, stage, reading, file_id)
    mark_duplicates(con, export)
    return count(con, f"{JUDGED} where _verdict in {REJECTED}") + len(stage.bad)


def explain_stage(
    con: duckdb.DuckDBPyConnection, export: Export, stage: Stage, reading: Reading, limit: int | None
) -> None:
    """Fill `rules.REASONS`, at least one for every rejected row (of the first `limit`)."""
    explain_rows(con, export, stage, reading, limit)
    explain_conflicts(con, export, limit)
    if limit is None:
        unexplained = f"{JUDGED} where _verdict in {REJECTED} and _record not in (select _record from {REASONS})"
        if count(con, unexplained):
            raise LedgerBroken(f"{export.name}: rows are rejected for no reason that we know")


def refusal_of(landed: Landed, rejected: int, rows_in: int, reject_limit: float) -> str:
    """Why a file is refused whole for its rejected rows, or nothing."""
    name, allowed = landed.delivery.name, max(ALWAYS_ALLOWED, int(reject_limit * rows_in))
    if rejected and rejected == rows_in:
        return f"{name}: every one of its {rows_in} rows is rejected; {_KEPT}"
    if rejected > allowed:
        return (
            f"{name}: {rejected} of {rows_in} rows are rejected, more than the {allowed} that this file may have "
            f"({reject_limit:.2%} of its rows, {ALWAYS_ALLOWED} at least; reject_limit in sources.toml); "
            f"{_KEPT}"
        )
    return ""


def first_reason(con: duckdb.DuckDBPyConnection, bad: Sequence[BadRecord]) -> str:
    """The first of the reasons, by line, as the end of a message."""
    found = con.execute(
        f"select line, column_name, value, rule, reason from {REASONS} order by line, _record limit 1"
    ).fetchall()
    texts = [(line, f"{column} = {value!r}: {reason} ({rule})") for line, column, value, rule, reason in found]
    texts += [(record.line, f"{record.reason} ({record.rule})") for record in bad[:1]]
    return "".join(f". The first is line {line}: {text}" for line, text in sorted(texts)[:1])


def keep_rejects(
    con: duckdb.DuckDBPyConnection,
    export: str,
    stage: Stage,
    file_id: int,
    bad: Sequence[BadRecord],
    into: str = REJECTS,
) -> None:
    """Write the rejected records to a table like `ledger.rejects`: those that were no rows (`bad`), and those in
    `REASONS` with their raw text."""
    ledger.keep_bad_records(con, file_id, export, bad, into)
    records = [row[0] for row in con.execute(f"select distinct _record from {REASONS} order by all").fetchall()]
    if not records:
        return
    raw = pa.table({"_record": pa.array(records, pa.int64()), "raw": [shortened(text) for text in stage.raw(records)]})
    con.register("intake_raw", raw)
    con.execute(
        f"insert into {into} select _file_id, {literal(export)}, line, column_name, left(value, 1000), rule, "
        f"reason, raw from {REASONS} join intake_raw using (_record) order by _record"
    )
    con.unregister("intake_raw")
