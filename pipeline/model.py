"""What a table of ours is: a SQL file, or a Python function where SQL does badly.

What belongs here: reading `sql/core`, `sql/metrics` and `sql/checks` into values, and what a file says of itself: its
description, its grain, the tables that it reads. Their order and their building are `pipeline.models`' work; what
Python computes is in `pipeline.analyses`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipeline.settings import PROJECT

if TYPE_CHECKING:
    import polars as pl

SQL = PROJECT / "sql"
LONG_GRAIN = ("period_id", "scope", "entity_id", "metric")
LONG_COLUMNS = (
    "period_id varchar, scope varchar, entity_id varchar, metric varchar, value double, numerator bigint, "
    "denominator bigint, n bigint, variance double, low double, high double, reason varchar"
)


class ModelError(Exception):
    """A SQL file that breaks the rules of this project. A bug of ours, never the user's."""


@dataclass(frozen=True)
class Model:
    """One table that a file defines.

    A SQL file's `text` is its SELECT. What Python computes has `compute` instead, which is given the office's
    configuration folder and returns the table's rows (those of the planned periods, where the grain begins with
    period_id), and `columns`, the table's DDL between its brackets. `build`, for the royalties' ledger, does it all.
    """

    schema: str
    name: str
    description: str
    grain: tuple[str, ...]
    reads: frozenset[str]
    text: str
    columns: str = ""
    compute: Callable[[duckdb.DuckDBPyConnection, Path], pl.DataFrame] | None = field(default=None, compare=False)
    build: Callable[[duckdb.DuckDBPyConnection, Path], None] | None = field(default=None, compare=False)

    @property
    def table(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def is_python(self) -> bool:
        return self.compute is not None or self.build is not None

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
    row = _parser().cursor().execute("select json_serialize_sql(?)", [sql.rstrip().removesuffix(";")]).fetchone()
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


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """One for all texts: to open a database costs more than to read a text."""
    return duckdb.connect(config={"threads": 1})


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from _walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(child)
