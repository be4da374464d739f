"""The only opener of the warehouse: its lock, its hardened session, its schemas, its transactions.

What belongs here: how a connection comes to be and what it may do. What lies in the tables is said by
`pipeline.contracts` (raw), `sql/` (core, metrics) and `pipeline.planning` (plan); what readers open is made by
`pipeline.publishing`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from pipeline.contracts import EXPORTS
from pipeline.errors import Busy, CannotWrite, DataRefused
from pipeline.schema import Export, raw_table_ddl
from pipeline.settings import PROJECT, DataFolder, Office

#: A WAL that belongs to another file is refused from this storage version on (FAULTS.md 0.4).
STORAGE_VERSION = "v1.4.0"
LOCK_SECONDS = 60.0

LEDGER = """
create schema if not exists ledger;
create table if not exists ledger.files (
    file_id integer, sha256 varchar, export varchar, platform varchar, name varchar, bytes bigint, format varchar,
    exported_at timestamp, received_at timestamp, status varchar, refusal varchar, rows_in bigint, accepted bigint,
    superseded bigint, rejected bigint, columns varchar[], first_day date, last_event_at timestamp, anomalies bigint
);
create table if not exists ledger.rejects (
    file_id integer, export varchar, line bigint, column_name varchar, value varchar, rule varchar, reason varchar,
    raw varchar
);
create table if not exists ledger.superseded (
    file_id integer, export varchar, line bigint, key varchar, by_file_id integer, record json
);
create table if not exists ledger.anomalies (
    file_id integer, export varchar, rule varchar, reason varchar, rows bigint
);
"""


@contextmanager
def locked(folder: DataFolder, *, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the data directory's writer lock, so that one run at a time builds and publishes.

    Raises Busy after `seconds`, naming the holder. The lock dies with its holder.
    """
    holder = folder.root / "warehouse.lock.holder"
    lock = FileLock(folder.root / "warehouse.lock")
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
        raise Busy(f"{folder.root} is being written by {who}; waited {seconds:.0f} s. Try again later.") from None
    except OSError as error:
        raise CannotWrite(f"{error.filename}: {error.strerror}: the data directory must be writable") from None
    try:
        holder.write_text(f"process {os.getpid()}", encoding="utf-8")
        yield
    finally:
        lock.release()


@contextmanager
def open_warehouse(folder: DataFolder, office: Office) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for writing, made when it is not there. Call it with the lock held.

    Raises Busy when another program has the file open, DataRefused when the file is damaged.
    """
    con = _connect(folder.warehouse, folder)
    try:
        con.execute("set variable office_currency = ?", [office.currency])
        con.execute("set variable office_time_zone = ?", [office.time_zone])
        prepare_schemas(con)
        yield con
    finally:
        con.close()


def _connect(path: Path, folder: DataFolder) -> duckdb.DuckDBPyConnection:
    try:
        con = duckdb.connect(
            str(path),
            config={
                "storage_compatibility_version": STORAGE_VERSION,
                "threads": _usable_cores(),
                "temp_directory": str(folder.staging),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "allow_unsigned_extensions": False,
                "python_enable_replacements": False,
            },
        )
    except duckdb.IOException as error:
        if "lock" in str(error):
            raise Busy(f"{path} is open in another program: {str(error).splitlines()[0]}") from None
        raise DataRefused(f"{path} cannot be opened: {str(error).splitlines()[0]}") from None
    harden(con, folder.root)
    return con


def _usable_cores() -> int:
    """The cores that this process may use: fewer than the machine has in a container or under taskset, where the engine
    would start a thread for each all the same and have them wait for one another."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def harden(con: duckdb.DuckDBPyConnection, directory: Path) -> None:
    """Close the session: nothing outside `directory` is read or written, no network, no change of these settings."""
    quoted = str(directory).replace("'", "''")
    con.execute(f"set allowed_directories = ['{quoted}/']")
    con.execute("set TimeZone = 'UTC'")
    con.execute("set enable_progress_bar = false")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def prepare_schemas(con: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas, the ledger, every `raw` table with the columns of today's contract, and the SQL macros."""
    for schema in ("raw", "plan", "ref", "core", "metrics", "stats"):
        con.execute(f"create schema if not exists {schema}")
    con.execute(LEDGER)
    for export in EXPORTS.values():
        con.execute(raw_table_ddl(export))
        _add_new_columns(con, export)
    con.execute("create table if not exists ref.policies (policy varchar, value double, meaning varchar)")
    con.execute(
        "create table if not exists ref.excluded_accounts "
        "(account_id varchar, kind varchar, reason varchar, pseudonym varchar)"
    )
    macros = PROJECT / "sql" / "macros.sql"
    if macros.exists():
        con.execute(macros.read_text(encoding="utf-8"))


def _add_new_columns(con: duckdb.DuckDBPyConnection, export: Export) -> None:
    """Give a `raw` table of an older version the contract's new columns, empty.

    Without a default and checkpointed at once: a computed default left in the WAL makes the file unreadable (FAULTS.md
    0.4).
    """
    there = {row[0] for row in con.execute(f"describe raw.{export.name}").fetchall()}
    missing = [(name, sql_type) for name, sql_type in export.stored if name not in there]
    for name, sql_type in missing:
        con.execute(f'alter table raw.{export.name} add column "{name}" {sql_type}')
    if missing:
        con.execute("checkpoint")


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing: commit at the end, roll back on any error."""
    con.execute("begin transaction")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")
