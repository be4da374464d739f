"""The session that every query runs in, and the lock that lets one run write at a time (T10, T14, T67)."""

import os
import signal
import subprocess
import sys
import time

import duckdb
import pytest

from pipeline.errors import Busy, DataRefused
from pipeline.settings import DataFolder, Office
from pipeline.warehouse import locked, open_warehouse, transaction


@pytest.fixture
def folder(tmp_path) -> DataFolder:
    made = DataFolder(tmp_path / "office")
    made.prepare()
    return made


ESCAPES = [
    "select * from read_text('/etc/passwd')",
    "select * from read_csv('../outside.csv')",
    "select * from glob('/etc/*')",
    "copy (select 1) to '/tmp/escaped.csv'",
    "attach '/tmp/escaped.duckdb' as other",
    "export database '/tmp/escaped'",
    "install httpfs",
    "load httpfs",
    "select * from read_csv('https://127.0.0.1/x.csv')",
    "select * from 's3://bucket/key.parquet'",
    "set enable_external_access = true",
    "reset lock_configuration",
    "set allowed_directories = ['/']",
    "pragma temp_directory = '/tmp'",
]


@pytest.mark.parametrize("sql", ESCAPES)
def test_t67_a_query_never_leaves_the_data_directory(folder, sql):
    with open_warehouse(folder, Office()) as con, pytest.raises(duckdb.Error):
        con.execute(sql)


def test_a_query_may_write_inside_the_data_directory(folder):
    with open_warehouse(folder, Office()) as con:
        con.execute(f"copy (select 1) to '{folder.staging}/inside.csv'")


def test_a_table_name_is_never_a_python_variable(folder):
    secret = duckdb.sql("select 1 as x").arrow()
    with open_warehouse(folder, Office()) as con, pytest.raises(duckdb.CatalogException):
        con.sql("select * from secret")
    assert secret is not None


def test_a_transaction_is_all_or_nothing(folder):
    with open_warehouse(folder, Office()) as con:
        with pytest.raises(ZeroDivisionError), transaction(con):
            con.execute("create table core.half as select 1")
            raise ZeroDivisionError
        assert con.sql("select 1 from information_schema.tables where table_name = 'half'").fetchone() is None


def test_a_warehouse_of_an_older_contract_gets_the_new_columns_and_keeps_its_rows(folder):
    with open_warehouse(folder, Office()) as con:
        con.execute("insert into raw.training (seller_id) values ('S1')")
        con.execute("alter table raw.training drop column satisfaction")
    with open_warehouse(folder, Office()) as con:
        assert con.sql("select seller_id, satisfaction from raw.training").fetchall() == [("S1", None)]


HOLD = """
import sys, time
from pathlib import Path
from pipeline.settings import DataFolder
from pipeline.warehouse import locked
with locked(DataFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(folder):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder.root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_t10_a_second_writer_waits_and_is_told_who_holds_the_warehouse(folder, holder):
    with pytest.raises(Busy, match=f"process {holder.pid}") as busy, locked(folder, seconds=0.3):
        pass
    assert busy.value.exit_code == 75


def test_t14_a_killed_holder_holds_nothing(folder, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    before = time.monotonic()
    with locked(folder, seconds=5):
        assert time.monotonic() - before < 2


def test_a_warehouse_that_is_no_database_is_refused_by_name(folder):
    folder.warehouse.write_bytes(b"not a database" * 1000)
    with pytest.raises(DataRefused, match=r"warehouse\.duckdb cannot be opened"), open_warehouse(folder, Office()):
        pass
