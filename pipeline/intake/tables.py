"""Parquet and workbooks as a stage, by way of a child process that may die of them.

What belongs here: starting `sandbox`, its limits of time, and reading the plain texts that it leaves. The formats
themselves are parsed there and nowhere else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np

from pipeline.errors import DataRefused
from pipeline.intake.header import Expected, map_header
from pipeline.intake.stage import PICKED, STAGE, Stage, literal, pick_from_stage, quoted

SECONDS = 60.0
#: A large Parquet file takes its time: so many bytes a second more are allowed for.
BYTES_PER_SECOND = 2_000_000


def read_table(
    con: duckdb.DuckDBPyConnection, path: Path, name: str, kind: str, expected: Expected, work: Path
) -> Stage:
    """A Parquet file or a workbook's first sheet as a stage; `kind` is `parquet` or `xlsx`.

    Lines are row numbers: of a workbook the sheet's, of Parquet from 1. Raises DataRefused.
    """
    target = work / "texts.parquet"
    verdict = _convert(path, name, kind, target)
    columns = map_header(verdict["columns"], expected, name, 1)
    items = ", ".join(f"nullif(c{place}, '') as {quoted(column)}" for place, column in enumerate(columns))
    con.execute(
        f"create or replace temp table {STAGE} as select {items} from read_parquet({literal(str(target))}, "
        "hive_partitioning = false)"
    )
    lines = con.execute(f"select _line from read_parquet({literal(str(target))})").fetchnumpy()["_line"]

    def raw(records: Sequence[int]) -> list[str]:
        pick(records)
        fields = ", ".join(f"{literal(column)}: {quoted(column)}" for column in columns)
        found = con.execute(f"select to_json({{{fields}}})::varchar from {PICKED} order by _record")
        return [row[0] for row in found.fetchall()]

    pick = pick_from_stage(con)
    line_numbers = np.asarray(lines, dtype=np.int64)
    return Stage(name, tuple(columns), STAGE, verdict["rows"], len(line_numbers), line_numbers, pick, raw)


def _convert(path: Path, name: str, kind: str, target: Path) -> dict:
    """Run the child; what it says. Raises DataRefused when it refuses the file, dies or takes too long."""
    script = Path(__file__).with_name("sandbox.py")
    seconds = SECONDS + path.stat().st_size / BYTES_PER_SECOND
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(script), kind, str(path), str(target)],
            capture_output=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise DataRefused(f"{name}: reading it took more than {seconds:.0f} s; deliver it as CSV") from None
    try:
        verdict = json.loads(done.stdout)
    except ValueError:
        raise DataRefused(
            f"{name}: the {kind} file cannot be read (its reader ended with code {done.returncode}): it is damaged, or "
            "needs more memory than a delivery may take; deliver it as CSV"
        ) from None
    if "refused" in verdict:
        raise DataRefused(f"{name}: {verdict['refused']}")
    return verdict
