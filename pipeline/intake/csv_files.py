"""CSV as a stage: structure checked, header mapped by name, broken records set aside, then read as text by DuckDB.

What belongs here: the order of these steps and the copy that the reader is given when a file is not clean as it is.
DuckDB's reader sees only bytes whose structure `structure` has proven; its dialect is declared, never sniffed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.errors import DataRefused
from pipeline.intake.encoding import Bytes, decoded
from pipeline.intake.header import Expected, csv_hint, map_header, split_record
from pipeline.intake.stage import PICKED, BadRecord, Stage, literal, shortened
from pipeline.intake.structure import LF, MAX_RECORD_BYTES, Positions, Structure, check_structure

COPY_BYTES = 8 << 20


@dataclass(frozen=True)
class Dialect:
    """How a source writes its text."""

    encoding: str = "utf-8"
    delimiter: str = ","


def read_csv(
    con: duckdb.DuckDBPyConnection, path: Path, name: str, dialect: Dialect, expected: Expected, work: Path
) -> Stage:
    """A CSV file as a stage. `work`: a folder for temporary copies.

    Raises DataRefused when the file as a whole cannot be trusted.
    """
    text_path, start = decoded(path, dialect.encoding, work / "decoded.csv", name)
    data = _bytes_of(text_path)
    structure = check_structure(data, delimiter=dialect.delimiter, name=name, start=start)
    if not len(structure):
        raise DataRefused(f"{name}: no header and no rows; an export without rows still has its header")
    columns = _columns(data, structure, dialect, expected, name)
    wrong_width, too_long, has_nul = _faults(structure)
    is_good = ~(wrong_width | too_long | has_nul)
    bad = _bad_records(data, structure, wrong_width, too_long, has_nul)
    is_good[0] = False
    starts, ends = structure.starts[is_good], structure.ends[is_good]
    is_clean = not bad and not start and structure.is_plain
    if not is_clean:
        text_path = work / "clean.csv"
        _write_copy(data, starts, ends, text_path)
    lines = structure.lines[is_good]
    is_even = np.array_equal(lines, np.arange(2, len(lines) + 2))
    is_parallel = not structure.has_quoted_line_ends
    relation = _relation(text_path, columns, dialect, has_header=is_clean, is_parallel=is_parallel)

    def raw(records: Sequence[int]) -> list[str]:
        return [_text(data, starts[record], ends[record]) for record in records]

    def pick(records: Sequence[int]) -> None:
        some, path = np.asarray(records, dtype=np.int64), work / "picked.csv"
        _write_copy(data, starts[some], ends[some], path)
        con.register("intake_wanted", pa.table({"_record": pa.array(some)}))
        picked = _relation(path, columns, dialect, has_header=False, is_parallel=False)
        con.execute(f"create or replace temp table {PICKED} as from {picked} positional join intake_wanted")
        con.unregister("intake_wanted")

    rows_in = len(structure) - 1
    return Stage(name, tuple(columns), relation, rows_in, len(lines), None if is_even else lines, pick, raw, bad)


def _bytes_of(path: Path) -> Bytes:
    return np.memmap(path, dtype=np.uint8, mode="r") if path.stat().st_size else np.empty(0, dtype=np.uint8)


def _columns(data: Bytes, structure: Structure, dialect: Dialect, expected: Expected, name: str) -> list[str]:
    if structure.ends[0] - structure.starts[0] > MAX_RECORD_BYTES:
        raise DataRefused(f"{name}, line 1: the header is longer than {MAX_RECORD_BYTES} bytes; is this a CSV file?")
    head = [_text(data, *place) for place in zip(structure.starts[:20], structure.ends[:20], strict=True)]
    hint = csv_hint(head, expected, dialect.delimiter)
    return map_header(split_record(head[0], dialect.delimiter), expected, name, int(structure.lines[0]), hint)


def _faults(structure: Structure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three flags a record: a width other than the header's, longer than we read, holding a NUL byte."""
    has_nul = np.zeros(len(structure), dtype=bool)
    has_nul[structure.has_nul] = True
    return (
        structure.fields != structure.fields[0],
        structure.ends - structure.starts > MAX_RECORD_BYTES,
        has_nul,
    )


def _bad_records(
    data: Bytes, structure: Structure, wrong_width: np.ndarray, too_long: np.ndarray, has_nul: np.ndarray
) -> list[BadRecord]:
    bad = []
    for record in np.flatnonzero(wrong_width | too_long | has_nul):
        if record == 0:
            continue
        start, end = structure.starts[record], structure.ends[record]
        if wrong_width[record]:
            rule, reason = "width", f"{structure.fields[record]} fields where the header has {structure.fields[0]}"
        elif too_long[record]:
            rule, reason = "length", f"a record of {end - start} bytes; the most is {MAX_RECORD_BYTES}"
        else:
            rule, reason = "nul", "a NUL byte, which no text holds"
        raw = shortened(_text(data, start, min(end, start + MAX_RECORD_BYTES)))
        bad.append(BadRecord(int(structure.lines[record]), rule, reason, raw))
    return bad


def _text(data: Bytes, start: int, end: int) -> str:
    return data[start:end].tobytes().decode("utf-8", "replace")


def _write_copy(data: Bytes, starts: Positions, ends: Positions, target: Path) -> None:
    """Write these records and nothing else, each ended by one line feed."""
    with target.open("wb") as out:
        first = 0
        while first < len(starts):
            last = max(int(np.searchsorted(ends, starts[first] + COPY_BYTES)), first + 1)
            begin, end = int(starts[first]), int(ends[last - 1])
            block = np.empty(end - begin + 1, dtype=np.uint8)
            block[:-1] = data[begin:end]
            block[ends[first:last] - begin] = LF
            edges = np.zeros(len(block) + 1, dtype=np.int8)
            edges[starts[first:last] - begin] += 1
            edges[ends[first:last] - begin + 1] -= 1
            out.write(block[np.cumsum(edges[:-1], dtype=np.int8).astype(bool)].tobytes())
            first = last


def _relation(path: Path, columns: Sequence[str], dialect: Dialect, *, has_header: bool, is_parallel: bool) -> str:
    """A checked file as something to select its columns from, as text and in the file's order.

    `is_parallel` false where line ends stand inside quotes: two threads could meet at one.
    """
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({literal(_exact(path))}, auto_detect = false, columns = {{{types}}}, header = {has_header}, "
        f"delim = {literal(dialect.delimiter)}, quote = '\"', escape = '\"', new_line = '\\n', nullstr = '', "
        f"strict_mode = true, null_padding = false, ignore_errors = false, compression = 'none', "
        f"parallel = {is_parallel}, hive_partitioning = false)"
    )


def _exact(path: Path) -> str:
    """A path that the reader takes for this one file: what a glob would read into it is bracketed."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path))
