"""Tables as files for a spreadsheet, XLSX and CSV: inert, whole, and the same bytes from the same rows.

What belongs here: how a cell is written, what a sheet looks like on a screen and on paper, and what a text must not do.
Which tables there are is said by `pipeline.follow_up` and `pipeline.annex`.

Texts come from strangers. In a workbook every text is written as a string, never as a formula or a link, and marked so
that it stays one when somebody edits the cell. In a CSV a text that a spreadsheet would calculate gets an apostrophe in
front (OWASP, "CSV Injection"); numbers never do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipeline.errors import CannotWrite
from pipeline.figures.numbers import instant
from pipeline.figures.published import Published
from pipeline.settings import Office

#: What a sheet and a cell hold at most, as Excel has it.
MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767

Kind = Literal[
    "text", "prose", "day", "instant", "whole", "decimal", "stars", "slope", "share", "money", "cents", "measure"
]

#: How each kind is shown. `prose` is a text in several lines, `cents` are shown as money, a `measure` by its unit.
_NUMBER_FORMATS = {
    "text": "General",
    "prose": "General",
    "day": "yyyy-mm-dd",
    "instant": "yyyy-mm-dd hh:mm",
    "whole": "#,##0",
    "decimal": "#,##0.0",
    "stars": "0.00",
    "slope": "+0.000;-0.000;0.000",
    "share": "0.0%",
    "money": "#,##0.00",
    "cents": "#,##0.00",
}
_WIDTHS = {"text": 18, "day": 11, "instant": 16, "share": 10, "money": 14, "cents": 14, "measure": 14}
_KIND_OF_UNIT: dict[str, Kind] = {"share": "share", "count": "whole", "hours": "decimal", "days": "decimal"}

#: What makes a spreadsheet calculate, in plain or full width: at a text's beginning, or behind a mark at which a
#: spreadsheet that parts cells by semicolons or tabs, whatever the file does, begins a new one.
_SIGN = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_BLANK = '[\\s"\ufeff\u200b]*'
_BEGINNING = f"^({_BLANK}{_SIGN}|[\\t\\r\\n])"
_AFTER_MARK = f"([;\\t]{_BLANK})({_SIGN})"
#: What no XML file can hold, and marks that turn the order of letters around.
_UNPRINTABLE = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\ufffe\uffff\u202a-\u202e\u2066-\u2069]"


@dataclass(frozen=True)
class Column:
    """A column of a table. `name` is the frame's column and the CSV's head, `title` the sheet's. Where the value is
    null the cell says the frame's column `reason`, if there is one; a `measure` is shown by the column `unit`."""

    name: str
    title: str
    kind: Kind = "text"
    width: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Table:
    """One sheet. `total` is a last row, by column name, set apart from the others. `whole_list` says where the rest is
    when there are more rows than a sheet holds."""

    sheet: str
    columns: tuple[Column, ...]
    rows: pl.DataFrame
    total: dict[str, Any] | None = None
    whole_list: str = "the others are left out"


@dataclass(frozen=True)
class Line:
    """One line of the first sheet: a word and what it means, or a heading without a text."""

    name: str
    text: str = ""


def write_workbook(
    path: Path, office: Office, title: str, as_of: datetime, about: Sequence[Line], tables: Sequence[Table]
) -> None:
    """Write `about` as the first sheet and each table as one more, and put the file in its place when it is whole.

    `as_of` stands in for the time of writing. Raises CannotWrite.
    """
    with replacing(path) as part:
        book = xlsxwriter.Workbook(str(part), {"constant_memory": True})
        book.set_properties(
            {"title": title, "author": plain(office.name), "company": plain(office.brand), "created": as_of}
        )
        looks = _Looks(book)
        _write_about(book, looks, title, about)
        for table in tables:
            _write_table(book, looks, table, title)
        book.close()


def write_csv(path: Path, table: Table) -> None:
    """Write the table with its columns' names, in UTF-8 with the mark without which Excel reads it as something else,
    and put the file in its place when it is whole. Raises CannotWrite."""
    columns = [_for_csv(column) for column in table.columns]
    with replacing(path) as part:
        table.rows.select(columns).write_csv(part, include_bom=True, datetime_format="%Y-%m-%d %H:%M")


def inert(text: pl.Expr) -> pl.Expr:
    """The text as a spreadsheet's CSV reader leaves it a text: an apostrophe before what would be calculated."""
    printable = text.str.replace_all(_UNPRINTABLE, "")
    return printable.str.replace_all(_AFTER_MARK, "$1'$2").str.replace(_BEGINNING, "'$1")


def plain(text: str) -> str:
    """The text without what no file can hold, and no longer than a cell."""
    kept = re.sub(f"{_UNPRINTABLE}|[\ud800-\udfff]", "", text)
    return kept if len(kept) <= LONGEST_CELL else kept[: LONGEST_CELL - 1] + "…"


def about_period(seen: Published, office: Office) -> list[Line]:
    """What every workbook's first sheet begins with: whose it is, of which period, seen from when, by which rules."""
    period = seen.period
    last_day = period.end - timedelta(days=1)
    state = "" if seen.is_complete else "; not over yet, the figures will change"
    fingerprint = seen.rows("select fingerprint from run")[0][0]
    return [
        Line("Office", office.name),
        Line("Period", f"{period.label}: {period.start} to {last_day}{state}"),
        Line("Seen from", f"{instant(seen.run.as_of, office.zone)}, {office.time_zone}; all times are of that clock"),
        Line("Edition", f"{period.id}, by the definitions {fingerprint[:12]}"),
        Line("Currency", seen.run.currency),
    ]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it takes `path`'s place at the end, and goes if that is not reached."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CannotWrite(f"{path}: {reason}: the reports folder must be writable") from None
    finally:
        with suppress(OSError):
            part.unlink()


def _for_csv(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.kind in ("text", "prose"):
        return inert(value)
    if column.kind == "decimal":
        return value.round(1)
    return value


class _Looks:
    """The formats of one workbook. A text that would be calculated has a format of its own."""

    def __init__(self, book: xlsxwriter.Workbook):
        base = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
        ink = {"bottom": 1, "bottom_color": "#57606a", "bold": True, "text_wrap": True, "valign": "bottom"}
        self.title = book.add_format({**base, "font_size": 14, "bold": True})
        self.strong = book.add_format({**base, "bold": True})
        self.wrapped = book.add_format({**base, "text_wrap": True})
        self.head = book.add_format({**base, **ink})
        self.number_head = book.add_format({**base, **ink, "align": "right"})
        self.word = book.add_format({**base, "font_color": "#57606a", "align": "right"})
        self.marked = book.add_format({**base, "quote_prefix": True, "text_wrap": True})
        self.plain = {kind: book.add_format({**base, "num_format": text}) for kind, text in _NUMBER_FORMATS.items()}
        self.plain["prose"] = self.wrapped
        total = {**base, "bold": True, "top": 1, "top_color": "#57606a"}
        self.total = {kind: book.add_format({**total, "num_format": text}) for kind, text in _NUMBER_FORMATS.items()}


def _write_about(book: xlsxwriter.Workbook, looks: _Looks, title: str, about: Sequence[Line]) -> None:
    sheet = book.add_worksheet("About")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 100)
    _for_paper(sheet, title, "portrait")
    sheet.write_string(0, 0, plain(title), looks.title)
    for row, line in enumerate(about, 2):
        sheet.write_string(row, 0, plain(line.name), looks.wrapped if line.text else looks.strong)
        sheet.write_string(row, 1, plain(line.text), looks.wrapped)


def _write_table(book: xlsxwriter.Workbook, looks: _Looks, table: Table, title: str) -> None:
    sheet = book.add_worksheet(table.sheet)
    for index, column in enumerate(table.columns):
        sheet.set_column(index, index, column.width or _WIDTHS.get(column.kind, 11))
    sheet.freeze_panes(1, min(1, len(table.columns)))
    sheet.repeat_rows(0)
    _for_paper(sheet, f"{title} · {table.sheet}", "landscape")
    for index, column in enumerate(table.columns):
        sheet.write_string(
            0, index, column.title, looks.head if column.kind in ("text", "prose") else looks.number_head
        )
    shown = table.rows.head(MOST_ROWS - 2)
    write = _row_writer(sheet, looks, looks.plain, table)
    for number, row in enumerate(shown.iter_rows(), 1):
        write(number, row)
    last = shown.height
    sheet.autofilter(0, 0, last, len(table.columns) - 1)
    if table.rows.height > last:
        more = f"{table.rows.height:,} rows in all, of which a sheet holds {last:,}; {table.whole_list}"
        sheet.write_string(last + 1, 0, more, looks.strong)
    elif table.total is not None:
        total = tuple(table.total.get(name) for name in table.rows.columns)
        _row_writer(sheet, looks, looks.total, table)(last + 1, total)


def _row_writer(
    sheet: Worksheet, looks: _Looks, formats: dict[str, Format], table: Table
) -> Callable[[int, tuple[Any, ...]], None]:
    """What writes a row of the table's frame: given its number in the sheet, and its values."""
    names = table.rows.columns
    cells = []
    for index, column in enumerate(table.columns):
        reason = names.index(column.reason) if column.reason else -1
        unit = names.index("unit") if column.kind == "measure" else -1
        put = _PUT.get(column.kind, _put_number)
        cells.append((index, names.index(column.name), reason, unit, put, formats.get(column.kind)))

    def write(number: int, row: tuple[Any, ...]) -> None:
        for index, place, reason, unit, put, look in cells:
            value = row[place]
            if value is not None:
                put(looks, sheet, number, index, value, look or formats[_KIND_OF_UNIT.get(row[unit], "money")])
            elif reason >= 0 and row[reason] is not None:
                sheet.write_string(number, index, row[reason].replace("_", " "), looks.word)

    return write


def _put_text(looks: _Looks, sheet: Worksheet, row: int, column: int, value: str, look: Format) -> None:
    sheet.write_string(row, column, plain(value), looks.marked if re.match(_BEGINNING, value) else look)


def _put_time(looks: _Looks, sheet: Worksheet, row: int, column: int, value: datetime, look: Format) -> None:
    sheet.write_datetime(row, column, value, look)


def _put_number(looks: _Looks, sheet: Worksheet, row: int, column: int, value: float, look: Format) -> None:
    sheet.write_number(row, column, value, look)


def _put_cents(looks: _Looks, sheet: Worksheet, row: int, column: int, value: int, look: Format) -> None:
    sheet.write_number(row, column, value / 100, look)


_PUT: dict[str, Callable[..., None]] = {
    "text": _put_text,
    "prose": _put_text,
    "day": _put_time,
    "instant": _put_time,
    "cents": _put_cents,
}


def _for_paper(sheet: Worksheet, title: str, orientation: str) -> None:
    sheet.set_paper(9)
    getattr(sheet, f"set_{orientation}")()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(0.5, 0.5, 0.7, 0.6)
    sheet.set_header("&L&8" + plain(title).replace("&", "&&")[:150])
    sheet.set_footer("&R&8Page &P of &N")
