"""What one pass of intake holds while it runs, and leaves nowhere: copies in staging, the key, temporary tables."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.errors import CannotWrite
from pipeline.intake.landing import ARRIVING
from pipeline.intake.pseudonyms import forget_key, load_key, set_key
from pipeline.settings import DataFolder


@contextmanager
def intake_session(con: duckdb.DuckDBPyConnection, folder: DataFolder) -> Iterator[Path]:
    """A folder for temporary copies, with the pseudonym key in the session for as long as rows are read.

    Raises CannotWrite when a copy cannot be written.
    """
    for left_by_a_kill in folder.landing.glob(f"{ARRIVING}*"):
        left_by_a_kill.unlink()
    set_key(con, load_key(folder.secrets))
    work = Path(tempfile.mkdtemp(prefix="intake-", dir=folder.staging))
    try:
        yield work
    except OSError as error:
        raise CannotWrite(f"{error.filename or folder.staging}: {error.strerror}") from None
    finally:
        forget_key(con)
        shutil.rmtree(work, ignore_errors=True)
        con.execute("drop view if exists temp.intake_rows; drop view if exists temp.intake_judged")
        left = con.execute("select table_name from duckdb_tables() where database_name = 'temp'").fetchall()
        for (table,) in left:
            if table.startswith("intake_"):
                con.execute(f"drop table temp.{table}")
