"""Every table that a run builds: their order, and how one is built and audited.

What belongs here: collecting the models of `sql/` and `pipeline.analyses`, and building one table inside a transaction
with its audits. What a model is, is in `pipeline.model`; which periods are built is in `plan.periods`
(`pipeline.planning`); Dagster's face of it is `assets/models.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from pipeline import catalogue
from pipeline.analyses import MODELS
from pipeline.errors import DataRefused
from pipeline.model import LONG_COLUMNS, SQL, Check, Model, ModelError, load_check, load_model
from pipeline.warehouse import transaction

#: Tables that no model builds: intake fills `raw` and `ledger`, planning fills `plan` and `ref`.
GIVEN_SCHEMAS = frozenset({"raw", "ledger", "plan", "ref"})


@dataclass(frozen=True)
class Audit:
    """What one check found: how many offending rows, and the first few of them."""

    check: str
    description: str
    rows: int
    sample: tuple[dict[str, Any], ...]

    @property
    def passed(self) -> bool:
        return self.rows == 0


@dataclass(frozen=True)
class Built:
    """A table that now stands: its rows, those of this build, and the audits that let it through."""

    table: str
    rows: int
    built: int
    audits: tuple[Audit, ...]


class AuditFailed(DataRefused):
    """A check found rows that must not be; the build was rolled back and yesterday's table stands."""

    def __init__(self, table: str, audits: tuple[Audit, ...]):
        self.table = table
        self.audits = audits
        failed = next(audit for audit in audits if not audit.passed)
        rows = "; ".join(json.dumps(row, default=str, ensure_ascii=False) for row in failed.sample[:3])
        super().__init__(
            f"{table}: check {failed.check} found {failed.rows} rows ({failed.description}): {rows}. "
            "Nothing was replaced; the last published figures stand."
        )


@cache
def load_checks() -> tuple[Check, ...]:
    """Every check of `sql/checks`, by name."""
    return tuple(load_check(path) for path in sorted((SQL / "checks").glob("*.sql")))


@cache
def all_models() -> tuple[Model, ...]:
    """Every table that a run builds, in an order in which each comes after those that it reads."""
    return load_models(MODELS)


def load_models(python_models: tuple[Model, ...] = ()) -> tuple[Model, ...]:
    """Every model of `sql/`, and the given ones, each after those that it reads.

    Raises ModelError for a table that nobody builds, or a circle.
    """
    files = [*sorted((SQL / "core").glob("*.sql")), *sorted((SQL / "metrics").glob("*.sql"))]
    models = {model.table: model for model in (*(load_model(path) for path in files), *python_models)}
    for model in models.values():
        for table in sorted(model.reads):
            if table not in models and table.partition(".")[0] not in GIVEN_SCHEMAS:
                raise ModelError(f"{model.table} reads {table}, which nobody builds")
    sorter = TopologicalSorter({m.table: sorted(t for t in m.reads if t in models) for m in models.values()})
    try:
        return tuple(models[table] for table in sorter.static_order())
    except CycleError as error:
        raise ModelError(f"these models read each other: {' -> '.join(error.args[1])}") from None


def build(con: duckdb.DuckDBPyConnection, model: Model, config: Path) -> Built:
    """Build the model's table and audit it, in one transaction. `config` is the office's configuration folder.

    Raises AuditFailed, in which case the table is as it was.
    """
    with transaction(con):
        built = _rebuild(con, model, config)
        if model.is_long:
            catalogue.finish(con, model.table)
        audits = tuple(_audits(con, model))
        if not all(audit.passed for audit in audits):
            raise AuditFailed(model.table, audits)
        rows = _count(con, f"select count(*) from {model.table}")
    return Built(model.table, rows, built, audits)


_PLANNED_ROWS = "select count(*) from {table} where period_id in (select period_id from plan.periods)"


def _rebuild(con: duckdb.DuckDBPyConnection, model: Model, config: Path) -> int:
    if model.build is not None:
        model.build(con, config)
        return _count(con, _PLANNED_ROWS.format(table=model.table))
    select = model.text
    if model.compute is not None:
        select = _computed(con, model, config)
    if not model.is_planned:
        con.execute(f"create or replace table {model.table} as {select}")
        return _count(con, f"select count(*) from {model.table}")
    _prepare_planned(con, model, select)
    everything = _count(con, "select count(*) from plan.run where is_full")
    con.execute(
        f"delete from {model.table}"
        + ("" if everything else " where period_id in (select period_id from plan.periods)")
    )
    con.execute(f"insert into {model.table} by name {select}")
    return _count(con, _PLANNED_ROWS.format(table=model.table))


def _computed(con: duckdb.DuckDBPyConnection, model: Model, config: Path) -> str:
    """The rows that Python computes, in a temporary table of the model's columns; a SELECT of them."""
    assert model.compute is not None
    con.execute(f"create or replace temp table computed ({model.columns})")
    rows = model.compute(con, config)
    if rows.height:
        con.register("computed_rows", rows.to_arrow())
        con.execute("insert into computed by name select * from computed_rows")
        con.unregister("computed_rows")
    return "select * from computed"


def _prepare_planned(con: duckdb.DuckDBPyConnection, model: Model, select: str) -> None:
    """Make the table, empty, when it is not there or its file now gives other columns (the plan is then a full one)."""
    if model.is_long:
        con.execute(f"create table if not exists {model.table} ({LONG_COLUMNS})")
        return
    wanted = con.execute(f"describe {select}").fetchall()
    exists = con.execute(
        "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [model.schema, model.name]
    ).fetchone()
    if exists and [c[:2] for c in con.execute(f"describe {model.table}").fetchall()] == [c[:2] for c in wanted]:
        return
    con.execute(f"create or replace table {model.table} as select * from ({select}) where false")


def _audits(con: duckdb.DuckDBPyConnection, model: Model) -> Iterator[Audit]:
    grain = ", ".join(model.grain)
    missing = " or ".join(f"{column} is null" for column in model.grain)
    yield _audit(
        con,
        "grain",
        f"one row for each {grain}",
        f"select {grain}, count(*) as copies from {model.table} group by all having count(*) > 1 or {missing}",
    )
    yield from audit_table(con, model.table)


def audit_table(con: duckdb.DuckDBPyConnection, table: str) -> tuple[Audit, ...]:
    """What the checks of `sql/checks` that name this table find in it."""
    return tuple(_audit(con, check.name, check.description, check.sql) for check in load_checks() if check.of == table)


def _audit(con: duckdb.DuckDBPyConnection, name: str, description: str, sql: str) -> Audit:
    rows = _count(con, f"select count(*) from ({sql})")
    sample: tuple[dict[str, Any], ...] = ()
    if rows:
        found = con.execute(f"select * from ({sql}) limit 10")
        columns = [column[0] for column in found.description]
        sample = tuple(dict(zip(columns, row, strict=True)) for row in found.fetchall())
    return Audit(name, description, rows, sample)


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
