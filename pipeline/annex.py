"""The annex of a report: every metric, every seller and every product of the period, in one workbook.

What belongs here: gathering the sheets, and the totals that tie them to the report. What stands in a sheet is
`pipeline.annex_sheets`; how it is written is `pipeline.workbooks`'. Every number is a published one, so that what is
suppressed there is suppressed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.annex_sheets import (
    DEFINITION_COLUMNS,
    DEFINITIONS,
    METRIC_COLUMNS,
    METRICS,
    PRODUCT_COUNTS,
    PRODUCT_END,
    PRODUCT_MEASURES,
    PRODUCT_START,
    PRODUCTS,
    SELLER_END,
    SELLER_MEASURES,
    SELLER_START,
    SELLERS,
    TOTAL_COLUMNS,
    Measure,
)
from pipeline.figures.numbers import plural, printed_in
from pipeline.figures.published import Published, Value, open_published
from pipeline.periods import Period
from pipeline.settings import Office
from pipeline.workbooks import Column, Line, Table, about_period, write_workbook

HOW_TO_READ = (
    "“suppressed”: too few cases to show, or one that could be worked out from others. An empty cell: no case in the "
    "period. A word such as “no data” or “immature” says why a value is missing. The last line of Sellers and of "
    "Products is the published total of the marketplace; Totals holds it beside what the lines add up to."
)


@dataclass(frozen=True)
class Listed:
    """A sheet with a line for each seller or product; `totalled` are the measures in it that the marketplace has as
    well, `left_out` the titles of columns that have nothing to say."""

    table: Table
    totalled: tuple[Measure, ...]
    left_out: tuple[str, ...]


def write_annex(published: Path, office: Office, period: Period, folder: Path) -> Path:
    """Write the period's annex below the reports folder, to `folder/<period>/`; return its path. The same published
    tables give the same bytes.

    Raises DeliveryMissing (nothing is published, or nothing for the period), CannotWrite.
    """
    path = folder / period.id / f"{office.file_stem('annex', period.id)}.xlsx"
    with open_published(published, period) as seen, printed_in(office.locale):
        metrics = Table("Metrics", METRIC_COLUMNS, _rows(seen, METRICS))
        sellers = _listed(seen, "Sellers", SELLERS, SELLER_START, SELLER_MEASURES, SELLER_END)
        products = _listed(seen, "Products", PRODUCTS, PRODUCT_START, PRODUCT_MEASURES, PRODUCT_END, PRODUCT_COUNTS)
        totals = Table("Totals", TOTAL_COLUMNS, _totals(seen, (sellers, products)))
        definitions = Table("Definitions", DEFINITION_COLUMNS, _rows(seen, DEFINITIONS))
        tables = (metrics, sellers.table, products.table, totals, definitions)
        about = [*about_period(seen, office), Line("How to read", HOW_TO_READ), Line(""), Line("Sheets")]
        about += [Line(table.sheet, plural(table.rows.height, "line")) for table in tables]
        for listed in (sellers, products):
            if listed.left_out:
                about.append(
                    Line(f"Not in {listed.table.sheet}", f"Nothing to say here: {', '.join(listed.left_out)}.")
                )
        title = f"{office.brand} {office.code}: annex, {period.label}"
        write_workbook(path, office, title, seen.run.as_of, about, tables)
    return path


def _rows(seen: Published, sql: str) -> pl.DataFrame:
    given = {"period": seen.period.id, "end": seen.period.end}
    return seen.con.execute(sql, {name: value for name, value in given.items() if f"${name}" in sql}).pl()


def _listed(
    seen: Published,
    sheet: str,
    sql: str,
    start: tuple[Column, ...],
    measures: tuple[Measure, ...],
    end: tuple[Column, ...],
    counts: tuple[Measure, ...] = (),
) -> Listed:
    rows = _rows(seen, sql.format(pivot=_pivot(sheet.lower().removesuffix("s"), measures)))
    rows = rows.with_columns(unit=pl.lit(None, pl.String))
    columns = [*start, *(column for measure in measures for column in _columns(measure)), *end]
    empty = [
        c for c in columns if rows[c.name].is_null().all() and not (c.reason and rows[c.reason].is_not_null().any())
    ]
    kept = tuple(column for column in columns if column not in empty)
    total = {start[0].name: f"All {sheet.lower()}, published"}
    for measure in (*measures, *counts):
        total |= _total_cells(measure, seen.at(measure.metric))
    return Listed(Table(sheet, kept, rows, total), (*measures, *counts), tuple(column.title for column in empty))


def _pivot(scope: str, measures: tuple[Measure, ...]) -> str:
    """A line for each seller or product: of each metric its value, its cases, and why it has none. Money is taken as
    the whole cents that it is."""
    parts = (
        f"max({'numerator' if m.kind == 'cents' else 'value'}) filter (where metric = '{m.metric}') as {m.metric}, "
        f"max(n) filter (where metric = '{m.metric}') as {m.metric}_n, "
        f"max(reason) filter (where metric = '{m.metric}') as {m.metric}_reason"
        for m in measures
    )
    return (
        f"select entity_id, {', '.join(parts)} from metrics "
        f"where period_id = $period and scope = '{scope}' group by entity_id"
    )


def _columns(measure: Measure) -> Iterator[Column]:
    yield Column(measure.metric, measure.title, measure.kind, reason=f"{measure.metric}_reason")
    if measure.n_title:
        yield Column(f"{measure.metric}_n", measure.n_title, "whole")


def _total_cells(measure: Measure, whole: Value | None) -> dict[str, Any]:
    if whole is None:
        return {}
    value = whole.numerator if measure.kind == "cents" else whole.value
    return {measure.metric: value, f"{measure.metric}_n": whole.n, f"{measure.metric}_reason": whole.reason}


def _totals(seen: Published, sheets: tuple[Listed, ...]) -> pl.DataFrame:
    """What the lines of a sheet add up to, beside the published total; money in units of the currency."""
    lines = [
        _total_line(seen, listed.table, measure) for listed in sheets for measure in listed.totalled if measure.is_part
    ]
    schema = {"sheet": pl.String, "title": pl.String, "lines": pl.Float64, "published": pl.Float64}
    schema |= {"difference": pl.Float64, "unit": pl.String, "note": pl.String}
    return pl.DataFrame([line for line in lines if line is not None], schema=schema, orient="row")


def _total_line(seen: Published, table: Table, measure: Measure) -> tuple[Any, ...] | None:
    whole = seen.at(measure.metric)
    total = None if whole is None else _total_cells(measure, whole)[measure.metric]
    if total is None or not any(column.name == measure.metric for column in table.columns):
        return None
    difference = int(table.rows[measure.metric].sum()) - int(total)
    divisor, unit = (100, seen.run.currency) if measure.kind == "cents" else (1, "count")
    amounts = (int(total) + difference, int(total), difference)
    return (
        table.sheet,
        measure.title,
        *(amount / divisor for amount in amounts),
        unit,
        _note(table, measure, difference),
    )


def _note(table: Table, measure: Measure, difference: int) -> str:
    """Why the lines of a sheet do not add up to the total, if they do not."""
    reason = f"{measure.metric}_reason"
    hidden = table.rows[reason].to_list().count("suppressed") if reason in table.rows.columns else 0
    if hidden:
        return f"{plural(hidden, 'line')} suppressed"
    if difference:
        return measure.differs or "not explained"
    return "the lines add up to the total"
