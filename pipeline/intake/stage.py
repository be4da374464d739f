"""A delivery read as text: one temporary table, and what is known of its records beside it.

What belongs here: the shape that every reader fills and the rules read. Readers are `csv_files`, `json_lines` and
`tables`; the values' meaning is `rules`'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from pipeline.intake.structure import Positions

#: Temporary; row ids are the indexes of the records that could be read. Columns: the file's, text, null when empty.
STAGE = "intake_stage"
LINES = "intake_lines"
MAX_RAW_CHARACTERS = 10_000


@dataclass(frozen=True)
class BadRecord:
    """A record that could not be read as fields at all."""

    line: int
    rule: str
    reason: str
    raw: str


@dataclass(frozen=True)
class Stage:
    """What lies in the table `STAGE`.

    `rows_in`: the records of the file by a count of its own, `bad` included. `lines`: where each row of the table starts
    in the file, None when row i starts on line i + 2. `raw`: the text of rows, as delivered.
    """

    columns: tuple[str, ...]
    rows_in: int
    lines: Positions | None
    raw: Callable[[Sequence[int]], list[str]]
    bad: list[BadRecord] = field(default_factory=list)


def quoted(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def shortened(raw: str) -> str:
    """Raw text as the ledger keeps it; the whole stays in the landing copy."""
    if len(raw) <= MAX_RAW_CHARACTERS:
        return raw
    return f"{raw[:MAX_RAW_CHARACTERS]}… ({len(raw)} characters)"


def put_lines(con: duckdb.DuckDBPyConnection, stage: Stage) -> str:
    """SQL for the line of a stage row `s`, its join included as (expression); fills `LINES` when lines are uneven."""
    if stage.lines is None:
        return "s.rowid + 2"
    con.register("intake_lines_array", pa.table({"line": pa.array(stage.lines)}))
    con.execute(f"create or replace temp table {LINES} as select line from intake_lines_array")
    con.unregister("intake_lines_array")
    return "l.line"


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])
