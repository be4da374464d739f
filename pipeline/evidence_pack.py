"""What proves a report: its figures, the published rows behind them, and the SHA-256 of every input and every formula.

What belongs here: the pack as one ZIP, the same bytes for the same published tables, and reading one back. Where packs
of issued editions lie is `pipeline.editions`' business; the PDF carries the pack of its own figures within it.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipeline.model import SQL
from pipeline.periods import Period
from pipeline.settings import PROJECT

PYTHON = PROJECT / "pipeline"
#: The first moment that a ZIP can tell: packs know no clock.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
READ_ME = """\
What proves the report {period}, as of {as_of} (UTC).

manifest.json    the input files and the formulas (SQL or Python), each with its SHA-256; policies and targets in force
figures.json     every text and number that the report prints; its SHA-256, without the edition's hash, number and
                 state, is the report hash; "figure" is the key of a published number: metric/period/scope/entity/column
metrics.parquet  the published rows: every scope of {period}, and the whole marketplace of every period before it
formulas/        the formulas themselves

A printed number is found in figures.json by its text, in metrics.parquet by its key, and is computed again by running
the formula named in the manifest on the input files named there: `scmr17 explain METRIC {period}` does so.
"""


@dataclass(frozen=True)
class Pack:
    """What an earlier pack says: `values` at scope all by (metric, period), formulas and input files by SHA-256."""

    manifest: dict[str, Any]
    values: dict[tuple[str, str], float]


def pack_of(published: Path, period: Period, figures: str) -> bytes:
    """The evidence pack of a report as a ZIP. `figures` is its figures.json."""
    con = duckdb.connect(str(published / "scmr17.duckdb"), read_only=True, config={"threads": 1})
    try:
        con.execute("set TimeZone = 'UTC'")
        manifest = _manifest(con, period)
        parquet = _rows(con, period)
    finally:
        con.close()
    texts = {
        "README.txt": READ_ME.format(period=period.id, as_of=manifest["as_of"]),
        "figures.json": figures,
        **{f"formulas/{name}": text for name, text in _formulas().items()},
    }
    parts = {**{name: text.encode() for name, text in texts.items()}, "metrics.parquet": parquet}
    manifest["pack"] = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(parts.items())}
    parts["manifest.json"] = json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1).encode()
    return _zipped(parts)


def _rows(con: duckdb.DuckDBPyConnection, period: Period) -> bytes:
    """The published rows of the period, and those of the whole marketplace before it, as Parquet."""
    with tempfile.TemporaryDirectory(prefix="scmr17-pack-") as scratch:
        path = Path(scratch) / "metrics.parquet"
        con.execute(
            f"""copy (
                select * from metrics
                where period_id = '{period.id}' or (scope = 'all' and period_start < '{period.end}')
                order by period_start, period_id, metric, scope, entity_id
            ) to '{str(path).replace("'", "''")}' (format parquet, compression zstd, row_group_size 20000)"""
        )
        return path.read_bytes()


def read_pack(path: Path) -> Pack:
    """Read a pack back. Raises OSError, KeyError or zipfile.BadZipFile when it is none."""
    with zipfile.ZipFile(path) as pack, tempfile.TemporaryDirectory(prefix="scmr17-pack-") as scratch:
        manifest = json.loads(pack.read("manifest.json"))
        rows = duckdb.read_parquet(pack.extract("metrics.parquet", scratch))
        whole = rows.filter("scope = 'all' and value is not null").project("metric, period_id, value").fetchall()
    return Pack(manifest, {(metric, period): value for metric, period, value in whole})


def _manifest(con: duckdb.DuckDBPyConnection, period: Period) -> dict[str, Any]:
    as_of, currency = con.execute("select as_of, currency from run").fetchall()[0]
    files = con.execute(
        """select export, platform, name, sha256, rows_in, accepted, superseded, rejected from files
        where status = 'loaded' order by export, sha256"""
    )
    names = [column[0] for column in files.description]
    return {
        "period": period.id,
        "as_of": f"{as_of:%Y-%m-%dT%H:%M:%S}",
        "currency": currency,
        "version": tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
        "files": [dict(zip(names, row, strict=True)) for row in files.fetchall()],
        "formulas": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(_formulas().items())},
        "metrics": {
            metric: {"family": family, "needs": needs, "sql_sha256": sha256}
            for metric, family, needs, sha256 in con.execute(
                "select metric, family, needs, sql_sha256 from catalogue order by metric"
            ).fetchall()
        },
        "policies": dict(con.execute("select policy, value from policies order by policy").fetchall()),
        "targets": [
            [metric, period_type, str(value), version_number, str(since)]
            for metric, period_type, value, version_number, since in con.execute(
                "select metric, period_type, value, version, effective_from from targets order by all"
            ).fetchall()
        ],
    }


@cache
def _formulas() -> dict[str, str]:
    """The text of every SQL file and of every module of analyses and statistics, by its place."""
    files = [*SQL.rglob("*.sql"), *PYTHON.glob("analyses/*.py"), *PYTHON.glob("statistics/*.py")]
    return {path.relative_to(PROJECT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(files)}


def _zipped(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        for name in sorted(parts):
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            pack.writestr(entry, parts[name])
    return target.getvalue()
