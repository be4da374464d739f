"""Files of every format that an export may have, byte for byte the same whenever and wherever they are written.

What belongs here: formats, compression, a file's time stamp, and how a broken line gets in. Nothing here knows what the
rows mean. Compression is pyarrow's own, so that it does not depend on the machine's zlib.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from pipeline.errors import CannotWrite
from pipeline.sample.clock import utc

#: A broken line: the row of the frame that it is like, what its fields say instead, how many fields too many it has.
Breakage = tuple[int, Mapping[str, str], int]


@dataclass(frozen=True)
class SampleFile:
    """One file that was written. `name` is relative to the inbox; `rows` counts records, broken ones included."""

    name: str
    rows: int
    bytes: int
    exported_at: datetime


@contextmanager
def _new_file(path: Path, exported: int) -> Iterator[Path]:
    """A path beside `path` to write to; it becomes `path`, with that modification time, when all went well."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.utime(part, (exported, exported))
        part.replace(path)
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror}: the sample must be able to write its files") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _written(inbox: Path, path: Path, rows: int, exported: int) -> SampleFile:
    return SampleFile(path.relative_to(inbox).as_posix(), rows, path.stat().st_size, utc(exported))


def _csv_text(frame: pl.DataFrame, broken: Sequence[Breakage]) -> bytes:
    """The frame as RFC 4180 with a header, each broken line after the row that it is like."""
    buffer = io.BytesIO()
    frame.clear().write_csv(buffer)
    done = 0
    for position, fields, surplus in sorted(broken, key=lambda breakage: breakage[0]):
        row = min(position, len(frame) - 1)
        frame[done : row + 1].write_csv(buffer, include_header=False)
        line = io.BytesIO()
        like = frame[row : row + 1].with_columns(**{name: pl.lit(value) for name, value in fields.items()})
        like.write_csv(line, include_header=False)
        buffer.write(line.getvalue().rstrip(b"\n") + b"," * surplus + b"\n")
        done = row + 1
    frame[done:].write_csv(buffer, include_header=False)
    return buffer.getvalue()


def write_csv(
    inbox: Path, name: str, frame: pl.DataFrame, exported: int, broken: Sequence[Breakage] = ()
) -> SampleFile:
    """Write `frame`, whose columns are all strings, as CSV; the name's ending (.gz, .zst) says how it is compressed."""
    path = inbox / name
    compression = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    text = _csv_text(frame, broken)
    with _new_file(path, exported) as part:
        if compression is None:
            part.write_bytes(text)
        else:
            with pa.OSFile(str(part), "wb") as file, pa.CompressedOutputStream(file, compression) as packed:
                packed.write(text)
    return _written(inbox, path, len(frame) + len(broken), exported)


def write_json_lines(inbox: Path, name: str, frame: pl.DataFrame, exported: int) -> SampleFile:
    """Write one JSON object a row."""
    path = inbox / name
    with _new_file(path, exported) as part:
        part.write_text(frame.write_ndjson(), encoding="utf-8", newline="\n")
    return _written(inbox, path, len(frame), exported)


def write_parquet(inbox: Path, name: str, schema: pa.Schema, chunks: Iterable[pa.Table], exported: int) -> SampleFile:
    """Write the tables as one zstd Parquet file, a row group each, without ever holding more than one."""
    path = inbox / name
    rows = 0
    with (
        _new_file(path, exported) as part,
        pq.ParquetWriter(part, schema, compression="zstd", store_schema=False, version="2.6") as writer,
    ):
        for chunk in chunks:
            writer.write_table(chunk, row_group_size=max(1, len(chunk)))
            rows += len(chunk)
    return _written(inbox, path, rows, exported)


def write_workbook(inbox: Path, name: str, frame: pl.DataFrame, exported: int) -> SampleFile:
    """Write one sheet with a header row; Datetime columns become Excel's dates."""
    path = inbox / name
    with _new_file(path, exported) as part:
        buffer = io.BytesIO()
        book = xlsxwriter.Workbook(buffer, {"in_memory": True})
        book.set_properties({"created": utc(exported).replace(tzinfo=None)})
        dates = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet(path.parent.name)
        sheet.write_row(0, 0, frame.columns)
        for number, column in enumerate(frame.iter_columns()):
            sheet.write_column(1, number, column.to_list(), dates if column.dtype == pl.Datetime else None)
        book.close()
        part.write_bytes(buffer.getvalue())
    return _written(inbox, path, len(frame), exported)
