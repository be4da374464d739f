"""What the whole catalogue costs: a sample of five million messages, every period, every family.

Prints CPU seconds and peak memory of taking it in and of computing it, each in a process of its own, and the CPU of a
bare scan that sums the same columns in the same run, since the machine's speed varies.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MESSAGES = 5_000_000
#: Rows of messages that `write_sample` makes at scale 1.
MESSAGES_AT_SCALE_ONE = 609_000
STEPS = {
    "sample": """
from pipeline.sample import write_sample
write_sample(folder.inbox, scale=scale)
""",
    "intake": """
from pipeline.intake import take_in
from pipeline.settings import load_sources
with locked(folder), open_warehouse(folder, office) as con:
    take_in(con, folder, office, load_sources(folder), progress=print)
""",
    "bare scan": """
with open_warehouse(folder, office) as con:
    for sql in (
        "select sum(hash(conversation_id)), sum(hash(sender_id)), max(sent_at) from raw.messages",
        "select sum(amount_cents), sum(hash(buyer_id)), max(ordered_at) from raw.sales",
        "select sum(rating), sum(hash(seller_id)), max(created_at) from raw.reviews",
    ):
        con.execute(sql).fetchall()
""",
    "catalogue": """
from pipeline.models import all_models, build
from pipeline.planning import make_plan
with locked(folder), open_warehouse(folder, office) as con:
    make_plan(con, folder, office)
    for model in all_models():
        started = time.process_time()
        built = build(con, model, folder.settled_config)
        print(f"    {model.table:32} {built.rows:>12,} rows {time.process_time() - started:6.1f} s")
""",
}
PRELUDE = """
import resource, sys, time
from pathlib import Path
from pipeline.settings import DataFolder, load_office
from pipeline.warehouse import locked, open_warehouse
folder, scale = DataFolder(Path(sys.argv[1])), float(sys.argv[2])
folder.prepare()
office = load_office(folder)
"""


def main(messages: int = MESSAGES) -> None:
    """Run every step in turn and print a row for each."""
    print(f"the whole catalogue on {messages:,} messages\n{'step':12} {'CPU s':>8} {'wall s':>8} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, code in STEPS.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.monotonic()
            scale = str(messages / MESSAGES_AT_SCALE_ONE)
            tail = "\nprint('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
            done = subprocess.run(
                [sys.executable, "-c", PRELUDE + code + tail, folder, scale], check=True, capture_output=True, text=True
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            *lines, peak = done.stdout.splitlines()
            wall = time.monotonic() - started
            print(f"{name:12} {cpu:8.1f} {wall:8.1f} {int(peak.split()[1]) / 1024:8.0f}", flush=True)
            if name == "catalogue":
                print("\n".join(lines))
        print(f"warehouse {Path(folder, 'warehouse.duckdb').stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
