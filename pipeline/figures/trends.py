"""Thirteen months of one metric as a chart above its own table.

What belongs here: turning series of published values into `TimeChart`s, with their limits, targets and text
alternatives. Which metric is shown, and what is printed below it, is the page's choice; how it is drawn is
`pipeline.charts`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.figures.model import DataRow, Guide, TimeChart
from pipeline.figures.noise import month_limits
from pipeline.figures.numbers import Scale, digits_beside, goal, show
from pipeline.figures.published import Published, Value
from pipeline.figures.wording import scale_for
from pipeline.periods import parse

MONTHS = 13
COLUMNS_MM = 16.0  # columns of shares near 100 % need no more height; their values stand below them
SINGLE_MM = 6.0  # a line of one point needs no room to move in
WIDEST_DIGITS = 5  # what a column of the table below a chart holds


def month_axis(months: Sequence[str]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The first year, the labels `Mar … Feb`, and under each January its year."""
    labels = tuple(f"{parse(month).start:%b}" for month in months)
    under = tuple(month[:4] if month.endswith("-01") and index else "" for index, month in enumerate(months))
    return months[0][:4], labels, under


def month_line(
    published: Published, metric: str, title: str, extra: Mapping[str, str] | None = None
) -> TimeChart | None:
    """A line with process limits and, if there is one, the target. None without a value in the report's month.

    A line that falls at its end has its last value printed below, and so needs more room there.
    """
    series, now = _measured(published, metric)
    if now is None:
        return None
    scale = scale_for(published, metric)
    guides = _guides(published, metric, scale, now)
    values = [value.value for value in series if value and value.value is not None]
    bounds = [*values, *(guide.value for guide in guides)]
    margin = (max(bounds) - min(bounds) or 1.0) * 0.08
    falls = len(values) > 1 and values[-1] < values[-2]
    low, high = min(bounds) - (3 if falls else 1) * margin, max(bounds) + margin
    chart = _chart(published, metric, title, "line", series, scale, extra, guides, low, high)
    return chart if len(values) > 1 else replace(chart, height=SINGLE_MM)


def month_columns(
    published: Published, metric: str, title: str, extra: Mapping[str, str] | None = None, *, outlined: bool = True
) -> TimeChart | None:
    """Columns from zero, the target as an outlined column behind each. None without a value in the report's month."""
    series, now = _measured(published, metric)
    if now is None:
        return None
    scale = scale_for(published, metric)
    outlines = tuple(value.target if value else None for value in series) if outlined else ()
    highest = max([value.value for value in series if value and value.value is not None] + [t for t in outlines if t])
    guides: tuple[Guide, ...] = ()
    if outlined and now.target is not None:
        guides = (Guide(now.target, f"target {goal(now.target, scale)}", "target"),)
    chart = _chart(published, metric, title, "columns", series, scale, extra, guides, 0.0, highest * 1.04 or 1.0)
    return replace(chart, outlines=outlines if any(outlines) else (), height=COLUMNS_MM)


def row_of(published: Published, metric: str, months: Sequence[str], label: str) -> DataRow:
    """A metric's printed values under a chart's points, with as many decimals as the columns hold."""
    values = [published.at(metric, month) for month in months]
    scale = scale_for(published, metric)
    digits = scale.digits
    while True:
        texts = tuple(show(value.value if value else None, scale, digits=digits) for value in values)
        if not digits or max(sum(letter.isdigit() for letter in text) for text in texts) <= WIDEST_DIGITS - 1:
            return DataRow(f"{label}, {scale.unit}" if scale.unit else label, texts, figures=keys_of(metric, values))
        digits -= 1


def keys_of(metric: str, values: Sequence[Value | None], column: str = "value") -> tuple[str, ...]:
    """What leads from a row's printed values back to the published ones; '' where there is none."""
    return tuple(value.key(metric, column=column) if value and value.value is not None else "" for value in values)


def _measured(published: Published, metric: str) -> tuple[tuple[Value | None, ...], Value | None]:
    series = published.month_series(metric, MONTHS)
    now = series[-1]
    return series, now if now is not None and now.value is not None else None


def _guides(published: Published, metric: str, scale: Scale, now: Value) -> tuple[Guide, ...]:
    guides = []
    limits = month_limits(published, metric)
    if limits:
        usual = limits.within(published.metric(metric).unit)
        guides += [
            Guide(usual.high, f"upper limit {show(usual.high, scale)}", "limit"),
            Guide(limits.mean, f"mean {show(limits.mean, scale)}", "mean"),
            Guide(usual.low, f"lower limit {show(usual.low, scale)}", "limit"),
        ]
    if now.target is not None:
        guides.append(Guide(now.target, f"target {goal(now.target, scale)}", "target"))
    return tuple(guides)


def _chart(
    published: Published,
    metric: str,
    title: str,
    style: str,
    series: Sequence[Value | None],
    scale: Scale,
    extra: Mapping[str, str] | None,
    guides: tuple[Guide, ...],
    low: float,
    high: float,
) -> TimeChart:
    months = published.last_months(MONTHS)
    corner, labels, under = month_axis(months)
    values = tuple(value.value if value else None for value in series)
    own = row_of(published, metric, months, "Actual")
    texts = list(own.texts)
    now = series[-1]
    if now and now.value is not None and now.target is not None:
        texts[-1] = show(now.value, scale, digits=digits_beside(now.value, now.target, scale))
    more = (extra or {}).items()
    rows = [DataRow(own.label, tuple(texts), "strong", own.figures)]
    if any(value and value.target is not None for value in series):
        targets = (show(value.target if value else None, scale) for value in series)
        rows.append(DataRow("Target", tuple(targets)))
    rows += [row_of(published, name, months, label) for name, label in more if published.is_measured(name)]
    known = [value for value in values if value is not None]
    described = "; ".join(guide.label for guide in guides)
    alt = (
        f"{title}, {months[0]} to {months[-1]}: between {show(min(known), scale)} and {show(max(known), scale)}, "
        f"last {texts[-1]}{f'; {described}' if described else ''}. The table below holds every value."
    )
    return TimeChart(
        title=title,
        alt=alt,
        style="line" if style == "line" else "columns",
        corner=corner,
        labels=labels,
        under=under,
        values=values,
        rows=tuple(rows),
        low=low,
        high=high,
        guides=guides,
        last_label=texts[-1],
    )
