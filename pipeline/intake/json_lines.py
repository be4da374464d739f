"""JSON lines as a stage: one flat object a line, proven by a grammar, then read as text by DuckDB.

What belongs here: what a line must be and how its values become text. A line that is no flat object is set aside alone;
keys are columns, so unknown ones refuse the file as an unknown header does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.errors import DataRefused
from pipeline.intake.encoding import Bytes, Utf8Check, decoded
from pipeline.intake.header import Expected, map_header
from pipeline.intake.stage import STAGE, BadRecord, Stage, literal, pick_from_stage, quoted, shortened
from pipeline.intake.structure import BLOCK_BYTES, CR, LF, MAX_RECORD_BYTES, Positions

TEXTS = "intake_json_texts"
OBJECTS = "intake_json_objects"
SPACE = r"[ \t]*"
STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"'
NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
MEMBER = rf"{STRING}{SPACE}:{SPACE}(?:{STRING}|{NUMBER}|true|false|null)"
#: RFC 8259's grammar of an object without nested ones. DuckDB's own parser allows more (NaN, trailing commas).
OBJECT = rf"{SPACE}\{{{SPACE}(?:{MEMBER}{SPACE}(?:,{SPACE}{MEMBER}{SPACE})*)?\}}{SPACE}"
BATCH_BYTES = 8 << 20
NOT_AN_OBJECT = "a line is one JSON object whose values are texts, numbers, true, false or null"


def read_json_lines(con: duckdb.DuckDBPyConnection, path: Path, name: str, expected: Expected) -> Stage:
    """A file of JSON lines as a stage (UTF-8 always, as RFC 8259 has it).

    Raises DataRefused when the file as a whole cannot be trusted.
    """
    _, start = decoded(path, "utf-8", path, name)
    data = np.memmap(path, dtype=np.uint8, mode="r")
    starts, ends, lines = _lines(data, start, name)
    if not len(starts):
        raise DataRefused(f"{name}: no rows and no keys; an export without rows is delivered as CSV with its header")
    short = ends - starts <= MAX_RECORD_BYTES
    _fill_texts(con, data, starts, np.where(short, ends, starts))
    con.execute(
        f"create or replace temp table {OBJECTS} as select rowid as record, t, case when "
        f"regexp_full_match(t, {literal(OBJECT)}) and json_valid(t) then json_keys(t) end as keys from {TEXTS}"
    )
    ours = _columns(con, expected, name)
    bad = _bad_records(con, data, starts, ends, lines)
    is_good = np.ones(len(starts), dtype=bool)
    is_good[[record for record, _ in bad]] = False
    paths = ", ".join(literal(_path(key)) for key in ours)
    items = ", ".join(f"nullif(v[{place}], '') as {quoted(column)}" for place, column in enumerate(ours.values(), 1))
    con.execute(
        f"create or replace temp table {STAGE} as select {items} from "
        f"(select json_extract_string(t, [{paths}]) as v from {OBJECTS} "
        "where keys is not null and len(keys) = len(list_distinct(keys)) order by record)"
    )
    con.execute(f"drop table {TEXTS}; drop table {OBJECTS}")
    good_starts, good_ends = starts[is_good], ends[is_good]

    def raw(records: Sequence[int]) -> list[str]:
        return [_text(data, good_starts[record], good_ends[record]) for record in records]

    pick = pick_from_stage(con)
    columns, rejected = tuple(ours.values()), [record for _, record in bad]
    return Stage(name, columns, STAGE, len(starts), len(good_starts), lines[is_good], pick, raw, rejected)


def _lines(data: Bytes, start: int, name: str) -> tuple[Positions, Positions, Positions]:
    """Start, end and number of every line that is not blank."""
    utf8, line, found = Utf8Check(name), 1, []
    for begin in range(start, len(data), BLOCK_BYTES):
        block = data[begin : begin + BLOCK_BYTES]
        utf8.feed(block, line, final=begin + BLOCK_BYTES >= len(data))
        feeds = np.flatnonzero(block == LF)
        line += len(feeds)
        found.append(feeds + begin)
    ends = np.concatenate([*found, [len(data)]]).astype(np.int64)
    starts = np.concatenate([[start], ends[:-1] + 1]).astype(np.int64)
    last = np.clip(ends - 1, 0, None)
    ends = np.where((ends > starts) & (data[last] == CR), ends - 1, ends)
    is_filled = ends > starts
    return starts[is_filled], ends[is_filled], np.flatnonzero(is_filled) + 1


def _fill_texts(con: duckdb.DuckDBPyConnection, data: Bytes, starts: Positions, ends: Positions) -> None:
    """The lines as a table of one text column, a few megabytes at a time."""
    con.execute(f"create or replace temp table {TEXTS} (t varchar)")
    first = 0
    while first < len(starts):
        last = max(int(np.searchsorted(ends, starts[first] + BATCH_BYTES)), first + 1)
        begin, end = int(starts[first]), int(ends[last - 1])
        edges = np.zeros(end - begin + 1, dtype=np.int8)
        edges[starts[first:last] - begin] += 1
        edges[ends[first:last] - begin] -= 1
        kept = np.asarray(data[begin:end])[np.cumsum(edges[:-1], dtype=np.int8).astype(bool)]
        offsets = np.concatenate([[0], np.cumsum(ends[first:last] - starts[first:last])]).astype(np.int64)
        texts = pa.LargeStringArray.from_buffers(last - first, pa.py_buffer(offsets), pa.py_buffer(kept))
        con.register("intake_json_array", pa.table({"t": texts}))
        con.execute(f"insert into {TEXTS} select t from intake_json_array")
        con.unregister("intake_json_array")
        first = last


def _columns(con: duckdb.DuckDBPyConnection, expected: Expected, name: str) -> dict[str, str]:
    """Key in the file -> our column, for every key that some line has, in order of first appearance."""
    rows = con.execute(
        f"select key, min(record) as first from (select record, unnest(list_distinct(keys)) as key from {OBJECTS}) "
        "group by key order by first, key"
    ).fetchall()
    keys = [row[0] for row in rows]
    if not keys:
        raise DataRefused(f"{name}, line 1: {NOT_AN_OBJECT}; no line of this file is one")
    return dict(zip(keys, map_header(keys, expected, name, 1), strict=True))


def _bad_records(
    con: duckdb.DuckDBPyConnection, data: Bytes, starts: Positions, ends: Positions, lines: Positions
) -> list[tuple[int, BadRecord]]:
    rows = con.execute(
        f"select record, keys is null from {OBJECTS} where keys is null or len(keys) > len(list_distinct(keys)) "
        "order by record"
    ).fetchall()
    bad = []
    for record, is_no_object in rows:
        rule, reason = ("json", NOT_AN_OBJECT) if is_no_object else ("doubled_key", "a key stands twice in the object")
        if ends[record] - starts[record] > MAX_RECORD_BYTES:
            rule, reason = "length", f"a line of more than {MAX_RECORD_BYTES} bytes"
        raw = shortened(_text(data, starts[record], min(ends[record], starts[record] + MAX_RECORD_BYTES)))
        bad.append((record, BadRecord(int(lines[record]), rule, reason, raw)))
    return bad


def _path(key: str) -> str:
    """A JSON pointer (RFC 6901) to a key of the object."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _text(data: Bytes, start: int, end: int) -> str:
    return data[start:end].tobytes().decode("utf-8", "replace")
