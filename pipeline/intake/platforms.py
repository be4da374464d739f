"""Another platform's files into the warehouse: landed and checked like our own, then turned into exports by an adapter.

What belongs here: which files there are, what is built of them, and the one transaction around it. What an adapter is
stands in `adapters`; its tables are filled by `platform_tables`, its exports by `platform_exports`.

Whenever a file of the platform is new, all its files are read again from their landing copies and all its exports are
built anew: what stands is a function of the set of files, and the platform's own texts (names, addresses) lie in memory
only for as long as that takes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from pipeline.errors import DataRefused, UserError
from pipeline.intake import ledger
from pipeline.intake.adapters import Adapter, read_adapter
from pipeline.intake.formats import recognise
from pipeline.intake.landing import Delivery, Landed, files_in, land
from pipeline.intake.ledger import Counts
from pipeline.intake.outcomes import FileOutcome, IntakeResult, Progress
from pipeline.intake.platform_exports import build_export
from pipeline.intake.platform_tables import SETBACKS, PlatformFile, fill_table, keep_latest, make_tables
from pipeline.intake.session import intake_session
from pipeline.settings import ADAPTERS, DataFolder, Office
from pipeline.warehouse import transaction


def take_in_platform(
    con: duckdb.DuckDBPyConnection,
    folder: DataFolder,
    office: Office,
    platform: str,
    source_folder: Path,
    *,
    progress: Progress,
    adapters: Path = ADAPTERS,
) -> IntakeResult:
    """Take in a platform's files from a folder. Files that no adapter table matches are skipped, and said.

    Raises UserError for an unknown platform or a folder that is none.
    """
    started, adapter = time.monotonic(), read_adapter(platform, adapters)
    if not source_folder.is_dir():
        raise UserError(f"{source_folder}: no such folder; it should hold the {adapter.title} files")
    with intake_session(con, folder) as work, _memory_database(con, platform):
        new, outcomes = _land_new(con, folder, adapter, source_folder)
        if new:
            progress(f"{platform}: reading {len(new)} new files")
            outcomes += _rebuild(con, folder, office, adapter, new, work, progress)
    for outcome in outcomes:
        progress(str(outcome))
    seconds = time.monotonic() - started
    return IntakeResult(tuple(replace(o, seconds=seconds if o.status == "loaded" else 0.0) for o in outcomes))


@contextmanager
def _memory_database(con: duckdb.DuckDBPyConnection, platform: str) -> Iterator[None]:
    """The platform's tables, `<platform>.<table>`, in memory only."""
    con.execute(f"attach ':memory:' as {platform}")
    try:
        yield
    finally:
        con.execute(f"detach {platform}")


def _land_new(
    con: duckdb.DuckDBPyConnection, folder: DataFolder, adapter: Adapter, source_folder: Path
) -> tuple[list[PlatformFile], list[FileOutcome]]:
    new: list[PlatformFile] = []
    outcomes = []
    sizes = ledger.known_sizes(con)
    for path in files_in(source_folder):
        table = adapter.table_of(path.name)
        delivery = Delivery(table.ledger_name if table else adapter.platform, path, adapter.platform)
        if table is None:
            reason = adapter.why_unused(path.name)
            outcomes.append(FileOutcome.of(delivery.export, delivery.name, "skipped", message=reason))
            continue
        try:
            landed = land(delivery, folder.landing, sizes)
        except DataRefused as error:
            outcomes.append(FileOutcome.of(delivery.export, delivery.name, "refused", message=str(error)))
            continue
        is_twin = any(file.landed.sha256 == landed.sha256 and file.table is table for file in new)
        if is_twin or ledger.is_loaded(con, landed.sha256, delivery.export, adapter.platform):
            said = "these bytes were taken in before"
            outcomes.append(FileOutcome.of(delivery.export, delivery.name, "skipped", message=said))
            continue
        new.append(PlatformFile(ledger.next_id(con) + len(new), landed, table, is_new=True))
    return new, outcomes


def _known_files(con: duckdb.DuckDBPyConnection, folder: DataFolder, adapter: Adapter) -> list[PlatformFile]:
    """The platform's files that were loaded before, from the ledger."""
    rows = con.execute(
        "select file_id, export, name, sha256, bytes, exported_at from ledger.files "
        "where platform = ? and status = 'loaded' order by file_id",
        [adapter.platform],
    ).fetchall()
    tables = {table.ledger_name: table for table in adapter.tables}
    files = []
    for file_id, export, name, sha256, size, exported_at in rows:
        delivery = Delivery(export, Path(name), adapter.platform)
        landed = Landed(delivery, folder.landing / sha256, sha256, size, exported_at)
        if not landed.path.exists():
            raise DataRefused(f"{landed.path}: the landing copy of {name} is gone; restore it from the backup")
        files.append(PlatformFile(file_id, landed, tables[export], is_new=False))
    return files


def _rebuild(
    con: duckdb.DuckDBPyConnection,
    folder: DataFolder,
    office: Office,
    adapter: Adapter,
    new: list[PlatformFile],
    work: Path,
    progress: Progress,
) -> list[FileOutcome]:
    """Read every file of the platform, build every export, and write both in one transaction."""
    make_tables(con, adapter)
    files: list[PlatformFile] = []
    refused: list[tuple[PlatformFile, str]] = []
    for file in [*_known_files(con, folder, adapter), *new]:
        try:
            file.format_name = recognise(file.landed.path, file.name).name
            fill_table(con, file, adapter, work)
            files.append(file)
        except DataRefused as error:
            if not file.is_new:
                raise
            refused.append((file, str(error)))
    keep_latest(con, adapter, files)
    files, without = _with_all_they_need(adapter, files)
    refused += without
    try:
        with transaction(con):
            _write_ledger(con, adapter, files)
            for export in adapter.selects:
                if any(file.table.export == export for file in files):
                    progress(f"{adapter.platform}: building {export}")
                    build_export(con, adapter, export, files, office.time_zone)
            for table in adapter.tables:
                if not table.export:
                    ids = [file.file_id for file in files if file.table is table]
                    ledger.settle(con, table.ledger_name, table.sql_name, ids)
    except DataRefused as error:
        refused += [(file, str(error)) for file in files if file.is_new]
        files = []
    outcomes = [_refuse(con, file, message) for file, message in refused]
    for file in files:
        if file.is_new:
            counts = ledger.counts_of(con, file.file_id)
            outcomes.append(FileOutcome.of(file.table.ledger_name, file.name, "loaded", counts))
    return outcomes


def _with_all_they_need(
    adapter: Adapter, files: list[PlatformFile]
) -> tuple[list[PlatformFile], list[tuple[PlatformFile, str]]]:
    """The files that something can be built of, and those that drive an export which reads a table without files."""
    present = {file.table.name for file in files}
    kept, refused = [], []
    for file in files:
        reads = adapter.reads(file.table.export) if file.table.export else []
        missing = [table.pattern for table in reads if not table.is_optional and table.name not in present]
        if missing:
            said = f"{file.name}: it needs {', '.join(missing)} beside it; deliver them together"
            refused.append((file, said))
        else:
            kept.append(file)
    return kept, refused


def _write_ledger(con: duckdb.DuckDBPyConnection, adapter: Adapter, files: list[PlatformFile]) -> None:
    """New files' rows, and of all files what their tables rejected and superseded; the exports add theirs."""
    ids = [file.file_id for file in files]
    for table in ("rejects", "superseded", "anomalies"):
        con.execute(f"delete from ledger.{table} where list_contains(?, file_id)", [ids])
        if table in SETBACKS:
            con.execute(f"insert into ledger.{table} from {SETBACKS[table]} where list_contains(?, file_id)", [ids])
    for file in files:
        counts = Counts(rows_in=file.rows_in, rejected=file.rejected)
        if file.is_new:
            columns = [column.name for column in file.table.contract.columns]
            name = file.table.ledger_name
            ledger.open_file(con, file.file_id, file.landed, name, file.format_name, columns, counts)
        else:
            con.execute("update ledger.files set rejected = ? where file_id = ?", [file.rejected, file.file_id])


def _refuse(con: duckdb.DuckDBPyConnection, file: PlatformFile, message: str) -> FileOutcome:
    counts = Counts(rows_in=file.rows_in, rejected=file.rejected)
    with transaction(con):
        file_id = ledger.next_id(con)
        ledger.record_refusal(con, file_id, file.landed, file.table.ledger_name, file.format_name, message, counts)
    return FileOutcome.of(file.table.ledger_name, file.name, "refused", counts, message)
