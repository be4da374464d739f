"""What intake costs: a large sales export taken in with every check, against DuckDB's bare typed reader.

Run it with `python benchmarks/intake.py [MEGABYTES]`. Both read the same file on one core, in one process, one after
the other; CPU seconds count, since wall time says more about the machine's other work.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from pipeline.contracts import EXPORTS
from pipeline.intake import take_in
from pipeline.settings import DataFolder, load_office, load_sources
from pipeline.warehouse import open_warehouse

MEGABYTES = 200
BYTES_PER_ROW = 156
#: What the pipeline promises, of CSV and all checks included.
LEAST_MEGABYTES_PER_SECOND = 40

SALES = """
select
    'order-' || (range // 2) as order_id,
    'line-' || range as order_line_id,
    'p' || (hash(range) % 9000) as product_id,
    ['Home', 'Art, prints', 'Toys'][1 + range % 3] as category,
    's' || (hash(range * 7) % 500) as seller_id,
    'buyer-' || (hash(range * 13) % 200000) as buyer_id,
    1 + range % 3 as qty,
    100 + hash(range) % 100000 as amount_cents,
    'ZAR' as currency,
    strftime(timestamp '2024-01-01' + to_seconds(range * 40), '%Y-%m-%d %H:%M:%S') as ordered_at,
    ['delivered', 'paid', 'shipped'][1 + range % 3] as status,
    0 as discount_cents,
    15 as tax_cents,
    500 as shipping_cents,
    strftime(timestamp '2024-01-05' + to_seconds(range * 40), '%Y-%m-%d %H:%M:%S') as promised_at,
    strftime(timestamp '2024-01-02' + to_seconds(range * 40), '%Y-%m-%d %H:%M:%S') as shipped_at,
    strftime(timestamp '2024-01-04' + to_seconds(range * 40), '%Y-%m-%d %H:%M:%S') as delivered_at
from range({rows})
"""


def main(megabytes: int) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as root:
        folder = DataFolder(Path(root) / "data")
        folder.prepare()
        path = folder.inbox / "sales" / "sales.csv"
        rows = megabytes * 1_000_000 // BYTES_PER_ROW
        duckdb.sql(f"copy ({SALES.format(rows=rows)}) to '{path}' (header)")
        size = path.stat().st_size / 1e6
        bare = cpu_seconds(lambda: read_bare(path, Path(root) / "bare.duckdb"))
        checked = cpu_seconds(lambda: take_in_checked(folder, rows))
        print(f"{'':24}{'CPU s':>8}{'MB/s':>8}{'rows/s':>12}")
        for title, seconds in (("bare typed read_csv", bare), ("intake, all checks", checked)):
            print(f"{title:24}{seconds:8.2f}{size / seconds:8.1f}{rows / seconds:12,.0f}")
        print(f"{size:.0f} MB, {rows:,} rows; intake costs {checked / bare:.2f} times the bare reader")
        print(f"wanted: at least {LEAST_MEGABYTES_PER_SECOND} MB/s; a busy machine gives less")


def cpu_seconds(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def read_bare(path: Path, warehouse: Path) -> None:
    """The same columns and types, straight into a table, nothing checked."""
    with path.open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
    types = ", ".join(f"'{name}': '{EXPORTS['sales'].column(name).sql_type}'" for name in names)
    with duckdb.connect(str(warehouse), config={"threads": 1}) as con:
        con.execute(
            f"create table sales as select * from read_csv('{path}', auto_detect = false, header = true, "
            f"columns = {{{types}}})"
        )


def take_in_checked(folder: DataFolder, rows: int) -> None:
    office = load_office(folder)
    with open_warehouse(folder, office) as con:
        result = take_in(con, folder, office, load_sources(folder), progress=lambda text: None)
    assert [file.accepted for file in result.files] == [rows]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES)
