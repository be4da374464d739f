"""A metric's last quarters as columns above the table of their values, intervals and cases.

What belongs here: the chart whose columns are quarters. Charts of months are `pipeline.figures.trends`; which metric is
shown is the page's choice.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.figures.model import MISSING_TEXT, DataRow, TimeChart
from pipeline.figures.numbers import count, show
from pipeline.figures.published import Published, Value
from pipeline.figures.quarterly.entity_moves import axis_of
from pipeline.figures.steps import INDICATIVE_BELOW
from pipeline.figures.trends import keys_of
from pipeline.figures.wording import scale_for

MOST_QUARTERS = 8
FEWEST_QUARTERS = 2
COLUMNS_MM = 12.0
LINE_STEPS, WHOLE_STEP = {"%": 0.05}, 1.0  # a line's scale runs between multiples of it


def quarter_axis(source: Published, length: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels `Q4 Q1 …` of the last quarters, and the year below the first and below each that begins one."""
    ids = source.periods[-length:]
    under = (
        period_id[:4] if not index or period_id[:4] != ids[index - 1][:4] else "" for index, period_id in enumerate(ids)
    )
    return tuple(period_id[5:] for period_id in ids), tuple(under)


def measured_from(series: Sequence[Value | None]) -> int:
    """The first position with a value: no chart keeps room for the time before anything was asked."""
    return next((index for index, value in enumerate(series) if value and value.value is not None), len(series))


def quarter_columns(
    source: Published, metric: str, title: str, cases: str, bounds: tuple[float, float] | None
) -> TimeChart | None:
    """Columns with the 95 % interval and the `cases` below each; None with fewer than two quarters.

    `bounds` hold zero and every value of the charts that share a scale; without them it is a line on a scale of its
    own, which its title states: columns of values that differ little would look alike.
    """
    series = source.series(metric, MOST_QUARTERS)
    series = series[measured_from(series) :]
    known = [value for value in series if value and value.value is not None]
    if len(known) < FEWEST_QUARTERS:
        return None
    scale = scale_for(source, metric)
    labels, under = quarter_axis(source, len(series))
    low, high = bounds or axis_of(known, LINE_STEPS.get(scale.unit, WHOLE_STEP))
    if bounds is None:
        title += f"; scale {show(low, scale, digits=0)} to {show(high, scale, digits=0)}"

    def texts(values: Sequence[float | None]) -> tuple[str, ...]:
        return tuple(show(value, scale) for value in values)

    actual = texts([value.value if value else None for value in series])
    cases_texts = tuple(count(value.n) if value and value.n is not None else MISSING_TEXT for value in series)
    rows = (
        DataRow(f"Actual, {scale.unit}" if scale.unit else "Actual", actual, "strong", keys_of(metric, series)),
        DataRow("95 % from", texts([value.low if value else None for value in series])),
        DataRow("to", texts([value.high if value else None for value in series])),
        DataRow(cases, cases_texts, figures=keys_of(metric, series, "n")),
    )
    return TimeChart(
        title=title,
        alt=f"{title}, {known[0].period_id} to {known[-1].period_id}: between "
        f"{show(min(value.value or 0.0 for value in known), scale)} and "
        f"{show(max(value.value or 0.0 for value in known), scale)}, last {show(known[-1].value, scale)}. "
        "The table below holds every value.",
        style="columns" if bounds else "line",
        corner="Quarter",
        labels=labels,
        under=under,
        values=tuple(value.value if value else None for value in series),
        rows=rows,
        low=low,
        high=high,
        last_label=show(known[-1].value, scale),
        wide=False,
        height=COLUMNS_MM,
    )


def bounds_of(source: Published, metrics: Sequence[str]) -> tuple[float, float]:
    """One scale for the columns of metrics that are read side by side: zero and all their values, with some room."""
    values = [
        value.value for metric in metrics for value in source.series(metric, MOST_QUARTERS) if value and value.value
    ]
    return 1.04 * min(values, default=0.0) if min(values, default=0.0) < 0 else 0.0, 1.04 * max([*values, 0.0]) or 1.0


def few_quarters_note(source: Published, metrics: Sequence[str]) -> str:
    """Which quarters rest on so few answers that they only indicate; '' when none does."""
    few = {
        (value.period_id, source.metric(metric).title): value.n
        for metric in metrics
        for value in source.series(metric, MOST_QUARTERS)
        if value and value.value is not None and value.n is not None and value.n < INDICATIVE_BELOW
    }
    named = ", ".join(f"{title} {period} ({count(n)})" for (period, title), n in few.items())
    return f"Indicative only, from fewer than {INDICATIVE_BELOW} answers: {named}." if named else ""
