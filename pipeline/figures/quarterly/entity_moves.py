"""How it is printed whether a category or a touchpoint stepped beyond noise since the quarter before.

What belongs here: the word for a step, and the table of one metric by entity. The test is `pipeline.figures.steps`',
the marketplace's own move `pipeline.figures.noise`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.figures.measures import interval_mark, interval_text, value_cell
from pipeline.figures.model import MISSING_TEXT, Cell, Column, Interval, Row, Table
from pipeline.figures.numbers import THIN, change, count, show
from pipeline.figures.published import Published, Value
from pipeline.figures.steps import INDICATIVE_BELOW, cases, steps_beyond_noise
from pipeline.figures.wording import scale_for

WIDE_MARK_PX = 160  # a dot plot as wide as its column


def step_cell(pair: tuple[Value, Value] | None, now: Value, before: Value | None, better: str = "up") -> Cell:
    """Better, worse or within noise; too few where it was not tested, a dash without a quarter before."""
    if before is None or before.value is None:
        return Cell(MISSING_TEXT, tone="muted")
    if min(cases(now), cases(before)) < INDICATIVE_BELOW:
        return Cell("too few", tone="muted")
    if pair is None:
        return Cell("within noise", tone="muted")
    is_good = ((pair[0].value or 0.0) > (pair[1].value or 0.0)) == (better == "up")
    return Cell("▲ better", tone="good") if is_good else Cell("▼ worse", tone="bad")


def entity_table(
    source: Published,
    metric: str,
    scope: str,
    names: Mapping[str, str],
    title: str,
    head: str,
    step: float,
    foot: str = "",
) -> Table | None:
    """One metric by entity, in the order of `names`: value, interval, cases, step and its test, dot and interval.

    The axis runs between multiples of `step` around every interval. None when no entity has a value.
    """
    now = source.entities(metric, scope)
    before = source.entities(metric, scope, source.period.previous.id)
    shown = [key for key in names if key in now and now[key].value is not None]
    if not shown:
        return None
    scale = scale_for(source, metric)
    stepped = steps_beyond_noise({key: now[key] for key in names if key in now}, before)
    low, high = axis_of([now[key] for key in shown], step)
    rows = tuple(
        Row(
            (
                Cell(names[key]),
                value_cell(metric, now[key], scale, scope=scope),
                Cell(interval_text(now[key], scale), tone="muted"),
                Cell(count(cases(now[key])), figure=now[key].key(metric, scope, "n")),
                Cell(change(now[key].value, before[key].value if key in before else None, scale)),
                step_cell(stepped.get(key), now[key], before.get(key), source.metric(metric).better),
                Cell("", mark=_wide(interval_mark(now[key], before.get(key), low, high, scale))),
            )
        )
        for key in shown
    )
    digits = 0 if scale.unit in ("%", "points") else 1
    columns = (
        Column(head, "name"),
        Column(scale.unit.capitalize(), "number", "15mm", scale.digits),
        Column("95 % interval", "word-right", "26mm"),
        Column("n", "number", "14mm"),
        Column(f"Δ {source.period.previous.short}", "number", "16mm", scale.digits),
        Column("Move", "word", "21mm"),
        Column(f"Scale {show(low, scale, digits=digits)} to {show(high, scale, digits=digits)}", "mark", "43mm"),
    )
    return Table(title, columns, rows, foot=foot)


def _wide(mark: Interval | None) -> Interval | None:
    return mark and replace(mark, width=WIDE_MARK_PX)


def axis_of(values: Sequence[Value], step: float) -> tuple[float, float]:
    """Multiples of `step` around every value and its interval."""
    low = min(value.low if value.low is not None else value.value or 0.0 for value in values)
    high = max(value.high if value.high is not None else value.value or 0.0 for value in values)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def mark_note(source: Published) -> str:
    return f"Dot: {source.period.label} with its 95{THIN}% interval; ring: {source.period.previous.label}."
