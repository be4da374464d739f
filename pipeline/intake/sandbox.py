"""A child process that opens one Parquet file or workbook and writes it again as plain texts, under hard limits.

What belongs here: everything that touches the bytes of a packed format, because a crafted one can kill or fill the
process that parses it. It is run as a script of its own (`python -I sandbox.py KIND SOURCE TARGET`), so it imports
nothing of ours; it prints one JSON object: {"columns": […], "rows": N} or {"refused": "why"}.
`tables` starts it and decides what its death means.

The target is Parquet: a column `_line` (the row's number in the file) and one text column per column of the source.
"""

from __future__ import annotations

import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MEMORY_BYTES = 4 << 30
BATCH_ROWS = 65_536
MAX_COLUMNS = 500
MAX_MEMBERS = 2_000
MAX_MEMBER_BYTES = 1 << 30
#: A member may be this many times its packed size once it is larger than what a small sheet of blanks takes.
MAX_RATIO, RATIO_FREE_BYTES = 100, 10 << 20
LARGEST_WHOLE_FLOAT = 2.0**53


class Refused(Exception):
    """Why the file is not taken in."""


def main(kind: str, source: str, target: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        verdict = (_parquet if kind == "parquet" else _workbook)(Path(source), Path(target))
    except Refused as error:
        verdict = {"refused": str(error)}
    except MemoryError:
        verdict = {"refused": "it takes more memory than a delivery may"}
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        verdict = {"refused": f"damaged or not {kind}: {str(error).splitlines()[0][:200] if str(error) else error!r}"}
    print(json.dumps(verdict))


def _parquet(source: Path, target: Path) -> dict[str, object]:
    pa.set_cpu_count(1)
    with pq.ParquetFile(source, page_checksum_verification=True) as file:
        names = file.schema_arrow.names
        if len(names) > MAX_COLUMNS:
            raise Refused(f"{len(names)} columns; an export has at most {MAX_COLUMNS}")
        rows = 0
        with _Target(target, names) as out:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                batch.validate(full=True)
                texts = [_texts(name, column) for name, column in zip(names, batch.columns, strict=True)]
                out.write(pa.array(range(rows + 1, rows + len(batch) + 1), pa.int64()), texts)
                rows += len(batch)
        if rows != file.metadata.num_rows:
            raise Refused(f"the footer says {file.metadata.num_rows} rows, the pages hold {rows}")
    return {"columns": names, "rows": rows}


def _texts(name: str, column: pa.Array) -> pa.Array:
    """A column's values as they would stand in a CSV file."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_nested(kind):
        raise Refused(f"column {name!r} holds lists or structures; deliver one value a cell")
    if pa.types.is_timestamp(kind):
        zoned = pa.timestamp("us", tz="UTC") if kind.tz else pa.timestamp("us")
        return pc.cast(pc.cast(column, zoned, safe=False), pa.string())
    if pa.types.is_floating(kind):
        # A whole number in a nullable column often comes as a float: 5.0 is 5, and 4.6 stays what it is.
        wide = pc.cast(column, pa.float64())
        is_whole = pc.and_kleene(pc.equal(pc.floor(wide), wide), pc.less(pc.abs(wide), LARGEST_WHOLE_FLOAT))
        whole = pc.cast(pc.if_else(is_whole, wide, pa.scalar(None, pa.float64())), pa.int64())
        return pc.if_else(pc.fill_null(is_whole, False), pc.cast(whole, pa.string()), pc.cast(wide, pa.string()))
    return pc.cast(column, pa.string())


def _workbook(source: Path, target: Path) -> dict[str, object]:
    _check_package(source)
    import fastexcel

    try:
        sheet = fastexcel.read_excel(str(source)).load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
        table = sheet.to_arrow()
    except fastexcel.FastExcelError as error:
        raise Refused(f"damaged or not a workbook: {str(error).splitlines()[0][:200]}") from None
    if table.num_columns > MAX_COLUMNS:
        raise Refused(f"{table.num_columns} columns; an export has at most {MAX_COLUMNS}")
    columns = [pc.cast(column, pa.string()) for column in table.columns]
    is_filled = [False] * table.num_rows
    if columns:
        flags = pc.is_valid(columns[0])
        for column in columns[1:]:
            flags = pc.or_(flags, pc.is_valid(column))
        is_filled = flags.to_pylist()
    rows = [number for number, filled in enumerate(is_filled) if filled]
    if not rows:
        raise Refused("the first sheet is empty; an export without rows still has its header")
    names = ["" if (value := column[rows[0]].as_py()) is None else value for column in columns]
    body = pa.array(rows[1:], pa.int64())
    with _Target(target, names) as out:
        out.write(pc.add(body, 1), [column.take(body) for column in columns])
    return {"columns": names, "rows": len(body)}


def _check_package(source: Path) -> None:
    """The zip around a workbook: nothing in it that runs, points elsewhere, computes, or unpacks without end."""
    try:
        package = zipfile.ZipFile(source)
    except zipfile.BadZipFile as error:
        raise Refused(f"damaged workbook: {error}") from None
    with package:
        members = package.infolist()
        names = [member.filename.lower() for member in members]
        if "xl/workbook.xml" not in names:
            raise Refused("not an .xlsx workbook (no xl/workbook.xml inside)")
        if len(members) > MAX_MEMBERS:
            raise Refused(f"{len(members)} parts inside; a workbook has at most {MAX_MEMBERS}")
        for member in members:
            too_dense = member.file_size > RATIO_FREE_BYTES and member.file_size > MAX_RATIO * member.compress_size
            if member.flag_bits & 1 or member.file_size > MAX_MEMBER_BYTES or too_dense:
                raise Refused(f"{member.filename} is encrypted or unpacks to {member.file_size} bytes")
        for name in names:
            if name.endswith("vbaproject.bin") or name.startswith(("xl/externallinks/", "xl/macrosheets/")):
                raise Refused(f"it holds macros or links to other workbooks ({name}); save the values alone as .xlsx")
        for member in members:
            if member.filename.lower().startswith("xl/worksheets/sheet") and _has_formula(package, member):
                raise Refused(f"{member.filename} holds formulas; save the values alone, or deliver CSV")


def _has_formula(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    tail = b""
    with package.open(member) as file:
        for block in _blocks(file):
            if b"<f>" in (window := tail + block) or b"<f " in window or b"<f/" in window:
                return True
            tail = block[-2:]
    return False


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    try:
        while block := file.read(1 << 20):
            yield block
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise Refused(f"damaged workbook: {error}") from None
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise Refused(f"damaged workbook: {error}") from None
        raise


class _Target:
    """The file of texts, columns named by place so that a hostile name names nothing."""

    def __init__(self, path: Path, names: list[str]) -> None:
        fields = [pa.field("_line", pa.int64())] + [pa.field(f"c{place}", pa.string()) for place in range(len(names))]
        self.schema = pa.schema(fields)
        self.writer = pq.ParquetWriter(path, self.schema, compression="zstd")

    def __enter__(self) -> _Target:
        return self

    def __exit__(self, *error: object) -> None:
        self.writer.close()

    def write(self, lines: pa.Array, texts: list[pa.Array]) -> None:
        arrays = [array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array for array in [lines, *texts]]
        self.writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema))


if __name__ == "__main__":
    main(*sys.argv[1:4])
