"""What one monthly report costs: CPU seconds and peak memory of `scmr17 report`, its renderer included.

The office is the sample, made and run in a temporary folder first.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time

#: Prints the larger of the peaks of the process that gathers the figures and of its child that renders them, in kB.
MEASURED = """
import resource, sys
from pathlib import Path
from pipeline.cli import _report
from pipeline.settings import DataFolder
_report(DataFolder(Path(sys.argv[1])), "2026-02")
print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


def main() -> None:
    """Print the month's report three times and a row for each attempt."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pipeline.cli"]
        subprocess.run([*command, "sample", "--data", folder], check=True, capture_output=True)
        subprocess.run([*command, "run", "--data", folder], check=True, capture_output=True)
        print(f"one monthly report\n{'attempt':12} {'CPU s':>8} {'wall s':>8} {'peak MB':>8}")
        for attempt in range(1, 4):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.monotonic()
            done = subprocess.run([sys.executable, "-c", MEASURED, folder], check=True, capture_output=True, text=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            peak = int(done.stdout.split()[-1]) / 1024
            print(f"{attempt:<12} {cpu:8.1f} {time.monotonic() - started:8.1f} {peak:8.0f}", flush=True)


if __name__ == "__main__":
    main()
