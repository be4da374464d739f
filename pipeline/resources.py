"""The one resource that assets ask for: the office's data directory, and its warehouse while a run holds it.

What belongs here: how a Dagster run gets the lock and the connection, once for the whole run. How either is made is
`pipeline.warehouse`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
from pydantic import PrivateAttr

from pipeline.settings import DataFolder, Office, Source, load_office, load_sources
from pipeline.warehouse import locked, open_warehouse


class OfficeResource(dg.ConfigurableResource):
    """An office's data directory and configuration, for assets that read only what is published."""

    data: str

    @property
    def folder(self) -> DataFolder:
        return DataFolder(Path(self.data))

    @property
    def office(self) -> Office:
        return load_office(self.folder)

    @property
    def sources(self) -> dict[str, Source]:
        return load_sources(self.folder)


class WarehouseResource(OfficeResource):
    """The same with the warehouse open for writing. The lock is held from a run's first step to its last."""

    _con: duckdb.DuckDBPyConnection = PrivateAttr()

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        return self._con

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[WarehouseResource]:
        folder = self.folder
        folder.prepare()
        with locked(folder):
            folder.sweep()
            with open_warehouse(folder, self.office) as con:
                self._con = con
                yield self
