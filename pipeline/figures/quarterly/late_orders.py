"""Where the quarter's late orders fell: by month, as a waterfall to the quarter's total, and by category.

What belongs here: counts of what was promised and what came late. Why it came late is not in the exports, and is not
said.
"""

from __future__ import annotations

from pipeline.figures.chart_shapes import Block, ColumnGroups
from pipeline.figures.customers import entity_name
from pipeline.figures.measures import value_cell
from pipeline.figures.model import MISSING_TEXT, Cell, Column, DataRow, Row, Table
from pipeline.figures.numbers import change, count, number, plural, scale_of, spelled
from pipeline.figures.published import Published, Value
from pipeline.periods import Period, containing

METRIC = "on_time_delivery_rate"
CATEGORIES = 10
FEWEST_CATEGORIES = 3
HEIGHT_MM = 16.0
SHARE = scale_of("share", "")


def quarter_months(source: Published) -> list[Period]:
    """The quarter's months, in order."""
    months = [containing(source.period.start, "month", source.period.fiscal_year_start_month)]
    while months[-1].end < source.period.end:
        months.append(months[-1].next)
    return months


def late_waterfall(source: Published) -> ColumnGroups | None:
    """The months' late orders, each on top of the one before, to the quarter's total; the quarter before in front.

    None unless the months add up to the quarter: an order belongs to the month of its promise.
    """
    months = quarter_months(source)
    found = [source.at(METRIC, month.id) for month in months]
    now, before = source.at(METRIC), source.at(METRIC, source.period.previous.id)
    if now is None or now.denominator is None or now.numerator is None:
        return None
    late, due = [_late(value) for value in found], [_due(value) for value in found]
    if sum(late) != _late(now) or sum(due) != _due(now):
        return None
    labels, under, groups = [], [], []
    columns: list[tuple[int, int]] = []
    if before is not None and before.denominator:
        labels, under = [source.period.previous.short], [source.period.previous.id[:4]]
        groups.append((Block(0.0, float(_late(before)), "before", count(_late(before))),))
        columns.append((_late(before), _due(before)))
    height = 0
    for month, part, whole in zip(months, late, due, strict=True):
        labels.append(f"{month.start:%b}")
        groups.append((Block(float(height), float(height + part), "actual", count(part)),))
        columns.append((part, whole))
        height += part
    labels.append(source.period.short)
    groups.append((Block(0.0, float(height), "actual", count(height)),))
    columns.append((height, _due(now)))
    under += [""] * (len(labels) - len(under))
    said = ", ".join(f"{month.start:%B} {count(part)}" for month, part in zip(months, late, strict=True))
    return ColumnGroups(
        title="Late orders by the month of their promise",
        alt=f"{count(height)} of {count(_due(now))} orders late: {said}. The table below holds how many were due.",
        corner=str(source.period.start.year),
        labels=tuple(labels),
        under=tuple(under),
        groups=tuple(groups),
        rows=(
            DataRow("Due", tuple(count(whole) for _, whole in columns)),
            DataRow("Late", tuple(count(part) for part, _ in columns), "strong"),
            DataRow(
                "Late, %", tuple(number(100 * part / whole, 1) if whole else MISSING_TEXT for part, whole in columns)
            ),
        ),
        is_waterfall=True,
        wide=False,
        height=HEIGHT_MM,
    )


def _late(value: Value | None) -> int:
    return _due(value) - (value.numerator or 0) if value is not None else 0


def _due(value: Value | None) -> int:
    return (value.denominator or 0) if value is not None else 0


def late_categories(source: Published) -> Table | None:
    """The categories with the most late parts of orders; None with fewer than three."""
    values = source.entities(METRIC, "category")
    known = {key: value for key, value in values.items() if value.value is not None}
    if len(known) < FEWEST_CATEGORIES:
        return None
    before = source.entities(METRIC, "category", source.period.previous.id)
    ranked = sorted(known, key=lambda key: (-_late(known[key]), key))
    rows = [_category_row(source, key, known[key], before.get(key)) for key in ranked[:CATEGORIES]]
    rest = ranked[CATEGORIES:]
    if rest:
        rest_late, rest_due = sum(_late(known[key]) for key in rest), sum(_due(known[key]) for key in rest)
        label = plural(len(rest), "more category", "more categories")
        rows.append(Row((Cell(label), *_counts(rest_late, rest_due), Cell(""))))
    orders = source.at(METRIC)
    assert orders is not None  # its categories are known
    total = (Cell(count(_late(orders))), Cell(count(_due(orders))), value_cell(METRIC, orders, SHARE))
    rows.append(Row((Cell("All orders"), *total, Cell("")), is_total=True))
    columns = (
        Column("Category", "name"),
        Column("Late", "number", "10mm"),
        Column("Due", "number", "12mm"),
        Column("On time %", "number", "15mm", 1),
        Column(f"Δ {source.period.previous.short} pp", "number", "13mm", 1),
    )
    foot = (
        "Late: not there by the promised day, undelivered ones too; the exports do not say why. An order with goods of "
        "two categories counts in both, each part judged on its own promise; all orders: each counted once."
    )
    hidden = len(values) - len(known)
    if hidden:
        foot += f" {spelled(hidden, 'category', 'categories')} with fewer than ten due not shown."
    return Table("Late orders by category", columns, tuple(rows), foot=foot)


def _counts(late: int, due: int) -> tuple[Cell, ...]:
    return Cell(count(late)), Cell(count(due)), Cell(number(100 * (due - late) / due, 1) if due else MISSING_TEXT)


def _category_row(source: Published, key: str, value: Value, before: Value | None) -> Row:
    late, due, _ = _counts(_late(value), _due(value))
    return Row(
        (
            Cell(entity_name(source, "category", key)),
            late,
            due,
            value_cell(METRIC, value, SHARE, scope="category"),
            Cell(change(value.value, before.value if before else None, SHARE)),
        )
    )
