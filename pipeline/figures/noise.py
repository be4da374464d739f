"""Whether a move says anything: process limits and intervals, and the move held against them.

What belongs here: the one test that every sentence with a direction in it rests on. A month is held against the limits
of the twelve before it, a week against those of the thirteen before it; a quarter, which has too few like it, by a
test of two samples against the one before (`steps.py`). The limits' formula is `pipeline.statistics.process_limits`;
wording belongs to `wording.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.figures.published import Metric, Published, Value
from pipeline.figures.steps import LARGEST_P, adjusted_chances
from pipeline.statistics.process_limits import Limits, process_limits

BASELINE_MONTHS = 12
#: Who has bought before is known since the record began: while it is young, more come back by its growing alone.
GROWS_WITH_THE_RECORD = ("repeat_customer_share",)
YOUNG_DAYS = 3 * 365
BASELINE_WEEKS = 13


@dataclass(frozen=True)
class Move:
    """A metric's step from the period before.

    `is_outside`: the period lies outside the limits of those before it. `is_beyond_noise`: it does so on the side it
    moved to (or, of a week, its step is larger than the limit of the moving range) and, where both periods have
    intervals, these do not overlap; of a quarter, which has no `limits`, the test of its step is passed. `size`: the
    step in mean moving ranges or, without limits, in half widths of the two intervals together. `is_good` is None when
    neither direction is better.
    """

    metric: Metric
    now: Value
    before: Value
    limits: Limits | None
    is_outside: bool
    is_beyond_noise: bool
    size: float
    is_rise: bool
    is_good: bool | None


def limits_of(published: Published, metric: str) -> Limits | None:
    """What the period is held against: the limits of the twelve months before a month, or of the thirteen weeks before
    a week; None for a quarter."""
    if published.period.type == "week":
        before = published.series(metric, BASELINE_WEEKS + 1)[:-1]
        return process_limits([value.value if value else None for value in before])
    return month_limits(published, metric) if published.period.type == "month" else None


def month_limits(published: Published, metric: str) -> Limits | None:
    """The limits of the twelve months before the report's period, for charts of months; None while the metric moves
    with the record's length."""
    if is_growing_with_the_record(published, metric):
        return None
    own = 3 if published.period.type == "quarter" else 1
    before = published.month_series(metric, BASELINE_MONTHS + own)[:-own]
    return process_limits([value.value if value else None for value in before])


def move_of(published: Published, metric: str) -> Move | None:
    """The metric's move into this period; None when either period or the test is missing, or nothing moved, or when
    the metric moves with the record's length.

    A quarter's step is tested together with those of all other metrics, and the p adjusted for as many. Its counts have
    no test: their interval is that of pure chance, which any season passes.
    """
    if is_growing_with_the_record(published, metric):
        return None
    now, before = published.at(metric), published.before(metric)
    if now is None or before is None or now.value is None or before.value is None or now.value == before.value:
        return None
    limits, half_widths = limits_of(published, metric), _half_widths(now, before)
    entry = published.metric(metric)
    is_rise = now.value > before.value
    if limits is None:
        chance = _chances(published).get(metric) if published.period.type == "quarter" else None
        if chance is None:
            return None
        passes = chance < LARGEST_P
    else:
        passes = now.value > limits.high if is_rise else now.value < limits.low
        if published.period.type == "week":
            passes = passes or abs(now.value - before.value) > limits.change_limit
        passes = passes and _are_apart(now, before)
    usual = limits.usual_change if limits else half_widths
    return Move(
        metric=entry,
        now=now,
        before=before,
        limits=limits,
        is_outside=limits is not None and not limits.low <= now.value <= limits.high,
        is_beyond_noise=passes,
        size=abs(now.value - before.value) / usual if usual else math.inf,
        is_rise=is_rise,
        is_good=None if entry.better not in ("up", "down") else is_rise == (entry.better == "up"),
    )


def _chances(published: Published) -> dict[str, float]:
    """The adjusted p of each metric's step from the quarter before, of all that can be tested."""
    metrics = [
        metric
        for metric, entry in published.catalogue.items()
        if entry.unit != "count" and not is_growing_with_the_record(published, metric)
    ]
    now = {metric: value for metric in metrics if (value := published.at(metric))}
    before = {metric: value for metric in metrics if (value := published.before(metric))}
    return adjusted_chances(now, before)


def is_growing_with_the_record(published: Published, metric: str) -> bool:
    """Whether a rise of the metric says no more than that the record has become longer."""
    return metric in GROWS_WITH_THE_RECORD and (published.period.start - published.run.first_day).days < YOUNG_DAYS


def _half_widths(now: Value, before: Value) -> float | None:
    """The half widths of two intervals together; None where one has none."""
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return None
    return (now.high - now.low + before.high - before.low) / 2


def _are_apart(one: Value, other: Value) -> bool:
    """Whether two intervals do not overlap; True where one of them has none."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return True
    return one.low > other.high or one.high < other.low


@dataclass(frozen=True)
class Shift:
    """An entity whose month stands outside its own usual range, however slowly it got there."""

    entity_id: str
    now: Value
    limits: Limits
    is_rise: bool

    @property
    def distance(self) -> float:
        return abs((self.now.value or 0.0) - self.limits.mean)


def shifts(published: Published, metric: str, scope: str, fewest: int) -> list[Shift]:
    """Entities with at least `fewest` cases whose month lies outside the limits of its twelve before, and whose
    interval
    excludes their mean; the furthest first."""
    found = []
    for entity, series in published.entity_series(metric, scope, BASELINE_MONTHS + 1).items():
        now, limits = series[-1], process_limits([value.value if value else None for value in series[:-1]])
        if now is None or now.value is None or limits is None or (now.n or 0) < fewest:
            continue
        contains_mean = now.low is None or now.high is None or now.low <= limits.mean <= now.high
        if not contains_mean and not limits.low <= now.value <= limits.high:
            found.append(Shift(entity, now, limits, now.value > limits.mean))
    return sorted(found, key=lambda shift: (-shift.distance, shift.entity_id))


def moves_beyond_noise(published: Published, metrics: Sequence[str]) -> list[Move]:
    """The moves beyond noise, the largest against its usual step first; a quarter's in the order of `metrics`, since
    intervals tell how well a figure is known, not how far it usually moves."""
    found = [move_of(published, metric) for metric in metrics]
    beyond = [move for move in found if move and move.is_beyond_noise]
    return sorted(beyond, key=lambda move: (-move.size if move.limits else 0.0, metrics.index(move.metric.metric)))
