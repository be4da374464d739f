"""Which ratings rise or fall over their months, beyond chance: the verdicts of the published trend tests.

What belongs here: the table of products and sellers with a verdict, and the count of what was tested. Categories'
trends stand with their ratings (`category_ratings.py`); the tests are `pipeline.analyses.rating_trends`.
"""

from __future__ import annotations

from pipeline.figures.customers import entity_name
from pipeline.figures.measures import value_cell
from pipeline.figures.model import Cell, Column, Row, Table
from pipeline.figures.numbers import count, listed, number, plural, scale_of
from pipeline.figures.published import Published
from pipeline.figures.quarterly.category_ratings import VERDICTS, interval_words

ROWS_EACH_WAY = 4
_SCOPES = {"product": ("product", "products"), "seller": ("seller", "sellers")}

_FOUND = """
select scope, entity_id, verdict, months, slope, low, high, p_adjusted
from rating_trends
where period_id = $period and verdict in ('improving', 'declining') and scope in ('product', 'seller')
order by verdict, scope, slope * if(verdict = 'improving', -1, 1), entity_id
"""
_TESTED = """
select scope, count(*), max(months)
from rating_trends
where period_id = $period and p_value is not null and scope in ('product', 'seller')
group by scope
order by scope
"""


def trend_table(source: Published) -> Table | None:
    """The steepest of either direction, products before sellers; None when none has a trend."""
    found = source.rows(_FOUND, period=source.period.id)
    shown = [
        row
        for verdict in ("declining", "improving")
        for row in [row for row in found if row[2] == verdict][:ROWS_EACH_WAY]
    ]
    if not shown:
        return None
    means = {scope: source.entities("rating_mean", scope) for scope in ("product", "seller")}
    stars = scale_of("stars", "")
    rows = tuple(
        Row(
            (
                Cell(entity_name(source, scope, entity)),
                Cell(scope),
                value_cell("rating_mean", means[scope].get(entity), stars, scope=scope),
                Cell(count(months)),
                Cell(number(slope, 3, signed=True)),
                Cell(interval_words(low, high), tone="muted"),
                Cell(number(p, 3)),
                Cell(VERDICTS[verdict][0], tone=VERDICTS[verdict][1]),
            ),
            opens_group=index > 0 and shown[index - 1][2] != verdict,
        )
        for index, (scope, entity, verdict, months, slope, low, high, p) in enumerate(shown)
    )
    columns = (
        Column("Rating of", "name"),
        Column("", "word", "18mm"),
        Column(source.period.short, "number", "12mm", 2),
        Column("Months", "number", "15mm"),
        Column("Stars a month", "number", "21mm", 3),
        Column("95 % interval", "word-right", "32mm"),
        Column("Adjusted p", "number", "19mm", 3),
        Column("Verdict", "word", "21mm"),
    )
    more = len(found) - len(shown)
    foot = f"{plural(more, 'more trend')} not shown. " if more else ""
    return Table("Products and sellers with a trend", columns, rows, foot=foot + _tests_note(source))


def _tested(source: Published) -> tuple[str, int]:
    """What was tested, in words, and over how many months; '' and 0 when none had months enough."""
    tested = source.rows(_TESTED, period=source.period.id)
    return listed(plural(cases, *_SCOPES[scope]) for scope, cases, _ in tested), max(
        (row[2] for row in tested), default=0
    )


def _tests_note(source: Published) -> str:
    named, months = _tested(source)
    return f"Tested over up to {months} months, with a correction for many tests: {named}."


def no_trend_sentence(source: Published) -> str:
    """What the tests say where none has a verdict; '' where none was made."""
    named, months = _tested(source)
    if not named:
        return ""
    return (
        f"No product or seller shows a steady trend over up to {months} months: of {named}, none rises or falls month "
        "by month beyond chance, after a correction for many tests."
    )
