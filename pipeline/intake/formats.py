"""What a landed file is, by its content first and its name second, and how a compressed one is opened.

What belongs here: magic numbers, gzip and zstandard with a cap on what comes out. Text is checked by `encoding` and
`structure`, workbooks and Parquet are opened by `sandbox`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import zstandard

from pipeline.errors import DataRefused

Format = Literal["csv", "jsonl", "parquet", "xlsx"]
Compression = Literal["", "gzip", "zstd"]

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
MAX_UNPACKED_BYTES = 20 << 30
#: Real exports pack 5 to 30 times; a thousand times is a bomb or a file of nothing.
MAX_RATIO = 1000
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class FileFormat:
    """What a file is. `name` is what the ledger stores: `csv`, `csv.gzip`, `jsonl`, `parquet`, `xlsx`."""

    content: Format
    compression: Compression = ""

    @property
    def name(self) -> str:
        return f"{self.content}.{self.compression}" if self.compression else self.content


def recognise(path: Path, name: str) -> FileFormat:
    """The format of the landed file `path`, delivered as `name`.

    Raises DataRefused when it is empty, of a kind we do not read, or when name and content disagree.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise DataRefused(f"{name}: the file is empty (0 bytes); an export without rows still has its header")
    found = _magic(head)
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    named = COMPRESSIONS.get(suffixes[-1], "") if suffixes else ""
    if found == "an old Excel or encrypted workbook":
        raise DataRefused(f"{name}: {found}; save it as .xlsx without a password")
    if found in ("gzip", "zstd") and named != found:
        raise DataRefused(f"{name}: the content is {found} but the name does not end in {_suffix(found)}; rename it")
    if named and found != named:
        raise DataRefused(f"{name}: the name says {named} but the content is {found or 'not compressed'}; rename it")
    stem = suffixes[-2:-1] if named else suffixes[-1:]
    by_name = SUFFIXES.get(stem[0]) if stem else None
    if by_name is None:
        known = ", ".join((*SUFFIXES, *(f".csv{c}" for c in COMPRESSIONS)))
        raise DataRefused(f"{name}: cannot tell the format from the name; it should end in one of {known}")
    packed = by_name in ("parquet", "xlsx")
    if not named and (found or "text") != (by_name if packed else "text"):
        raise DataRefused(f"{name}: the name says {by_name} but the content is {found or 'text'}")
    if named and packed:
        raise DataRefused(f"{name}: {by_name} files are compressed already; deliver it as it is")
    return FileFormat(by_name, named)


def _magic(head: bytes) -> str:
    for magic, kind in (
        (b"\x1f\x8b", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"PAR1", "parquet"),
        (b"PK\x03\x04", "xlsx"),
        (b"\xd0\xcf\x11\xe0", "an old Excel or encrypted workbook"),
        (b"%PDF", "PDF"),
    ):
        if head.startswith(magic):
            return kind
    return ""


def _suffix(compression: str) -> str:
    return next(suffix for suffix, kind in COMPRESSIONS.items() if kind == compression)


def unpack(path: Path, kind: Compression, target: Path, name: str) -> None:
    """Write a compressed file's content to `target`, checked to its last byte.

    Raises DataRefused when the file is damaged, cut short, followed by something else, or unpacks beyond the cap.
    """
    packed_bytes, written = path.stat().st_size, 0
    blocks = _gunzip(path, name) if kind == "gzip" else _unzstd(path, name)
    with target.open("wb") as out:
        for block in blocks:
            written += len(block)
            if written > min(MAX_UNPACKED_BYTES, max(packed_bytes * MAX_RATIO, BLOCK_BYTES)):
                raise DataRefused(f"{name}: unpacks to more than {MAX_RATIO} times its size; it is not taken in")
            out.write(block)
    if not written:
        raise DataRefused(f"{name}: the file is empty once unpacked; an export without rows still has its header")


def _gunzip(path: Path, name: str) -> Iterator[bytes]:
    """The members of a gzip file, each with its CRC and length checked by zlib."""
    inflater, members = zlib.decompressobj(wbits=31), 0
    with path.open("rb") as file:
        data = file.read(BLOCK_BYTES)
        while data:
            try:
                yield inflater.decompress(data, BLOCK_BYTES)
            except zlib.error as error:
                what = "something other than gzip follows the data" if members and not inflater.eof else str(error)
                raise DataRefused(f"{name}: damaged gzip: {what}; deliver the file again") from None
            data = inflater.unconsumed_tail
            if inflater.eof:
                data = inflater.unused_data or file.read(BLOCK_BYTES)
                members += 1
                if data:
                    inflater = zlib.decompressobj(wbits=31)
            elif not data:
                data = file.read(BLOCK_BYTES)
    yield inflater.flush()
    if not inflater.eof:
        raise DataRefused(f"{name}: gzip cut short: the end of the file is missing; deliver it again")


def _unzstd(path: Path, name: str) -> Iterator[bytes]:
    inflater, finished = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj(), False
    with path.open("rb") as file:
        # Small reads bound what one of them can unpack to (32 MB): this interface has no limit of its own.
        while data := file.read(BLOCK_BYTES >> 10):
            while data:
                if finished:
                    inflater, finished = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj(), False
                try:
                    yield inflater.decompress(data)
                except zstandard.ZstdError as error:
                    raise DataRefused(f"{name}: damaged zstandard file: {error}; deliver it again") from None
                data = inflater.unused_data if inflater.eof else b""
                finished = inflater.eof
    if not finished:
        raise DataRefused(f"{name}: zstandard file cut short: the end is missing; deliver it again")
