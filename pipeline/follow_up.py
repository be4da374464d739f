"""The follow-up files of a period: a CSV for each list, and one workbook of them all.

What belongs here: which files there are and what the workbook's first sheet says. The lists themselves are
`pipeline.follow_up_lists`; how a file is written is `pipeline.workbooks`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.figures.numbers import count, plural, printed_in
from pipeline.figures.published import Published, open_published
from pipeline.follow_up_lists import LISTS, FollowUpList
from pipeline.periods import Period
from pipeline.settings import Office
from pipeline.workbooks import Line, Table, about_period, write_csv, write_workbook

HOW_TO_READ = (
    "One sheet for each list, whole and most urgent first; filter it by the arrows in its head. The same lists are CSV "
    "files in follow-up/. Buyers are pseudonyms: find the order, review or conversation by its id in the marketplace. "
    "An apostrophe before =, +, - or @ keeps a text a text; it is not part of it."
)


@dataclass(frozen=True)
class FollowUpFiles:
    """What was written: the workbook, and each list's CSV with the number of its rows."""

    workbook: Path
    lists: dict[Path, int]


def write_follow_up(published: Path, office: Office, period: Period, folder: Path) -> FollowUpFiles:
    """Write the lists of the period below the reports folder, to `folder/<period>/`: a CSV for each in `follow-up/`,
    and a workbook of them all. The same published tables give the same bytes.

    Raises DeliveryMissing (nothing is published, or nothing for the period), CannotWrite.
    """
    home = folder / period.id
    stem = office.file_stem("follow-up", period.id)
    with open_published(published, period) as seen, printed_in(office.locale):
        tables = {wanted: _table(seen, office, wanted) for wanted in LISTS if period.type in wanted.period_types}
        about = _about(seen, office, tables)
        paths = {home / "follow-up" / f"{wanted.name}.csv": table for wanted, table in tables.items()}
        for path, table in paths.items():
            write_csv(path, table)
        workbook = home / f"{stem}.xlsx"
        title = f"{office.brand} {office.code}: follow-up lists, {period.label}"
        write_workbook(workbook, office, title, seen.run.as_of, about, list(tables.values()))
    return FollowUpFiles(workbook, {path: table.rows.height for path, table in paths.items()})


def _table(seen: Published, office: Office, wanted: FollowUpList) -> Table:
    return Table(
        wanted.sheet,
        wanted.columns,
        _rows(seen, office, wanted.sql).select(column.name for column in wanted.columns),
        whole_list=f"the whole list is follow-up/{wanted.name}.csv",
    )


def _rows(seen: Published, office: Office, sql: str) -> pl.DataFrame:
    period = seen.period
    given: dict[str, Any] = {
        "period": period.id,
        "start": period.start,
        "end": period.end,
        "zone": office.time_zone,
    }
    return seen.con.execute(sql, {name: value for name, value in given.items() if f"${name}" in sql}).pl()


def _about(seen: Published, office: Office, tables: dict[FollowUpList, Table]) -> list[Line]:
    lines = [*about_period(seen, office), Line("How to read", HOW_TO_READ), Line(""), Line("Lists")]
    for wanted, table in tables.items():
        lines += [
            Line(wanted.sheet, _said(seen, office, wanted, table)),
            Line("", f"{wanted.what} Order: {wanted.order}. Owner: {getattr(office.owners, wanted.owner)}."),
        ]
    return lines


def _said(seen: Published, office: Office, wanted: FollowUpList, table: Table) -> str:
    """How many rows the list has, or that its export never came."""
    if not any(seen.is_measured(metric) for metric in wanted.metrics):
        needs = " and ".join(seen.metric(wanted.metrics[0]).needs.split())
        return f"Not measured: no file of {needs} has come."
    counted = _rows(seen, office, wanted.counted).row(0)
    return f"{plural(table.rows.height, 'row')}. {wanted.remark.format(*map(count, counted))}"
