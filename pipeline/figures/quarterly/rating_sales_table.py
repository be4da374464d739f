"""Whether products that are rated better sell more: the quarter's rank correlations with their intervals.

What belongs here: one table. It is about an association; the correlations are `pipeline.analyses.rating_sales`', and no
sentence here or on the page speaks of a cause (METRICS.md A25, B20).
"""

from __future__ import annotations

from pipeline.figures.measures import value_cell
from pipeline.figures.model import MISSING_TEXT, Cell, Column, Interval, Row, Table
from pipeline.figures.numbers import MINUS, count, digits_beside, scale_of, show
from pipeline.figures.published import Published, Value
from pipeline.figures.wording import REASONS

#: Metric, how a row says it, and the comparison in the published `rating_sales`.
COMPARISONS = (
    ("rating_sales_correlation", "Level", "level"),
    ("rating_sales_correlation_within_categories", "Within categories", "within_categories"),
    ("rating_sales_change_correlation", "Change", "change"),
)
_REASONS = {"too_few_products": "fewer than ten products to compare", "no_spread": "all rate or sell alike"}


def rating_sales_table(source: Published) -> Table | None:
    """The quarter's comparisons; None when none has a value."""
    values = [source.at(metric) for metric, _, _ in COMPARISONS]
    if not any(value and value.value is not None for value in values):
        return None
    indicative = _indicative(source)
    rows, notes = [], []
    for (metric, label, comparison), value in zip(COMPARISONS, values, strict=True):
        if value is None:
            continue
        rows.append(_row(metric, label, value, comparison in indicative))
        reason = value.reason or ""
        if value.value is None and reason:
            notes.append(f"{MISSING_TEXT} {label}: {_REASONS.get(reason, REASONS.get(reason, 'not known'))}.")
    columns = (
        Column("Comparison", "name", "23mm"),
        Column("n", "number", "8mm"),
        Column("ρ", "number", "10mm", 2),
        Column("95 % interval", "word-right", "23mm"),
        Column("", "mark", "18mm"),
    )
    foot = (
        f"ρ: Spearman's rank correlation, drawn from {MINUS}1 to +1, of products' ratings before with units sold now, "
        "and of their changes. An association, which says nothing about what drives what."
    )
    if indicative:
        foot += " (i): indicative, from few products."
    return Table("Products' ratings and their sales", columns, tuple(rows), foot=" ".join([foot, *notes]))


def _indicative(source: Published) -> set[str]:
    if not source.has("rating_sales"):
        return set()
    found = source.rows(
        "select comparison from rating_sales where period_id = $period and scope = 'all' and is_indicative",
        period=source.period.id,
    )
    return {row[0] for row in found}


def _row(metric: str, label: str, value: Value, is_indicative: bool) -> Row:
    scale = scale_of("ρ", "")
    span = ""
    if value.low is not None and value.high is not None:
        low, high = (show(bound, scale, digits=digits_beside(bound, 0.0, scale)) for bound in (value.low, value.high))
        span = f"{low} to {high}"
    return Row(
        (
            Cell(f"{label} (i)" if is_indicative else label, definition=metric),
            Cell(count(value.n), figure=value.key(metric, column="n")) if value.n is not None else Cell(""),
            value_cell(metric, value, scale),
            Cell(span, tone="muted"),
            Cell("", mark=_mark(value, label)),
        )
    )


def _mark(value: Value, label: str) -> Interval | None:
    """The interval on an axis from −1 to +1 with a line at none."""
    if value.value is None or value.low is None or value.high is None:
        return None
    low, point, high = (round((number + 1) / 2, 4) for number in (value.low, value.value, value.high))
    scale = scale_of("ρ", "")
    zero = "includes" if value.low <= 0 <= value.high else "excludes"
    alt = f"{label}: {show(value.value, scale)}, interval {show(value.low, scale)} to {show(value.high, scale)}"
    return Interval(low, point, high, f"{alt}, which {zero} 0", target=0.5)
