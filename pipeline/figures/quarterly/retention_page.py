"""Page 6: who came back. Repeat share, retention, where each quarter's buyers came from, the cohort triangle.

What belongs here: the choice and order of what the page shows. The triangle is `cohort_triangle.py`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from pipeline.figures.customers import entity_name
from pipeline.figures.measures import interval_mark, mark_legend, value_cell, with_year_before
from pipeline.figures.model import BigNumber, Cell, Column, Row, Sentence, Table, TimeChart
from pipeline.figures.numbers import change, count, number, plural, scale_of
from pipeline.figures.published import Published, Value
from pipeline.figures.quarterly.cohort_triangle import cohort_triangle
from pipeline.figures.quarterly.quarter_columns import bounds_of, quarter_columns
from pipeline.figures.wording import big_number, not_measured, page_message, state_sentence
from pipeline.periods import parse
from pipeline.settings import Office

KEPT = "customer_retention_rate"
METRICS = (KEPT, "repeat_customer_share")
LEAD = "repeat_customer_share"
QUARTERS = 8
CATEGORIES = 8
FEWEST_CATEGORIES = 3
SHARE = scale_of("share", "")
COUNT = scale_of("count", "")


@dataclass(frozen=True)
class RetentionPage:
    message: Sentence
    number: BigNumber | None
    kept: TimeChart | None
    repeat: TimeChart | None
    lengthens: str
    quarters: Table
    categories: Table | None
    cohorts: Table | None
    not_measured: str


def retention_page(source: Published, office: Office) -> RetentionPage | None:
    """The page; None without a buyer in the quarter."""
    now = source.at(LEAD)
    if now is None or now.value is None:
        return None
    message, told = _message(source)
    return RetentionPage(
        message=message,
        number=big_number(source, told),
        kept=_by_quarter(source, KEPT, "Customers kept, % of the quarter before's buyers", "Buyers before"),
        repeat=_by_quarter(source, LEAD, "Repeat customers, % of the quarter's buyers", "Buyers"),
        lengthens=f"The share of repeat customers rises as the record lengthens (it begins {_first_day(source)}): more "
        "buyers have an order on record to come back from. It is not judged here.",
        quarters=_quarters(source),
        categories=_categories(source),
        cohorts=cohort_triangle(source),
        not_measured=not_measured(source, METRICS),
    )


def _message(source: Published) -> tuple[Sentence, str]:
    """The share of customers kept. Buying has its seasons, so it is held beside the same quarter a year before; the
    share of repeat customers grows with the length of the record, and leads only where no other is known."""
    now = source.at(KEPT)
    if now is None or now.value is None:
        return Sentence(state_sentence(source, LEAD), "no quarter before"), LEAD
    sentence, told = page_message(source, [KEPT], KEPT)
    text = with_year_before(source, sentence.text, told)
    rule = sentence.rule if text == sentence.text else f"{sentence.rule}, and the year before"
    return Sentence(text, rule), told


def _by_quarter(source: Published, metric: str, title: str, cases: str) -> TimeChart | None:
    return quarter_columns(source, metric, title, cases, bounds_of(source, [metric]))


def _first_day(source: Published) -> date:
    first_day: date = source.rows("select first_day from run")[0][0]
    return first_day


def _quarters(source: Published) -> Table:
    """Each quarter's buyers: those kept from the quarter before, those won back, and the new ones."""
    ids = source.periods[-QUARTERS:]
    rows = []
    for period_id in reversed(ids):
        kept = source.at("customer_retention_rate", period_id)
        is_known = kept is not None and kept.numerator is not None
        rows.append(
            Row(
                (
                    Cell(parse(period_id).label),
                    _value(source, "active_buyers", period_id),
                    _value(source, "new_buyers", period_id),
                    Cell(
                        count(kept.numerator), figure=kept.key("customer_retention_rate", column="numerator")
                    ) if kept is not None and kept.numerator is not None else Cell("–"),
                    _value(source, "won_back_buyers", period_id) if is_known else Cell("–"),
                    _value(source, "customer_retention_rate", period_id),
                    _value(source, LEAD, period_id),
                ),
            )
        )  # fmt: skip
    columns = (
        Column("Quarter", "name", "15mm"),
        Column("Buyers", "number"),
        Column("New", "number"),
        Column("Kept", "number"),
        Column("Won back", "number"),
        Column("Kept %", "number", "", 1),
        Column("Repeat %", "number", "", 1),
    )
    return Table("Where the buyers came from", columns, tuple(rows), foot=_quarters_foot(source, ids))


def _quarters_foot(source: Published, ids: tuple[str, ...]) -> str:
    adds_up = "New, kept and won back add up to the buyers. " if _adds_up(source, ids) else ""
    return (
        f"{adds_up}Kept %: of the buyers of the quarter before. Repeat %: of this quarter's, with orders on two days "
        f"or more by its end. The record begins on {_first_day(source)}: who bought only before it counts as new."
    )


def _adds_up(source: Published, ids: tuple[str, ...]) -> bool:
    """Whether new, kept and won back make the buyers of every quarter where all four are known."""
    sums = []
    for period_id in ids:
        parts = [
            source.at(metric, period_id) for metric in ("new_buyers", "customer_retention_rate", "won_back_buyers")
        ]
        buyers = source.at("active_buyers", period_id)
        numbers = [part.numerator for part in parts if part is not None and part.numerator is not None]
        if buyers is not None and buyers.numerator is not None and len(numbers) == len(parts):
            sums.append(sum(numbers) == buyers.numerator)
    return bool(sums) and all(sums)


def _value(source: Published, metric: str, period_id: str) -> Cell:
    scale = COUNT if source.metric(metric).unit == "count" else SHARE
    return value_cell(metric, source.at(metric, period_id), scale)


def _categories(source: Published) -> Table | None:
    """The repeat share of the categories with the most buyers."""
    values = {key: value for key, value in source.entities(LEAD, "category").items() if value.value is not None}
    if len(values) < FEWEST_CATEGORIES:
        return None
    before = source.entities(LEAD, "category", source.period.previous.id)
    ranked = sorted(values, key=lambda key: (-(values[key].n or 0), key))
    shown = ranked[:CATEGORIES]
    low, high = _axis([values[key] for key in shown])
    rows = tuple(_category_row(source, key, values[key], before.get(key), (low, high)) for key in shown)
    columns = (
        Column("Category", "name"),
        Column("Buyers", "number", "12mm"),
        Column("Repeat %", "number", "13mm", 1),
        Column(f"Δ {source.period.previous.short} pp", "number", "13mm", 1),
        Column(f"{number(100 * low)} to {number(100 * high)} %", "mark", "18mm"),
    )
    rest = ranked[CATEGORIES:]
    foot = mark_legend(source)
    if rest:
        fewest = values[shown[-1]].n or 0
        foot = f"{foot} {plural(len(rest), 'more category', 'more categories')} with at most {count(fewest)} buyers."
    return Table("Repeat customers by category", columns, rows, foot=f"{foot} A buyer may buy in several.")


def _category_row(source: Published, key: str, value: Value, before: Value | None, axis: tuple[float, float]) -> Row:
    return Row(
        (
            Cell(entity_name(source, "category", key)),
            Cell(count(value.n or 0), figure=value.key(LEAD, "category", "n")),
            value_cell(LEAD, value, SHARE, scope="category"),
            Cell(change(value.value, before.value if before else None, SHARE)),
            Cell("", mark=interval_mark(value, before, *axis, SHARE)),
        )
    )


def _axis(values: list[Value]) -> tuple[float, float]:
    """Whole steps of five points around every interval shown."""
    lowest = min(value.low if value.low is not None else value.value or 0.0 for value in values)
    highest = max(value.high if value.high is not None else value.value or 0.0 for value in values)
    return math.floor(lowest * 20) / 20, math.ceil(highest * 20) / 20
