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
#: The texts of single records, with their index as `_record`.
PICKED = "intake_picked"
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

    `relation`: what to select `columns` from, in the file's order: `rows` records, which are known by their index. With
    `_file_id` and `_line` among its columns it tells itself where each comes from. `rows_in`: the records of the file
    by a count of its own, `bad` included. `lines`: where each of the `rows` starts in the file, None when record i
    starts on line i + 2. `pick`: fill the table `PICKED` with the texts of some records. `raw`: these as delivered.
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


def pick_from_stage(con: duckdb.DuckDBPyConnection) -> Callable[[Sequence[int]], None]:
    """`pick` of a delivery whose texts lie in the table `STAGE`."""

    def pick(records: Sequence[int]) -> None:
        con.register("intake_wanted", pa.table({"_record": pa.array(records, pa.int64())}))
        con.execute(
            f"create or replace temp table {PICKED} as "
            f"from (select *, rowid as _record from {STAGE}) semi join intake_wanted using (_record)"
        )
        con.unregister("intake_wanted")

    return pick


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])
