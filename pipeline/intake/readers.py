"""One landed file as a stage, whatever its format.

What belongs here: which reader serves which format. The readers are `csv_files`, `json_lines` and `tables`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipeline.intake.csv_files import Dialect, read_csv
from pipeline.intake.formats import FileFormat, unpack
from pipeline.intake.header import Expected
from pipeline.intake.json_lines import read_json_lines
from pipeline.intake.stage import Stage
from pipeline.intake.tables import read_table


def read_file(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    file_format: FileFormat,
    dialect: Dialect,
    expected: Expected,
    work: Path,
) -> Stage:
    """The landed file `path` as a stage, delivered as `name`. `work`: a folder for temporary copies.

    Raises DataRefused when the file as a whole cannot be trusted.
    """
    if file_format.compression:
        unpacked = work / "unpacked"
        unpack(path, file_format.compression, unpacked, name)
        path = unpacked
    if file_format.content == "csv":
        return read_csv(con, path, name, dialect, expected, work)
    if file_format.content == "jsonl":
        return read_json_lines(con, path, name, expected)
    return read_table(con, path, name, file_format.content, expected, work)
