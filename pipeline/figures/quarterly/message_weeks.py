"""The weeks of a quarter's messages: their chart, and the one step among them that is beyond the usual.

What belongs here: weeks held against the weeks before them. The way to the quarter's target is `message_paths.py`'s.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.figures.model import DataRow, Guide, TimeChart
from pipeline.figures.numbers import MISSING, THIN, change, count, listed, number, scale_of
from pipeline.figures.published import Published, Value
from pipeline.statistics.process_limits import Limits, process_limits

WEEKS = 13
DAYS = 7  # from one week to the next, where none lies between without a value
#: So many values on one side of the mean before them are a shift, not chance (Western Electric; Nelson 1984).
RUN = 8


@dataclass(frozen=True)
class WeekStep:
    """The quarter's largest step from one week to the next, larger than the limit of the moving range before.

    `stayed` weeks, this one and all after it, lie on its side of the mean before; 0 where not all do.
    """

    first_day: date
    now: float
    before: float
    limits: Limits
    stayed: int

    @property
    def share(self) -> float:
        return self.now / self.before - 1


def week_step(source: Published) -> WeekStep | None:
    """None without a step beyond the usual, or with too few weeks before to know what is usual."""
    shown, limits = _shown(source)
    if limits is None:
        return None
    steps = [
        (index, now.value - before.value)
        for index, ((before, _), (now, first_day)) in enumerate(itertools.pairwise(shown), 1)
        if first_day >= source.period.start and now.value is not None and before.value
    ]
    beyond = [(index, step) for index, step in steps if abs(step) > limits.change_limit]
    if not beyond:
        return None
    index, step = max(beyond, key=lambda found: abs(found[1]))
    since = [value.value or 0.0 for value, _ in shown[index:]]
    has_stayed = all(value > limits.mean if step > 0 else value < limits.mean for value in since)
    now = since[0]
    return WeekStep(shown[index][1], now, now - step, limits, len(since) if has_stayed else 0)


def step_clause(step: WeekStep) -> str:
    """`the week from 2026-02-02 rose by 25.0 %, beyond the usual step`."""
    verb = "rose" if step.now > step.before else "fell"
    by = f"{number(100 * abs(step.share), 1)}{THIN}%"
    return f"the week from {step.first_day} {verb} by {by}, beyond the usual step"


def run_sentence(step: WeekStep) -> str:
    """What came after the step, where it is enough weeks to be a shift; '' otherwise."""
    if step.stayed < RUN:
        return ""
    side = "above" if step.now > step.before else "below"
    return (
        f"All {count(step.stayed)} weeks from {step.first_day} on lie {side} {count(step.limits.mean)}, the mean of "
        f"the {WEEKS} before those shown."
    )


def weeks_note(source: Published, total: float) -> str:
    """Which weeks are beyond the limits, and why the weeks shown need not sum to the quarter; '' without weeks."""
    shown, limits = _shown(source)
    shown = shown[-WEEKS:]
    if len(shown) < 2:
        return ""
    text = f"Weeks from {shown[0][1]} to {shown[-1][1] + timedelta(days=DAYS - 1)}"
    weeks = sum(value.value or 0.0 for value, _ in shown)
    if weeks != total:
        text += f" sum to {count(weeks)}; the quarter's own days to {count(total)}"
    text += "."
    for side, outside in _outside(shown, limits).items():
        text += f" {side}: {listed(outside)}." if outside else ""
    return text


def _outside(shown: list[tuple[Value, date]], limits: Limits | None) -> dict[str, list[str]]:
    if limits is None:
        return {}
    found = [(value.period_id[5:], value.value) for value, _ in shown if value.value is not None]
    return {
        "Above the upper limit": [week for week, value in found if value > limits.high],
        "Below the lower limit": [week for week, value in found if value < limits.low],
    }


def weeks_chart(source: Published, metric: str = "message_count", counted: str = "Messages") -> TimeChart | None:
    """The last thirteen complete weeks of a count with their growth, and the limits of the thirteen before."""
    shown, limits = _shown(source, metric)
    if len(shown) < 2:
        return None
    scale = scale_of("count", "")
    growth = [
        change(now.value, before.value, scale) if (monday - monday_before).days == DAYS else MISSING
        for (before, monday_before), (now, monday) in itertools.pairwise(shown)
    ]
    if len(shown) <= WEEKS:
        growth.insert(0, MISSING)
    shown = shown[-WEEKS:]
    values = [value.value or 0.0 for value, _ in shown]
    guides: tuple[Guide, ...] = ()
    if limits:
        guides = (
            Guide(limits.high, f"upper limit {count(limits.high)}", "limit"),
            Guide(limits.mean, f"mean {count(limits.mean)}", "mean"),
            Guide(limits.low, f"lower limit {count(limits.low)}", "limit"),
        )
    texts = tuple(count(value) for value in values)
    return TimeChart(
        title=f"{counted} by week",
        alt=(
            f"The last {len(shown)} complete weeks, from {count(min(values))} to {count(max(values))} {counted.lower()}"
            f"{'; ' if guides else ''}{'; '.join(guide.label for guide in guides)}. The table below holds every week."
        ),
        style="columns",
        corner="Week from",
        labels=tuple(value.period_id[5:] for value, _ in shown),
        under=tuple(f"{first_day:%m-%d}" for _, first_day in shown),
        values=tuple(values),
        rows=(DataRow(counted, texts, "strong"), DataRow("Growth, %", tuple(growth))),
        low=0.0,
        high=max(*values, *(guide.value for guide in guides)) * 1.04,
        guides=guides,
        last_label=texts[-1],
        height=12.0,
    )


def _shown(source: Published, metric: str = "message_count") -> tuple[list[tuple[Value, date]], Limits | None]:
    """The weeks of the chart with the one before them, and the limits of the thirteen weeks before the chart's."""
    weeks = source.weeks(metric, 2 * WEEKS)
    before = [value.value for value, _ in weeks[:-WEEKS]]
    return weeks[-WEEKS - 1 :], process_limits(before)
