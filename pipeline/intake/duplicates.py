"""Rows of one delivery that have the same key: repeated, or contradicting each other.

What belongs here: verdicts within one delivery. What a later delivery does to an earlier one is `loading`.
"""

from __future__ import annotations

import duckdb

from pipeline.intake.rules import CONFLICT, DUPLICATE, GOOD, JUDGED, REASONS, set_verdict
from pipeline.intake.stage import count, literal, quoted
from pipeline.schema import Agreement, Export

REPEATED = "intake_repeated"


def same(left: str, right: str, columns: tuple[str, ...]) -> str:
    """SQL: two rows agree in all these columns, an empty value agreeing with an empty one."""
    return " and ".join(f"{left}.{quoted(c)} is not distinct from {right}.{quoted(c)}" for c in columns)


def mark_duplicates(con: duckdb.DuckDBPyConnection, export: Export) -> None:
    """Set the verdict of good rows that share their key with another, or that contradict what tells of the same thing.

    Identical ones count once: the first stays, the others are duplicates. Differing ones are all conflicts, since
    nothing says which of them is true.
    """
    if export.agreement and _gather(con, export.agreement.by, export.agreement.columns):
        set_verdict(con, CONFLICT, f"{_repeated(export.agreement.by)} and g.contents > 1")
    if _gather(con, export.key, tuple(name for name, _ in export.stored)):
        set_verdict(con, CONFLICT, f"{_repeated(export.key)} and g.contents > 1")
        set_verdict(con, DUPLICATE, f"{_repeated(export.key)} and r._record > g.first_record")


def _repeated(key: tuple[str, ...]) -> str:
    return (
        f"select r._record from {JUDGED} as r join {REPEATED} as g on {same('r', 'g', key)} where r._verdict = {GOOD}"
    )


def _gather(con: duckdb.DuckDBPyConnection, key: tuple[str, ...], contents: tuple[str, ...]) -> int:
    """Fill `REPEATED` with the keys of several good rows and how many different contents they have; how many keys."""
    keys, same_key = ", ".join(map(quoted, key)), same("r", "k", key)
    content = ", ".join(f"r.{quoted(name)}" for name in contents)
    con.execute(
        f"create or replace temp table {REPEATED} as with k as materialized "
        f"(select {keys} from {JUDGED} where _verdict = {GOOD} group by all having count(*) > 1) "
        f"select {', '.join('r.' + quoted(name) for name in key)}, min(r._record) as first_record, "
        f"count(distinct row({content})) as contents "
        f"from {JUDGED} as r join k on {same_key} where r._verdict = {GOOD} group by all"
    )
    return count(con, REPEATED)


def explain_conflicts(con: duckdb.DuckDBPyConnection, export: Export, limit: int | None) -> None:
    """Add to `REASONS` why each row in conflict was rejected (the first `limit` of them)."""
    key = " || ', ' || ".join(f"coalesce({quoted(name)}::varchar, '')" for name in export.key)
    said = f"another row of this file has the same {' and '.join(export.key)} but says something else"
    if export.agreement:
        said += f", or the same {' and '.join(export.agreement.by)} with {_or(export.agreement)} of its own"
    con.execute(
        f"insert into {REASONS} select _record, _file_id, _line, {literal(export.key[0])}, {key}, 'conflict', "
        f"{literal(said)} from {JUDGED} where _verdict = {CONFLICT} "
        + ("" if limit is None else f"order by _record limit {limit}")
    )


def _or(agreement: Agreement) -> str:
    *names, last = agreement.columns
    return f"{', '.join(names)} or {last}"
