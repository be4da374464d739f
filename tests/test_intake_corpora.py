"""Polluted CSV files that others collected: each is loaded as its clean twin, or flagged, and never different (T21)."""

import csv
import io

import duckdb
import pytest
from intake_support import unpacked

from pipeline.errors import DataRefused
from pipeline.intake.csv_files import Dialect, read_csv
from pipeline.intake.header import Expected
from pipeline.intake.stage import quoted


@pytest.fixture(scope="module")
def pollock(tmp_path_factory):
    return unpacked("pollock", tmp_path_factory)


def test_t21_polluted_files_are_never_silently_different(pollock, tmp_path):
    """Each file under its clean twin's header: what comes out are its rows, all of them, or fewer and flagged."""
    verdicts = {"exact": 0, "flagged": 0}
    different = []
    with duckdb.connect() as con:
        for path in sorted(pollock.rglob("csv/*.csv")):
            clean = (pollock / "clean" / path.name).read_text(encoding="utf-8", errors="replace")
            rows = list(csv.reader(io.StringIO(clean, newline="")))
            names = tuple(rows[0]) if rows else ("a", "b")
            truth = {tuple(value or None for value in one) for one in rows[1:]}
            try:
                stage = read_csv(con, path, path.name, Dialect(), Expected(names, names), tmp_path)
            except DataRefused:
                verdicts["flagged"] += 1
                continue
            found = con.execute(f"select {', '.join(map(quoted, names))} from {stage.relation}").fetchall()
            if not set(found) <= truth:
                different.append((path.name, next(one for one in found if one not in truth)))
            is_exact = len(found) == len(rows) - 1 and not stage.bad
            verdicts["exact" if is_exact else "flagged"] += 1
            assert is_exact or stage.bad, path.name
    assert different == []
    assert sum(verdicts.values()) == 1144
    assert verdicts["exact"] > 0
