"""The week's figures beside the five weeks before it, and what the week's step says.

What belongs here: the choice of the rows and the table. Whether a step says anything is `pipeline.figures.noise`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.figures.measures import Footnotes, change_cell, move_cell, title_cell, value_cell
from pipeline.figures.model import Cell, Column, Row, Table
from pipeline.figures.numbers import digits_beside, notation, number, show
from pipeline.figures.published import Published
from pipeline.figures.wording import scale_for, verdict
from pipeline.periods import parse
from pipeline.statistics.process_limits import CHANGE_FACTOR, LIMIT_FACTOR

WEEKS = 6
WHOLE_DIGITS, DIGIT_MM = 5, 1.6  # characters before the point that a column of usual width holds; a further one
#: The rows by the area that answers for them: what is done first, then what comes of it.
GROUPS: dict[str, tuple[str, ...]] = {
    "messages": ("message_count", "active_messagers"),
    "service": ("inquiry_response_48h", "review_response_48h", "negative_review_response_48h"),
    "customers": ("rating_mean", "review_count", "cart_abandonment_rate"),
    "sales": ("orders", "new_buyers", "net_sales"),
}
#: Rows for an office that measures too few of those to fill the page.
FEWEST_ROWS = 8
MORE = ("active_buyers", "units", "active_products")
METRICS = tuple(metric for metrics in GROUPS.values() for metric in metrics)
_LEGEND = (
    "Move: better or worse when the week lies outside mean ± {factor} × mean moving range of the 13 weeks before, or "
    "its step is beyond {step_factor} × that range, and, where they have them, the 95 % intervals of the two weeks do "
    "not overlap; above or below when outside only. Δ is of unrounded values."
)
_TARGET_LEGEND = " Verdict: met at the target, near down to its floor, missed below."


def legend(source: Published) -> str:
    """How to read a move and, where the table has targets, a verdict."""
    text = _LEGEND.format(factor=number(LIMIT_FACTOR, 2), step_factor=number(CHANGE_FACTOR, 2))
    return text + _TARGET_LEGEND if _has_targets(source, chosen(source)) else text


def chosen(source: Published) -> dict[str, str]:
    """The metrics that have a value in one of the weeks shown, with the area that answers for each."""
    found = {metric: area for area, metrics in GROUPS.items() for metric in metrics if _is_known(source, metric)}
    more = [metric for metric in MORE if _is_known(source, metric)]
    return found | dict.fromkeys(more[: max(0, FEWEST_ROWS - len(found))], "sales")


def _is_known(source: Published, metric: str) -> bool:
    series = source.series(metric, WEEKS)
    return source.is_measured(metric) and any(value and value.value is not None for value in series)


def _has_targets(source: Published, metrics: Iterable[str]) -> bool:
    return any((value := source.at(metric)) and value.target is not None for metric in metrics)


def week_table(source: Published) -> Table | None:
    """None where nothing is known. A week that is not over is shown, but not compared: its counts are those of some
    days only; nor is the first one."""
    metrics = chosen(source)
    if not metrics:
        return None
    weeks = [parse(week) for week in source.periods[-WEEKS:]]
    is_compared = source.is_complete and len(weeks) > 1
    has_targets = _has_targets(source, metrics)
    notes, rows, area = Footnotes(), [], ""
    for metric, of in metrics.items():
        opens = bool(area) and of != area
        rows.append(_row(source, metric, notes, opens, is_compared=is_compared, has_targets=has_targets))
        area = of
    count = len(weeks)
    value_mm = _wide_enough(10.5, WHOLE_DIGITS, [cell.text for row in rows for cell in row.cells[1 : 1 + count]])
    step_mm = _wide_enough(14.0, WHOLE_DIGITS - 1, [row.cells[1 + count].text for row in rows] if is_compared else [])
    step = Column(f"Δ {source.period.previous.short}", "number", f"{step_mm}mm", 2, has_units=True)
    columns = (
        Column("Metric", "name"),
        *(Column(week.short, "number", f"{value_mm}mm", 2) for week in weeks),
        *((step, Column("Move", "word", "17.5mm")) if is_compared else ()),
        *((Column("Target", "number", "10mm", 1), Column("Verdict", "word", "14mm")) if has_targets else ()),
    )
    foot = "" if source.is_complete else f"{source.period.label.capitalize()} is not over, and so is not compared."
    title = "This week" if len(weeks) == 1 else f"The last {len(weeks)} weeks"
    return Table(title, columns, tuple(rows), foot=foot, notes=tuple(notes.texts))


def _wide_enough(width_mm: float, digits: int, texts: list[str]) -> float:
    """The width of a column that holds so many characters before the decimal point, wider where a text has more."""
    longest = max((len(text.partition(notation().decimal)[0]) for text in texts), default=0)
    return width_mm + DIGIT_MM * max(0, longest - digits)


def _row(
    source: Published, metric: str, notes: Footnotes, opens_group: bool, *, is_compared: bool, has_targets: bool
) -> Row:
    now, scale = source.at(metric), scale_for(source, metric)
    if scale.unit == source.run.currency:
        scale = replace(scale, digits=0)  # a week's money without cents
    digits = scale.digits
    if now and now.value is not None and now.target is not None:
        digits = digits_beside(now.value, now.target, scale)
    *earlier, last = source.series(metric, WEEKS)
    is_missing = now is None or now.value is None
    cells = [
        title_cell(source, metric, scale),
        *(value_cell(metric, value, scale) for value in earlier),
        replace(
            value_cell(metric, last, scale, digits),
            tone="strong",
            note=notes.missing(now) if now is None or is_missing else notes.few(now),
        ),
    ]
    if is_compared:
        cells += [change_cell(now, source.before(metric), scale), move_cell(source, metric)]
    if has_targets:
        target = now.target if now else None
        key = now.key(metric, column="target") if now and target is not None else ""
        text, tone = verdict(now) if now else (show(None, scale), "muted")
        cells += [Cell(show(target, scale), figure=key), Cell(text, tone=tone)]
    return Row(tuple(cells), opens_group=opens_group)
