"""A delivery read as text: a relation of its records, and what is known of them beside it.

What belongs here: the shape that every reader gives and the rules read. Readers are `csv_files`, `json_lines` and
`tables`; the values' meaning is `rules`'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from pipeline.intake.structure import Positions

#: The texts of formats that are not read straight from their file.
STAGE = "intake_stage"
#: The texts of single records, with their `_record`.
PICKED = "intake_picked"
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
    """A delivery's records as texts, null when empty.

    `relation`: what to select `columns` and `_record` from, the record's index among the `rows` that can be read.
    `rows_in`: the records of the file by a count of its own, `bad` included. `lines`: where each of the `rows` starts in
    the file, None when record i starts on line i + 2. `pick`: fill the table `PICKED` with the texts of some records.
    `raw`: the text of some records as delivered.
    """

    name: str
    columns: tuple[str, ...]
    relation: str
    rows_in: int
    rows: int
    lines: Positions | None
    pick: Callable[[Sequence[int]], None]
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
    """SQL for the line of a record: over the record `s` or, once `LINES` is joined, over its line `l`."""
    if stage.lines is None:
        return "s._record + 2"
    con.register("intake_lines_array", pa.table({"line": pa.array(stage.lines)}))
    con.execute(f"create or replace temp table {LINES} as select line from intake_lines_array")
    con.unregister("intake_lines_array")
    return "l.line"


def of_stage_table(con: duckdb.DuckDBPyConnection) -> tuple[str, Callable[[Sequence[int]], None]]:
    """(`relation`, `pick`) of a delivery whose texts lie in the table `STAGE`."""
    relation = f"(select *, rowid as _record from {STAGE})"

    def pick(records: Sequence[int]) -> None:
        con.register("intake_wanted", pa.table({"_record": pa.array(records, pa.int64())}))
        con.execute(f"create or replace temp table {PICKED} as from {relation} semi join intake_wanted using (_record)")
        con.unregister("intake_wanted")

    return relation, pick


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])
