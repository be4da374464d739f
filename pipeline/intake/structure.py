"""Where the records of a CSV file are, and whether every one of them is whole: checked before any value is believed.

What belongs here: quotes, delimiters and line ends by RFC 4180, counted block by block with NumPy, independently of the
reader that loads the values. What a header says is `header`'s business, what a value says `rules`'.

How it works: a quote is an opening one when an even number of quotes comes before it, a closing one otherwise; a
delimiter or a line end counts where that number is even. An opening quote must follow a delimiter, a line end or the
closing quote just before it (an escaped quote); a closing one must be followed by a delimiter, a line end, the end of
the file or that next quote. A file that breaks this is refused, since nothing after the break can be trusted. A record
of the wrong width is set aside alone: its neighbours are known to be whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataRefused
from pipeline.intake.encoding import Bytes, Utf8Check

Positions = npt.NDArray[np.int64]

#: Small enough for the second-level cache: a compare is several times cheaper there.
BLOCK_BYTES = 1 << 19
MAX_RECORD_BYTES = 2_000_000
QUOTE, LF, CR = ord('"'), ord("\n"), ord("\r")


@dataclass(frozen=True)
class Structure:
    """The records of a file, its header first.

    `starts` and `ends`: byte offsets of each record's content, its line end excluded. `lines`: the physical line that
    it starts on, from 1. `fields`: how many fields it has. Blank lines are no records.
    """

    starts: Positions
    ends: Positions
    lines: Positions
    fields: Positions
    has_nul: Positions
    has_quoted_line_ends: bool
    is_plain: bool
    """Every record ends in one line feed, and no line is blank."""

    def __len__(self) -> int:
        return len(self.starts)


@dataclass
class _Scan:
    """What one block hands to the next, and what has been found so far."""

    data: Bytes
    delimiter: int
    name: str
    quotes: int = 0
    last_quote: int = 0
    delimiters: int = 0
    record_start: int = 0
    line: int = 1
    record_line: int = 1
    is_plain: bool = True
    has_quoted_line_ends: bool = False
    starts: list[Positions] = field(default_factory=list)
    ends: list[Positions] = field(default_factory=list)
    lines: list[Positions] = field(default_factory=list)
    fields: list[Positions] = field(default_factory=list)
    nuls: list[Positions] = field(default_factory=list)


def check_structure(data: Bytes, *, delimiter: str = ",", name: str = "", start: int = 0) -> Structure:
    """Find every record of `data` (UTF-8 bytes, from offset `start`).

    Raises DataRefused when the bytes are not UTF-8 or break RFC 4180's quoting, naming the line.
    """
    scan = _Scan(data, ord(delimiter), name, record_start=start)
    utf8 = Utf8Check(name)
    for begin in range(start, len(data), BLOCK_BYTES):
        end = min(begin + BLOCK_BYTES, len(data))
        utf8.feed(data[begin:end], scan.line, final=end == len(data))
        _scan_block(scan, begin, end)
    if scan.quotes % 2:
        raise DataRefused(
            f"{name}, line {_line_of(data, scan.last_quote)}: the quote that opens here is never closed; the file is "
            'cut short, or a quote inside a value is not doubled ("")'
        )
    _take_records(scan, *(np.array([value], dtype=np.int64) for value in (len(data), scan.delimiters, scan.line)))
    return _structure(scan)


def _scan_block(scan: _Scan, begin: int, end: int) -> None:
    block = scan.data[begin:end]
    special = block == scan.delimiter
    special |= block == LF
    special |= block == CR
    special |= block == QUOTE
    places = np.flatnonzero(special)
    kinds = block[places]
    places += begin
    is_quote = kinds == QUOTE
    is_line_end = kinds == LF
    carriage_returns = np.flatnonzero(kinds == CR)
    ends_record = is_line_end.copy()
    if len(carriage_returns):
        followed = _bytes_at(scan.data, places[carriage_returns] + 1) == LF
        is_line_end[carriage_returns[~followed]] = True
        ends_record[carriage_returns] = True
    counted = kinds == scan.delimiter
    if scan.quotes % 2 or is_quote.any():
        outside = (np.cumsum(is_quote) + scan.quotes) % 2 == 0
        _check_quotes(scan, places[is_quote])
        scan.has_quoted_line_ends |= bool((ends_record & ~outside).any())
        ends_record &= outside
        counted &= outside
    if len(carriage_returns):
        scan.is_plain &= not ends_record[carriage_returns].any()
    found = np.flatnonzero(ends_record)
    delimiters = np.cumsum(counted)
    lines = np.cumsum(is_line_end)
    if len(found):
        _take_records(scan, places[found], delimiters[found] + scan.delimiters, lines[found] + scan.line)
        scan.delimiters = int(delimiters[-1] - delimiters[found[-1]])
    elif len(places):
        scan.delimiters += int(delimiters[-1])
    if len(places):
        scan.line += int(lines[-1])
    if not block.all():
        scan.nuls.append(np.flatnonzero(block == 0) + begin)


def _take_records(scan: _Scan, ends: Positions, delimiters: Positions, next_lines: Positions) -> None:
    """Note the records that end at `ends`. `delimiters` counts from the open record's start, `next_lines` the file."""
    starts = np.concatenate(([scan.record_start], ends[:-1] + 1))
    lines = np.concatenate(([scan.record_line], next_lines[:-1]))
    fields = np.diff(delimiters, prepend=0) + 1
    scan.record_start, scan.record_line = int(ends[-1]) + 1, int(next_lines[-1])
    filled = ends > starts
    if not filled.all():
        # Between the two halves of a CRLF lies nothing either: no record, no more than a blank line is one.
        scan.is_plain &= not (starts[~filled] < len(scan.data)).any()
        starts, ends, lines, fields = starts[filled], ends[filled], lines[filled], fields[filled]
    scan.starts.append(starts)
    scan.ends.append(ends)
    scan.lines.append(lines)
    scan.fields.append(fields)


def _check_quotes(scan: _Scan, quotes: Positions) -> None:
    """Every quote in its place, or DataRefused."""
    if not len(quotes):
        return
    is_closing = (np.arange(len(quotes)) + scan.quotes) % 2 == 1
    neighbour = _bytes_at(scan.data, np.where(is_closing, quotes + 1, quotes - 1))
    allowed = (neighbour == scan.delimiter) | (neighbour == QUOTE) | (neighbour == LF) | (neighbour == CR)
    edge = np.where(is_closing, quotes + 1 == len(scan.data), quotes == scan.record_start)
    wrong = np.flatnonzero(~(allowed | edge))
    if len(wrong):
        at = int(quotes[wrong[0]])
        said = (
            "something follows a closing quote" if is_closing[wrong[0]] else "a quote stands inside an unquoted value"
        )
        raise DataRefused(
            f"{scan.name}, line {_line_of(scan.data, at)}: {said} ({_around(scan.data, at)!r}); by RFC 4180 a value "
            'with quotes is quoted whole and its own quotes are doubled ("")'
        )
    scan.quotes += len(quotes)
    scan.last_quote = int(quotes[-1])


def _structure(scan: _Scan) -> Structure:
    starts, ends = np.concatenate(scan.starts), np.concatenate(scan.ends)
    nuls = np.concatenate(scan.nuls) if scan.nuls else np.empty(0, dtype=np.int64)
    return Structure(
        starts,
        ends,
        np.concatenate(scan.lines),
        np.concatenate(scan.fields),
        np.unique(np.searchsorted(starts, nuls, side="right") - 1),
        scan.has_quoted_line_ends,
        scan.is_plain,
    )


def _bytes_at(data: Bytes, places: Positions) -> Bytes:
    """The bytes at `places`; 0 where a place lies outside the file."""
    return np.where((places >= 0) & (places < len(data)), data[np.clip(places, 0, len(data) - 1)], 0).astype(np.uint8)


def _line_of(data: Bytes, at: int) -> int:
    before = data[:at]
    line_feeds = int(np.count_nonzero(before == LF))
    return 1 + (line_feeds or int(np.count_nonzero(before == CR)))


def _around(data: Bytes, at: int) -> str:
    return data[max(at - 20, 0) : at + 20].tobytes().decode("utf-8", "replace")
