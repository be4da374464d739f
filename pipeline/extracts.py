"""The published figures of one period as a CSV, for a reader with a spreadsheet.

What belongs here: tables cut from what is published. The printed reports are `pipeline.render`'s.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipeline.errors import DeliveryMissing
from pipeline.periods import Period
from pipeline.settings import DataFolder
from pipeline.warehouse import harden


def write_extract(folder: DataFolder, period: Period) -> tuple[Path, int]:
    """Write every figure of the period at scope `all` to `reports/<period>/`; return the path and the number of rows.

    Raises DeliveryMissing when nothing is published for it.
    """
    path = folder.reports / period.id / f"saypro-scmr-17-figures-{period.id}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_published(folder) as con:
        rows = con.execute(
            """
            create temp table extract as
            select m.metric, c.title, m.value, c.unit, m.numerator, m.denominator, m.n, m.low, m.high, m.reason,
                m.target, m.rag, m.evidence, m.as_of
            from published.metrics as m join published.catalogue as c using (metric)
            where m.period_id = ? and m.scope = 'all'
            order by m.metric
            """,
            [period.id],
        ).fetchone()
        count = rows[0] if rows else 0
        if not count:
            raise DeliveryMissing(f"nothing is published for {period.id} in {folder.published}")
        temporary = path.with_suffix(".part")
        con.execute(f"copy extract to '{str(temporary).replace(chr(39), chr(39) * 2)}' (header)")
    temporary.replace(path)
    return path, count


def open_published(folder: DataFolder) -> duckdb.DuckDBPyConnection:
    """A connection with the published database attached, read-only, as `published`. Raises DeliveryMissing."""
    database = folder.published / "scmr17.duckdb"
    if not database.exists():
        raise DeliveryMissing(f"nothing is published in {folder.published} yet; `scmr17 run` does")
    con = duckdb.connect()
    con.execute(f"attach '{str(database).replace(chr(39), chr(39) * 2)}' as published (read_only)")
    harden(con, folder.root)
    return con
