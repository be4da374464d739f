"""From the stage's texts to typed rows, each with its verdict, and a named reason for every one that fails.

What belongs here: the order in which texts become values, values are judged together, buyers become pseudonyms and
derived columns are computed. What a single text must be is `checks`; which rows then enter the warehouse is `loading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

import duckdb

from pipeline.contracts import Column, Export, Rule
from pipeline.intake.checks import Check, Reading, checks_of, steps_sql
from pipeline.intake.pseudonyms import pseudonym_sql
from pipeline.intake.stage import LINES, STAGE, count, literal, quoted

#: What was computed of each stage row, in the stage's order: typed values, pseudonyms, verdict.
VALUES = "intake_values"
#: The two side by side, a view. Typed rows: the stored columns of `raw.<export>`, `_file_id`, `_line`, `_record`, `_verdict`, and for
#: every rule over several columns `_breaks_<rule>`.
ROWS = "intake_rows"
#: Reasons: _record, _file_id, line, column_name, value, rule, reason.
REASONS = "intake_reasons"
PSEUDONYMS = "intake_pseudonyms"
BAD = "intake_bad"

GOOD, BAD_VALUE, BROKEN_RULE, CONFLICT, DUPLICATE, LATE = range(6)
#: What a row's `_verdict` says when the row counts as rejected.
REJECTED: Final = f"({BAD_VALUE}, {BROKEN_RULE}, {CONFLICT})"


def judge_rows(
    con: duckdb.DuckDBPyConnection, export: Export, columns: Sequence[str], reading: Reading, *, file_id: str, line: str
) -> None:
    """Fill `ROWS` from the stage, which has `columns`.

    `file_id`, `line`: SQL over a stage row `s` (and `l`, its line).
    """
    personal = [column for column in export.columns if column.personal and column.name in columns]
    _fill_pseudonyms(con, personal)
    typed = _typed_sql(export, columns, reading, file_id=file_id, line=line, personal=personal)
    flags = [f"{_breaks(rule)} as {_flag(rule)}" for rule in export.rules]
    judged = f"select {', '.join(['*', *flags])} from ({typed})"
    as_they_are = [
        column.name for column in export.columns if column.kind in ("id", "text", "enum") and column.stored
        and column.name in columns and column not in personal
    ]
    items = _final_items(export, personal, as_they_are)
    con.execute(f"create or replace temp table {VALUES} as select {items} from ({judged})")
    if count(con, f"{VALUES} where _record <> rowid"):
        raise AssertionError("the rows lost the order of their records")
    texts = "".join(f"s.{quoted(name)}, " for name in as_they_are)
    con.execute(f"create or replace temp view {ROWS} as select {texts}v.* from {VALUES} as v positional join {STAGE} as s")


def set_verdict(con: duckdb.DuckDBPyConnection, verdict: int, records: str) -> None:
    """Give the rows that `records`, a SELECT of `_record`, names another verdict."""
    con.execute(f"update {VALUES} set _verdict = {verdict} where _record in ({records})")


def explain_rows(
    con: duckdb.DuckDBPyConnection,
    export: Export,
    columns: Sequence[str],
    reading: Reading,
    *,
    file_id: str,
    line: str,
    limit: int | None = None,
) -> None:
    """Fill `REASONS` for the rows of `ROWS` whose values fail (the first `limit` of them)."""
    few = "" if limit is None else f"order by _record limit {limit}"
    which = f"_verdict in ({BAD_VALUE}, {BROKEN_RULE})"
    con.execute(f"create or replace temp table {BAD} as select _record from {ROWS} where {which} {few}")
    typed = _typed_sql(export, columns, reading, file_id=file_id, line=line, personal=[])
    con.execute(f"create or replace temp table {BAD}_typed as from ({typed}) where _record in (from {BAD})")
    parts = [_reason_sql(export.column(name), checks_of(export.column(name), export, reading)) for name in columns]
    parts += [_broken_sql(export, rule) for rule in export.rules if rule.severity == "reject"]
    con.execute(f"create or replace temp table {REASONS} as {' union all '.join(parts)}")
    con.execute(f"drop table {BAD}_typed")


def _fill_pseudonyms(con: duckdb.DuckDBPyConnection, personal: Sequence[Column]) -> None:
    """Each id is hashed once, however many rows it stands in."""
    if not personal:
        return
    ids = " union all ".join(f"select {quoted(column.name)} as id from {STAGE}" for column in personal)
    con.execute(
        f"create or replace temp table {PSEUDONYMS} as select id, {pseudonym_sql('id')} as pseudonym "
        f"from (select distinct id from ({ids}) where id is not null)"
    )


def _typed_sql(
    export: Export, columns: Sequence[str], reading: Reading, *, file_id: str, line: str, personal: Sequence[Column]
) -> str:
    """A SELECT of every column's text and value, and `_is_bad`: some value could not be made of its text."""
    given = [export.column(name) for name in columns]
    absent = [column for column in export.columns if column.name not in columns]
    texts = [f"s.rowid as _record, {file_id} as _file_id, {line} as _line"]
    texts += [f"s.{quoted(column.name)} as {quoted(column.name + '__text')}" for column in given]
    joins = f"join {LINES} as l on l.rowid = s.rowid" if line.startswith("l.") else ""
    for number, column in enumerate(personal):
        texts.append(f"p{number}.pseudonym as {quoted(column.name + '__pseudonym')}")
        joins += f" left join {PSEUDONYMS} as p{number} on p{number}.id = s.{quoted(column.name)}"
    select = f"select {', '.join(texts)} from {STAGE} as s {joins}"
    for step in zip_longest(*(steps_sql(column, export, reading) for column in given), fillvalue=[]):
        select = f"select *, {', '.join(item for items in step for item in items)} from ({select})"
    nothing = [f"null::{column.sql_type} as {quoted(column.name)}" for column in absent]
    nothing += [f"null::varchar as {quoted(column.name + '__text')}" for column in absent]
    is_bad = " or ".join(_is_bad_sql(column) for column in given)
    return f"select {', '.join(['*', *nothing])}, {is_bad} as _is_bad from ({select})"


def _is_bad_sql(column: Column) -> str:
    value, text = quoted(column.name), quoted(f"{column.name}__text")
    return f"({value} is null and {text} is not null)" if column.nullable else f"{value} is null"


def _final_items(export: Export, personal: Sequence[Column], as_they_are: Sequence[str]) -> str:
    rejecting = [_flag(rule) for rule in export.rules if rule.severity == "reject"]
    broken = f"when {' or '.join(rejecting)} then {BROKEN_RULE}" if rejecting else ""
    stored = [column for column in export.columns if column.stored and column.name not in as_they_are]
    items = [_stored_sql(column, personal) for column in stored]
    items += [f"({derived.sql})::{derived.sql_type} as {quoted(derived.name)}" for derived in export.derived]
    items += ["_file_id, _line, _record", f"case when _is_bad then {BAD_VALUE} {broken} else {GOOD} end as _verdict"]
    return ", ".join([*items, *(_flag(rule) for rule in export.rules)])


def _stored_sql(column: Column, personal: Sequence[Column]) -> str:
    name = quoted(column.name)
    if column not in personal:
        return name
    pseudonym = quoted(column.name + "__pseudonym")
    return f"case when {column.personal_if or 'true'} then {pseudonym} else {name} end as {name}"


def _breaks(rule: Rule) -> str:
    return f"not coalesce({rule.sql}, true)"


def _flag(rule: Rule) -> str:
    return quoted(f"_breaks_{rule.name}")


def _reason_sql(column: Column, checks: Sequence[Check]) -> str:
    rule = " ".join(f"when {check.fails} then {literal(check.rule)}" for check in checks)
    reason = " ".join(f"when {literal(check.rule)} then {literal(check.reason)}" for check in checks)
    return (
        f"select _record, _file_id, _line as line, {literal(column.name)} as column_name, "
        f"{quoted(column.name + '__text')} as value, rule, case rule {reason} end as reason "
        f"from (select *, case {rule} end as rule from {BAD}_typed where {_is_bad_sql(column)})"
    )


def _broken_sql(export: Export, rule: Rule) -> str:
    """The rows that break a rule over several columns; their values are good one by one."""
    return (
        f"select _record, b._file_id, b._line, {literal(rule.column)}, b.{quoted(rule.column + '__text')}, "
        f"{literal(rule.name)}, {literal(rule.explanation)} from {BAD}_typed as b join {ROWS} as r using (_record) "
        f"where r._verdict = {BROKEN_RULE} and r.{_flag(rule)}"
    )
