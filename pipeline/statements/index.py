"""The index of a folder of statements: who has which file, what it pays, and by which hashes it is known.

What belongs here: `index.csv`, read and written whole. The folder's files are `bulk.py`'s.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pipeline.whole_files import write_whole

INDEX = "index.csv"

#: What makes a spreadsheet take a cell for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Entry:
    """One line. `payout` in units of the currency; `inputs`: the hash of all that the file was printed from."""

    seller: str
    file: str
    payout: str = ""
    currency: str = ""
    status: str = ""
    sha256: str = ""
    inputs: str = ""


_COLUMNS = [field.name for field in fields(Entry)]


def read_index(folder: Path) -> dict[str, Entry]:
    """The entries by file; none when there is no index, or none that we have written."""
    try:
        with (folder / INDEX).open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != _COLUMNS:
                return {}
            rows = [row for row in reader if None not in row and None not in row.values()]
    except (FileNotFoundError, UnicodeDecodeError, csv.Error):
        return {}
    return {row["file"]: Entry(**row) for row in rows if _is_ours(row["file"])}


def _is_ours(name: str) -> bool:
    """Whether it names a statement in the folder itself: what a foreign index names elsewhere is never touched."""
    return name.endswith(".pdf") and not name.startswith(".") and Path(name).name == name and "\\" not in name


def write_index(folder: Path, entries: Iterable[Entry]) -> None:
    """Replace the index, whole or not at all, in the order of the sellers."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in sorted(entries, key=lambda entry: (entry.seller, entry.file)):
        row = asdict(entry)
        writer.writerow({**row, "seller": _inert(row["seller"])})
    write_whole(folder / INDEX, text.getvalue().encode("utf-8", "backslashreplace"))


def _inert(text: str) -> str:
    """An id that a spreadsheet shows and does not run."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def sha256_of(path: Path) -> str:
    """The file's hash; "" when there is no such file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""
