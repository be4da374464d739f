"""What an adapter is: a folder `sql/adapters/<platform>/` of SELECTs and a few lines of settings, and no Python.

What belongs here: reading and checking that folder. Taking in a platform's files with it is `platforms`.

`adapter.toml` names the platform's files, table by table, and the settings that it brings into a new data directory.
`<export>.sql` is one SELECT over those tables, written as `<platform>.<table>`, every column of which is text; it gives
the office's columns, and the `_file_id` and `_line` of the record that each row comes from in the driving table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.contracts import EXPORTS
from pipeline.errors import BadConfiguration, UserError
from pipeline.intake.csv_files import Dialect
from pipeline.schema import Column, Export
from pipeline.settings import ADAPTERS, checked, read_toml


class _Table(BaseModel):
    """One kind of file that the platform delivers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    export: str = ""
    is_optional: bool = False
    encoding: str = "utf-8"
    delimiter: str = ","


class _Adapter(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    office: dict[str, Any] = {}
    tables: dict[str, _Table]
    unused: dict[str, str] = {}
    reject_limit: float = Field(0.01, ge=0, le=1)


@dataclass(frozen=True)
class PlatformTable:
    """A platform's file as a table of text. `export`: the office's export whose rows its records drive, or ''."""

    platform: str
    name: str
    pattern: str
    contract: Export
    export: str
    is_optional: bool
    dialect: Dialect

    @property
    def sql_name(self) -> str:
        return f"{self.platform}.{self.name}"

    @property
    def ledger_name(self) -> str:
        """Under which name its files stand in the ledger."""
        return self.export or self.sql_name


@dataclass(frozen=True)
class Adapter:
    """A platform's tables and, for every export that it gives, the SELECT."""

    platform: str
    title: str
    office: dict[str, Any]
    tables: tuple[PlatformTable, ...]
    selects: dict[str, str]
    unused: dict[str, str]
    reject_limit: float

    def table_of(self, file_name: str) -> PlatformTable | None:
        return next((table for table in self.tables if fnmatch(file_name.lower(), table.pattern)), None)

    def why_unused(self, file_name: str) -> str:
        for pattern, reason in self.unused.items():
            if fnmatch(file_name.lower(), pattern):
                return f"not used: {reason}"
        return f"not a file that the {self.title} adapter knows"

    def driver(self, export: str) -> PlatformTable:
        return next(table for table in self.tables if table.export == export)

    def reads(self, export: str) -> list[PlatformTable]:
        """The tables that an export's SELECT names."""
        named = set(re.findall(rf"\b{self.platform}\.([a-z_]+)", self.selects[export]))
        return [table for table in self.tables if table.name in named]


def office_settings(platform: str) -> dict[str, Any]:
    """The settings of `office.toml` that a platform brings into a new data directory.

    Raises UserError for a platform that there is no adapter for.
    """
    return dict(read_adapter(platform).office)


def read_adapter(platform: str, folder: Path = ADAPTERS) -> Adapter:
    """The adapter in `<folder>/<platform>/`. Raises UserError when there is none, BadConfiguration when it is wrong."""
    known = sorted(path.parent.name for path in folder.glob("*/adapter.toml"))
    if platform not in known:
        raise UserError(f"there is no adapter for {platform!r}; these are: {', '.join(known)}")
    path = folder / platform / "adapter.toml"
    read = checked(_Adapter, read_toml(path), str(path))
    selects = {file.stem: _select(file) for file in sorted(path.parent.glob("*.sql"))}
    tables = tuple(_table(platform, name, table) for name, table in read.tables.items())
    driven = sorted(table.export for table in tables if table.export)
    if driven != sorted(selects) or not set(selects) <= set(EXPORTS):
        raise BadConfiguration(
            f"{path}: every <export>.sql needs one table with export = its name, and every such table its SELECT: "
            f"tables drive {', '.join(driven)}; files give {', '.join(selects)}"
        )
    return Adapter(platform, read.title, read.office, tables, selects, read.unused, read.reject_limit)


def _select(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip().removesuffix(";")


def _table(platform: str, name: str, table: _Table) -> PlatformTable:
    """A platform's texts are believed as they are, keys apart; what they must be is judged as the office's columns."""
    columns = tuple(Column(column, "text", required=True, nullable=column not in table.key) for column in table.columns)
    contract = Export(table.export or f"{platform}.{name}", f"{platform} {name}", columns, table.key)
    return PlatformTable(
        platform,
        name,
        table.pattern.lower(),
        contract,
        table.export,
        table.is_optional,
        Dialect(table.encoding, table.delimiter),
    )
