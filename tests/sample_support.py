"""Reading the sample's files for its tests, with Polars and the standard library's `csv`: not with `pipeline.intake`.

The two must agree on the contract without sharing code.
"""

from __future__ import annotations

import csv
import gzip
import io
from functools import cache
from pathlib import Path

import polars as pl
import zstandard

from pipeline.contracts import EXPORTS
from pipeline.sample import SampleSummary
from pipeline.schema import Column


@cache
def records(path: Path) -> tuple[list[str], pl.DataFrame, int]:
    """(header, records of the right width as strings, number of records of another width)."""
    if ".csv" not in path.name:
        if path.suffix == ".jsonl":
            frame = pl.read_ndjson(path, infer_schema_length=None)
        else:
            frame = {".parquet": pl.read_parquet, ".xlsx": pl.read_excel}[path.suffix](path)
        return frame.columns, frame.with_columns(pl.all().cast(pl.String)), 0
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    elif path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    header = next(rows)
    every = list(rows)
    good = [row for row in every if len(row) == len(header)]
    frame = pl.DataFrame(good, schema=dict.fromkeys(header, pl.String), orient="row")
    return header, frame.with_columns(pl.all().replace("", None)), len(every) - len(good)


def broken_rows(export: str, frame: pl.DataFrame) -> pl.Series:
    """Flags of the records that the export's contract forbids."""
    bad = pl.Series([False] * len(frame))
    for column in EXPORTS[export].columns:
        if column.name in frame.columns:
            bad |= is_bad(column, frame[column.name])
    if export == "reviews":
        bad |= (frame["rating"].cast(pl.Int64) > frame["scale_max"].cast(pl.Int64)).fill_null(False)
    if export == "sales":
        bad |= (frame["currency"] != "ZAR").fill_null(False)
    if export == "surveys":
        bad |= (frame["score"].cast(pl.Int64) > frame["scale_max"].cast(pl.Int64)).fill_null(False)
    return bad


def is_bad(column: Column, values: pl.Series) -> pl.Series:
    missing = values.is_null()
    wrong = pl.Series([False] * len(values))
    if column.kind == "enum":
        wrong = ~values.is_in(list(column.values))
    elif column.kind in ("integer", "cents"):
        number = values.cast(pl.Int64, strict=False)
        wrong = ~values.str.contains(r"^-?\d+$")
        low, high = column.low, column.high
        wrong |= (number < low if low is not None else wrong) | (number > high if high is not None else wrong)
    elif column.kind == "boolean":
        wrong = ~values.is_in(["true", "false"])
    elif column.kind == "instant":
        wrong = values.str.slice(0, 19).str.replace("T", " ").str.to_datetime(strict=False).is_null()
    elif column.kind == "id":
        wrong = values.str.contains(r"^\s|\s$") | (values.str.len_chars() == 0)
    return (wrong & ~missing).fill_null(False) | (missing if not column.nullable else False)


def table(summary: SampleSummary, export: str) -> pl.DataFrame:
    """The export as intake should leave it: sound rows, each key once, as the latest file says."""
    files = sorted((file for file in summary.files if file.name.startswith(f"{export}/")), key=lambda f: f.exported_at)
    frames = []
    for order, file in enumerate(files):
        _, frame, _ = records(summary.inbox / file.name)
        frames.append(frame.filter(~broken_rows(export, frame)).with_columns(order=pl.lit(order)))
    every = pl.concat(frames, how="diagonal").sort("order", maintain_order=True)
    return every.unique(list(EXPORTS[export].key), keep="last", maintain_order=True)


def instants(text: str) -> pl.Expr:
    """Local instants of a text column, whatever offset it writes."""
    naive = pl.col(text).str.slice(0, 19).str.replace("T", " ").str.to_datetime(strict=False)
    in_utc = pl.col(text).str.ends_with("Z") | pl.col(text).str.contains(r"\.\d+(UTC)?|\+00:00$|UTC$")
    return pl.when(in_utc).then(naive.dt.offset_by("2h")).otherwise(naive)


def by_month(frame: pl.DataFrame, at: str, *figures: pl.Expr) -> pl.DataFrame:
    return frame.group_by(month=instants(at).dt.strftime("%Y-%m")).agg(*figures).sort("month")


def figure(monthly: pl.DataFrame, month: str, name: str = "value") -> float:
    return monthly.filter(pl.col("month") == month)[name].item()
