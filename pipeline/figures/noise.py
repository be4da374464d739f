"""Whether a month's move says anything: process limits, and the move held against them.

What belongs here: the XmR limits of METRICS.md A30 and the one test that every sentence with a direction in it rests on.
Wording belongs to `wording.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.figures.published import Metric, Published, Value

BASELINE_MONTHS = 12
FEWEST_MONTHS = 8
LIMIT_FACTOR = 2.66  # 3 / 1.128: three sigma from the mean moving range of two points (Wheeler; METRICS.md A30)

_BOUNDS = {
    "share": (0.0, 1.0),
    "stars": (1.0, 5.0),
    "points": (-100.0, 100.0),
    "mean 1–7": (1.0, 7.0),
    "count": (0.0, math.inf),
    "hours": (0.0, math.inf),
    "days": (0.0, math.inf),
    "cents": (-math.inf, math.inf),
}


@dataclass(frozen=True)
class Limits:
    """The range that a metric's months usually keep: mean ± 2.66 × the mean moving range, in the metric's own unit."""

    mean: float
    low: float
    high: float
    usual_change: float

    def within(self, unit: str) -> Limits:
        """The same limits cut to what the unit can be (a share never passes 1): for printing, not for testing."""
        low, high = _BOUNDS.get(unit, (0.0, math.inf))
        return Limits(self.mean, max(self.low, low), min(self.high, high), self.usual_change)


@dataclass(frozen=True)
class Move:
    """A metric's step from the month before.

    `is_beyond_noise`: the month lies outside the limits of the twelve before it and, where both months have intervals,
    these do not overlap. `times_usual`: the step in mean moving ranges. `is_good` is None when neither direction is better.
    """

    metric: Metric
    now: Value
    before: Value
    limits: Limits
    is_beyond_noise: bool
    times_usual: float
    is_rise: bool
    is_good: bool | None


def process_limits(months: Sequence[float | None]) -> Limits | None:
    """Limits from consecutive months, oldest first; None with fewer than eight values, or when none follows another."""
    values = [value for value in months if value is not None]
    steps = [abs(b - a) for a, b in zip(months, months[1:], strict=False) if a is not None and b is not None]
    if len(values) < FEWEST_MONTHS or not steps:
        return None
    mean, usual = math.fsum(values) / len(values), math.fsum(steps) / len(steps)
    return Limits(mean, mean - LIMIT_FACTOR * usual, mean + LIMIT_FACTOR * usual, usual)


def limits_of(published: Published, metric: str) -> Limits | None:
    """The limits of the twelve months before the report's."""
    before = published.series(metric, BASELINE_MONTHS + 1)[:-1]
    return process_limits([value.value if value else None for value in before])


def move_of(published: Published, metric: str) -> Move | None:
    """The metric's move into this month; None when either month or the limits are missing, or nothing moved."""
    now, before = published.at(metric), published.at(metric, published.period.previous.id)
    limits = limits_of(published, metric)
    if now is None or before is None or limits is None or now.value is None or before.value is None:
        return None
    if now.value == before.value:
        return None
    entry = published.metric(metric)
    is_rise = now.value > before.value
    is_outside = now.value > limits.high if is_rise else now.value < limits.low
    step = abs(now.value - before.value)
    return Move(
        metric=entry,
        now=now,
        before=before,
        limits=limits,
        is_beyond_noise=is_outside and are_apart(now, before),
        times_usual=step / limits.usual_change if limits.usual_change else math.inf,
        is_rise=is_rise,
        is_good=None if entry.better not in ("up", "down") else is_rise == (entry.better == "up"),
    )


def are_apart(one: Value, other: Value) -> bool:
    """Whether two intervals do not overlap; True where one of them has none."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return True
    return one.low > other.high or one.high < other.low


def moves_beyond_noise(published: Published, metrics: Sequence[str]) -> list[Move]:
    """The moves beyond noise, the largest against its usual step first."""
    found = [move_of(published, metric) for metric in metrics]
    beyond = [move for move in found if move and move.is_beyond_noise]
    return sorted(beyond, key=lambda move: (-move.times_usual, metrics.index(move.metric.metric)))
