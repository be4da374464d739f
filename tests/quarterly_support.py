"""What the tests of the quarterly's pages share: the sample's published tables with something changed."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import duckdb

from pipeline.figures.model import Row
from pipeline.figures.published import Published, open_published
from pipeline.periods import parse
from pipeline.settings import DataFolder

QUARTER = "2026-Q1"


def changed(
    office: DataFolder, folder: Path, *statements: str, period: str = QUARTER
) -> AbstractContextManager[Published]:
    """A copy of the office's published tables after these statements, as the report of `period` sees it."""
    target = folder / "scmr17.duckdb"
    target.write_bytes((office.published / target.name).read_bytes())
    with duckdb.connect(str(target)) as con:
        for statement in statements:
            con.execute(statement)
    return open_published(folder, parse(period))


def texts(row: Row) -> list[str]:
    return [cell.text for cell in row.cells]
