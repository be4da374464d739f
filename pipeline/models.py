"""A SQL file as a Model: what it says of itself, what it reads, and how its table is built.

What belongs here: reading `sql/core`, `sql/metrics` and `sql/checks`, their order, and building one table inside a
transaction with its audits. What a table means is in its SQL; which periods are built is in `plan.periods`
(`pipeline.planning`); Dagster's face of it is `assets/models.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from pipeline import catalogue, royalties
from pipeline.errors import DataRefused
from pipeline.settings import PROJECT
from pipeline.warehouse import transaction

SQL = PROJECT / "sql"
LONG_GRAIN = ("period_id", "scope", "entity_id", "metric")
LONG_COLUMNS = (
    "period_id varchar, scope varchar, entity_id varchar, metric varchar, value double, numerator bigint, "
    "denominator bigint, n bigint, variance double, low double, high double, reason varchar"
)
#: Tables that no model builds: intake fills `raw` and `ledger`, planning fills `plan` and `ref`.
GIVEN_SCHEMAS = frozenset({"raw", "ledger", "plan", "ref"})


class ModelError(Exception):
    """A SQL file that breaks the rules of this project. A bug of ours, never the user's."""


@dataclass(frozen=True)
class Model:
    """One table that a file defines. The few that Python computes (royalties) have `build`: it fills the planned
    periods and is given the office's configuration folder."""

    schema: str
    name: str
    description: str
    grain: tuple[str, ...]
    reads: frozenset[str]
    text: str
    build: Callable[[duckdb.DuckDBPyConnection, Path], None] | None = field(default=None, compare=False)

    @property
    def table(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def is_planned(self) -> bool:
        """Whether only the planned periods are rebuilt."""
        return self.schema == "metrics" and self.grain[:1] == ("period_id",)

    @property
    def is_long(self) -> bool:
        return self.grain == LONG_GRAIN


@dataclass(frozen=True)
class Check:
    """A query that returns the rows that must not be. `of` is the table that it audits."""

    name: str
    description: str
    of: str
    sql: str


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


def load_model(path: Path) -> Model:
    """Read one SQL file. Raises ModelError for a missing grain, more than one statement or a table without a schema."""
    text = path.read_text(encoding="utf-8")
    header = _header(text)
    if "grain" not in header:
        raise ModelError(f"{path.name}: the header lacks `-- grain: column, column`")
    return Model(
        schema=path.parent.name,
        name=path.stem,
        description=header["description"],
        grain=tuple(name.strip() for name in header["grain"].split(",")),
        reads=tables_read(text, path.name),
        text=text,
    )


def load_check(path: Path) -> Check:
    """Read one check; its header names the table that it audits: `-- of: core.reviews`."""
    text = path.read_text(encoding="utf-8")
    header = _header(text)
    if "of" not in header:
        raise ModelError(f"{path.name}: the header lacks `-- of: schema.table`")
    tables_read(text, path.name)
    return Check(path.stem, header["description"], header["of"], text)


@cache
def load_checks() -> tuple[Check, ...]:
    """Every check of `sql/checks`, by name."""
    return tuple(load_check(path) for path in sorted((SQL / "checks").glob("*.sql")))


ROYALTIES = Model(
    schema="metrics",
    name="royalties",
    description="Each seller's part of the royalty pool, to the cent, with every factor that it is made of.",
    grain=("period_id", "seller_id"),
    reads=frozenset({"metrics.royalty_inputs"}),
    text=Path(royalties.__file__).read_text(encoding="utf-8"),
    build=royalties.build,
)


@cache
def all_models() -> tuple[Model, ...]:
    """Every table that a run builds, in an order in which each comes after those that it reads."""
    return load_models((ROYALTIES,))


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
    if not model.is_planned:
        con.execute(f"create or replace table {model.table} as {model.text}")
        return _count(con, f"select count(*) from {model.table}")
    if model.build is not None:
        model.build(con, config)
        return _count(con, _PLANNED_ROWS.format(table=model.table))
    _prepare_planned(con, model)
    everything = _count(con, "select count(*) from plan.run where is_full")
    con.execute(
        f"delete from {model.table}"
        + ("" if everything else " where period_id in (select period_id from plan.periods)")
    )
    con.execute(f"insert into {model.table} by name {model.text}")
    return _count(con, _PLANNED_ROWS.format(table=model.table))


def _prepare_planned(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Make the table, empty, when it is not there or its file now gives other columns (the plan is then a full one)."""
    if model.is_long:
        con.execute(f"create table if not exists {model.table} ({LONG_COLUMNS})")
        return
    wanted = con.execute(f"describe {model.text}").fetchall()
    exists = con.execute(
        "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [model.schema, model.name]
    ).fetchone()
    if exists and [c[:2] for c in con.execute(f"describe {model.table}").fetchall()] == [c[:2] for c in wanted]:
        return
    con.execute(f"create or replace table {model.table} as select * from ({model.text}) where false")


def _audits(con: duckdb.DuckDBPyConnection, model: Model) -> Iterator[Audit]:
    grain = ", ".join(model.grain)
    missing = " or ".join(f"{column} is null" for column in model.grain)
    yield _audit(
        con,
        "grain",
        f"one row for each {grain}",
        f"select {grain}, count(*) as copies from {model.table} group by all having count(*) > 1 or {missing}",
    )
    for check in load_checks():
        if check.of == model.table:
            yield _audit(con, check.name, check.description, check.sql)


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


def _header(text: str) -> dict[str, str]:
    """The leading comment: its first paragraph as `description`, and every `name: value` line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line[2:].strip())
    found = (re.fullmatch(r"(grain|of): (.+)", line) for line in lines)
    values: dict[str, str] = {match[1]: match[2] for match in found if match}
    paragraph: list[str] = []
    for line in lines:
        if not line or re.match(r"(grain|of): ", line):
            break
        paragraph.append(line)
    return {"description": " ".join(paragraph), **values}


def tables_read(sql: str, where: str) -> frozenset[str]:
    """The tables that a SELECT reads, as `schema.name`, found by DuckDB's own parser.

    Raises ModelError when the text is not one SELECT, or names a table without its schema that is no CTE.
    """
    with duckdb.connect() as parser:
        row = parser.execute("select json_serialize_sql(?)", [sql.rstrip().removesuffix(";")]).fetchone()
    assert row is not None
    tree = json.loads(row[0])
    if tree.get("error"):
        raise ModelError(f"{where}: {tree.get('error_message')}")
    if len(tree["statements"]) != 1:
        raise ModelError(f"{where}: {len(tree['statements'])} statements; a model is one SELECT")
    tables: set[str] = set()
    bare: set[str] = set()
    names: set[str] = set()
    for node in _walk(tree):
        if node.get("type") == "BASE_TABLE":
            if node["schema_name"]:
                tables.add(f"{node['schema_name']}.{node['table_name']}")
            else:
                bare.add(node["table_name"])
        if isinstance(node.get("cte_map"), dict):
            names.update(entry["key"] for entry in node["cte_map"]["map"])
    if unknown := sorted(bare - names):
        raise ModelError(f"{where}: {unknown[0]} is neither a CTE nor written with its schema")
    return frozenset(tables)


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from _walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(child)
