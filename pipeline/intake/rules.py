"""From a stage's texts to typed rows, each with its verdict, and a named reason for every one that fails.

What belongs here: the order in which texts become values, values are judged together, buyers become pseudonyms and
derived columns are computed. What a single text must be is `checks`; which rows then enter the warehouse is `loading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

import duckdb
import pyarrow as pa

from pipeline.errors import DataRefused
from pipeline.intake.checks import Check, Reading, checks_of, steps_sql
from pipeline.intake.pseudonyms import pseudonym_sql
from pipeline.intake.stage import PICKED, Stage, count, literal, quoted
from pipeline.schema import Column, Export, Rule

#: Typed rows in the file's order: what is stored in `raw.<export>`, `_verdict` and, for every rule over several
#: columns, `_breaks_<rule>`.
TYPED = "intake_typed"
#: The same with `_record` (the index), `_file_id` and `_line`. Buyers still have their own ids. A view.
JUDGED = "intake_judged"
#: The same with pseudonyms for buyers: all that may enter the warehouse. A view.
ROWS = "intake_rows"
LINES = "intake_lines"
#: Reasons: _record, _file_id, line, column_name, value, rule, reason.
REASONS = "intake_reasons"
PSEUDONYMS = "intake_pseudonyms"
BAD = "intake_bad"

GOOD, BAD_VALUE, BROKEN_RULE, CONFLICT, DUPLICATE, LATE = range(6)
#: What a row's `_verdict` says when the row counts as rejected.
REJECTED: Final = f"({BAD_VALUE}, {BROKEN_RULE}, {CONFLICT})"


def judge_rows(
    con: duckdb.DuckDBPyConnection, export: Export, stage: Stage, reading: Reading, file_id: int | None
) -> None:
    """Fill `JUDGED` and `ROWS` from the stage. `file_id` None: the stage's relation names file and line of each record.

    Raises DataRefused when the reader does not find the records that were counted.
    """
    place = ["_file_id", "_line"] if file_id is None else []
    typed = _typed_sql(export, stage.columns, stage.relation, reading, place)
    flags = [f"{_breaks(rule)} as {_flag(rule)}" for rule in export.rules]
    order = "order by _order" if _has_window(export) else ""
    select = f"select {_final_items(export, place)} from (select {', '.join(['*', *flags])} from ({typed})) {order}"
    try:
        con.execute(f"create or replace temp table {TYPED} as {select}")
        found, problem = count(con, TYPED), ""
    except duckdb.InvalidInputException as error:
        found, problem = -1, f" ({str(error).splitlines()[0]})"
    if found != stage.rows:
        raise DataRefused(
            f"{stage.name}: the reader does not find the {stage.rows} rows that an independent count finds{problem}; "
            "nothing was loaded. This is a fault of ours: please report it with the file"
        )
    _put_places(con, stage, file_id)
    _put_pseudonyms(con, [column for column in export.columns if column.personal and column.name in stage.columns])


def _put_places(con: duckdb.DuckDBPyConnection, stage: Stage, file_id: int | None) -> None:
    """Make `JUDGED`."""
    places, lines = f"{file_id} as _file_id, t.rowid + 2 as _line, ", ""
    if file_id is None:
        places = ""
    elif stage.lines is not None:
        con.register("intake_lines_array", pa.table({"line": pa.array(stage.lines)}))
        con.execute(f"create or replace temp table {LINES} as select line from intake_lines_array")
        con.unregister("intake_lines_array")
        places, lines = f"{file_id} as _file_id, l.line as _line, ", f"join {LINES} as l on l.rowid = t.rowid"
    con.execute(
        f"create or replace temp view {JUDGED} as select t.rowid as _record, {places}t.* from {TYPED} as t {lines}"
    )


def _put_pseudonyms(con: duckdb.DuckDBPyConnection, personal: Sequence[Column]) -> None:
    """Make `ROWS`. Each id is hashed once, however many rows it stands in."""
    if personal:
        ids = " union all ".join(f"select {quoted(column.name)} as id from {TYPED}" for column in personal)
        con.execute(
            f"create or replace temp table {PSEUDONYMS} as select id, {pseudonym_sql('id')} as pseudonym "
            f"from (select distinct id from ({ids}) where id is not null)"
        )
    replaced, joins = [], ""
    for number, column in enumerate(personal):
        name = quoted(column.name)
        replaced.append(
            f"case when {column.personal_if or 'true'} then p{number}.pseudonym else j.{name} end as {name}"
        )
        joins += f" left join {PSEUDONYMS} as p{number} on p{number}.id = j.{name}"
    items = f"j.* replace ({', '.join(replaced)})" if replaced else "j.*"
    con.execute(f"create or replace temp view {ROWS} as select {items} from {JUDGED} as j {joins}")


def set_verdict(con: duckdb.DuckDBPyConnection, verdict: int, records: str) -> None:
    """Give the rows that `records`, a SELECT of `_record`, names another verdict."""
    con.execute(f"update {TYPED} set _verdict = {verdict} where rowid in ({records})")


def explain_rows(
    con: duckdb.DuckDBPyConnection, export: Export, stage: Stage, reading: Reading, limit: int | None
) -> None:
    """Fill `REASONS` for the rows of `JUDGED` whose values fail (the first `limit` of them)."""
    few = "" if limit is None else f"limit {limit}"
    which = f"_verdict in ({BAD_VALUE}, {BROKEN_RULE})"
    records = con.execute(f"select _record from {JUDGED} where {which} order by _record {few}").fetchall()
    if not records:
        con.execute(
            f"create or replace temp table {REASONS} (_record bigint, _file_id integer, line bigint, "
            "column_name varchar, value varchar, rule varchar, reason varchar)"
        )
        return
    stage.pick([row[0] for row in records])
    con.execute(
        f"create or replace temp table {BAD} as {_typed_sql(export, stage.columns, PICKED, reading, ['_record'])}"
    )
    given = [export.column(name) for name in stage.columns]
    parts = [_reason_sql(column, checks_of(column, export, reading)) for column in given]
    parts += [_broken_sql(rule) for rule in export.rules if rule.severity == "reject"]
    con.execute(
        f"create or replace temp table {REASONS} as select _record, j._file_id, j._line as line, b.* exclude (_record) "
        f"from ({' union all '.join(parts)}) as b join {JUDGED} as j using (_record)"
    )


def _typed_sql(export: Export, columns: Sequence[str], relation: str, reading: Reading, place: Sequence[str]) -> str:
    """A SELECT of every column's text and value, of the columns `place`, and of `_is_bad`: some value could not be made
    of its text."""
    given = [export.column(name) for name in columns]
    absent = [column for column in export.columns if column.name not in columns]
    texts = [*place, *(f"{quoted(name)} as {quoted(name + '__text')}" for name in columns)]
    # A window over all rows may give them back in another order than the file's.
    texts += ["row_number() over () as _order"] * _has_window(export)
    select = f"select {', '.join(texts)} from {relation}"
    for step in zip_longest(*(steps_sql(column, export, reading) for column in given), fillvalue=[]):
        select = f"select *, {', '.join(item for items in step for item in items)} from ({select})"
    nothing = [f"null::{column.sql_type} as {quoted(column.name)}" for column in absent]
    nothing += [f"null::varchar as {quoted(column.name + '__text')}" for column in absent]
    is_bad = " or ".join(_is_bad_sql(column) for column in given)
    return f"select {', '.join(['*', *nothing])}, {is_bad} as _is_bad from ({select})"


def _is_bad_sql(column: Column) -> str:
    value, text = quoted(column.name), quoted(f"{column.name}__text")
    return f"({value} is null and {text} is not null)" if column.nullable else f"{value} is null"


def _final_items(export: Export, place: Sequence[str]) -> str:
    rejecting = [_flag(rule) for rule in export.rules if rule.severity == "reject"]
    broken = f"when {' or '.join(rejecting)} then {BROKEN_RULE}" if rejecting else ""
    items = [quoted(column.name) for column in export.columns if column.stored]
    items += [f"({derived.sql})::{derived.sql_type} as {quoted(derived.name)}" for derived in export.derived]
    items += [*place, f"case when _is_bad then {BAD_VALUE} {broken} else {GOOD} end as _verdict"]
    return ", ".join([*items, *(_flag(rule) for rule in export.rules)])


def _has_window(export: Export) -> bool:
    return any("over (" in rule.sql for rule in export.rules)


def _breaks(rule: Rule) -> str:
    return f"not coalesce({rule.sql}, true)"


def _flag(rule: Rule) -> str:
    return quoted(f"_breaks_{rule.name}")


def _reason_sql(column: Column, checks: Sequence[Check]) -> str:
    rule = " ".join(f"when {check.fails} then {literal(check.rule)}" for check in checks)
    reason = " ".join(f"when {literal(check.rule)} then {literal(check.reason)}" for check in checks)
    return (
        f"select _record, {literal(column.name)} as column_name, {quoted(column.name + '__text')} as value, rule, "
        f"case rule {reason} end as reason "
        f"from (select *, case {rule} end as rule from {BAD} where {_is_bad_sql(column)})"
    )


def _broken_sql(rule: Rule) -> str:
    """The rows that break a rule over several columns; their values are good one by one."""
    return (
        f"select _record, {literal(rule.column)}, b.{quoted(rule.column + '__text')}, {literal(rule.name)}, "
        f"{literal(rule.explanation)} from {BAD} as b join {JUDGED} as r using (_record) "
        f"where r._verdict = {BROKEN_RULE} and r.{_flag(rule)}"
    )
