"""What statements cost: 10,000 sellers' royalty statements of a month, printed in parallel, and the run after that.

Run it with `python benchmarks/statements.py [PUBLISHED] [PERIOD]`, an office's published folder and one of its paid
months; by default the sample's last one, the sample being made and run in a temporary folder first. Its sellers are
repeated until there are 10,000, the pool and the marketplace's figures with them. Prints CPU and wall seconds and the
largest process's peak of printing all, and of the next run, which finds them all in place.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

SELLERS = 10_000
PERIOD = "2026-03"
#: What the office promises on two cores.
MOST_SECONDS = 180

#: Tables with a seller's rows, by the name of the column that holds the id.
OF_SELLERS = {"royalties": "seller_id", "sellers": "seller_id", "expertise": "seller_id"}
WHOLE = ("run", "catalogue", "periods", "royalty_adjustments")
#: What grows with the number of sellers, so that every statement still adds up.
SUMS = ("pool_cents", "market_rating_sum", "market_rating_count", "market_answered", "market_mature")

MEASURED = """
import resource, sys
from pathlib import Path
from pipeline import periods
from pipeline.settings import Office
from pipeline.statements.bulk import write_statements
if __name__ == "__main__":
    made = write_statements(Path(sys.argv[1]), Office(), periods.parse(sys.argv[2]), Path(sys.argv[3]))
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(made.printed, made.kept, max(peaks))
"""


def main(published: str = "", period_id: str = PERIOD) -> None:
    """Print all statements twice and a row for each run."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        many = folder / "published"
        many.mkdir()
        sellers = multiply(Path(published) if published else sample(folder / "office"), many, period_id)
        print(f"statements of {sellers:,} sellers\n{'run':12} {'CPU s':>8} {'wall s':>8} {'peak MB':>8}")
        for name in ("all", "again"):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.monotonic()
            command = [sys.executable, "-c", MEASURED, str(many), period_id, str(folder / "statements")]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            wall = time.monotonic() - started
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            printed, kept, peak = map(int, done.stdout.split())
            print(
                f"{name:12} {cpu:8.1f} {wall:8.1f} {peak / 1024:8.0f}   {printed:,} printed, {kept:,} kept", flush=True
            )
    print(f"wanted: at most {MOST_SECONDS} s on two cores for {SELLERS:,}; a busy machine takes longer")


def sample(folder: Path) -> Path:
    """The sample marketplace, made and run: its published folder."""
    command = [sys.executable, "-m", "pipeline.cli"]
    subprocess.run([*command, "sample", "--data", str(folder)], check=True, capture_output=True)
    subprocess.run([*command, "run", "--data", str(folder)], check=True, capture_output=True)
    return folder / "published"


def multiply(published: Path, many: Path, period_id: str) -> int:
    """Write a published database in which every seller of the period stands many times; gives how many there are."""
    with duckdb.connect(str(many / "scmr17.duckdb")) as con:
        con.execute(f"attach '{published / 'scmr17.duckdb'}' as one (read_only)")
        con.execute(
            "create temp table chosen as select seller_id, copy from one.royalties, "
            "generate_series(1, (select ceil($sellers / count(*)) from one.royalties where period_id = $period)::int) "
            "as copies (copy) where period_id = $period order by copy, seller_id limit $sellers",
            {"sellers": SELLERS, "period": period_id},
        )
        factor = "(select max(copy) from chosen)"
        grown = ", ".join(f"({factor} * {column})::bigint as {column}" for column in SUMS)
        for table, key in OF_SELLERS.items():
            more = f", {grown}" if table == "royalties" else ""
            con.execute(
                f"create table {table} as select t.* replace (t.{key} || '-' || c.copy as {key}{more}) "
                f"from one.{table} as t join chosen as c using (seller_id)"
            )
        con.execute(
            "create table metrics as select * from one.metrics where scope = 'all' union all by name "
            "select m.* replace (m.entity_id || '-' || c.copy as entity_id) from one.metrics as m "
            "join chosen as c on m.scope = 'seller' and m.entity_id = c.seller_id where m.period_id = ?",
            [period_id],
        )
        for table in WHOLE:
            con.execute(f"create table {table} as from one.{table}")
        row = con.execute("select count(*) from chosen").fetchone()
        assert row is not None
        return int(row[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
