"""What a target can be asked of a process: the smallest change that shows, and the numbers proposed from it.

What belongs here: the formulas of METRICS.md A30 over plain numbers. Limits of the process and the verdict on a target
are `pipeline.statistics.process_limits`; which months a metric has is `pipeline.analyses.target_proposals`' work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from pipeline.statistics.intervals import Z
from pipeline.statistics.process_limits import Limits

POWER = 0.80
#: 1.96 + 0.8416: what a difference must be, in standard errors, to be seen at 95 % in four of five quarters.
DETECTABLE_ERRORS = Z + float(stats.norm.ppf(POWER))
#: The mean moving range of two points over the standard deviation (d2).
RANGES_PER_SIGMA = 1.128
MONTHS = 3


@dataclass(frozen=True)
class Proposal:
    """What the office could set itself for the next quarter, in the metric's unit. `stretch` needs a policy target."""

    committed: float
    stretch: float | None


def detectable_share(share: float, base: int, following: int) -> float:
    """The smallest change of a share that two quarters of so many cases show, in shares: 80 % power, 5 % two-sided.

    (1.96 + 0.8416) sqrt(p (1 - p) (1 / n0 + 1 / n1)). METRICS.md A30; Fleiss, Statistical Methods for Rates and
    Proportions (2003), ch. 4. Raises ZeroDivisionError without cases.
    """
    return DETECTABLE_ERRORS * math.sqrt(share * (1 - share) * (1 / base + 1 / following))


def detectable_mean(limits: Limits) -> float:
    """The same for the mean of three months against the three before, in the series' unit.

    The standard deviation of a month is its usual change over 1.128, so that a trend does not pass for noise.
    """
    return DETECTABLE_ERRORS * sigma(limits) * math.sqrt(2 / MONTHS)


def sigma(limits: Limits) -> float:
    """The standard deviation of one value about its mean, from the moving ranges. Wheeler (1993)."""
    return limits.usual_change / RANGES_PER_SIGMA


def best_improvement(values: Sequence[float | None], better: str) -> float | None:
    """The largest step for the better from three consecutive months' mean to the next three's; None without six.

    Never below 0: a process that only got worse has not improved.
    """
    sign = _sign(better)
    steps = []
    for start in range(len(values) - 2 * MONTHS + 1):
        known = [value for value in values[start : start + 2 * MONTHS] if value is not None]
        if len(known) == 2 * MONTHS:
            steps.append(sign * (math.fsum(known[MONTHS:]) - math.fsum(known[:MONTHS])) / MONTHS)
    return max(0.0, *steps) if steps else None


def propose(
    baseline: float,
    change: float,
    better: str,
    unit: str,
    *,
    policy: float | None = None,
    floor: float | None = None,
    limits: Limits | None = None,
    improvement: float | None = None,
) -> Proposal:
    """A committed and a stretch target for the next quarter; all but `better` and `unit` in one unit.

    Committed: the baseline moved for the better by the detectable change, within what the unit can be (a share never
    passes 1), and never worse than the contractual floor. Stretch: the policy target when the process can get there,
    that is when it lies within the limits, or no further beyond the committed one than another such change or the best
    improvement so far; otherwise half way to it. A policy that is already committed to is no stretch: then both are
    the same. METRICS.md A30, whose worked office reaches 95 % from 82 % committed to 89.6 %. Less is better: mirrored.
    """
    sign = _sign(better)
    reach = Limits(baseline, baseline - change, baseline + change, change).within(unit)
    committed = reach.high if better == "up" else reach.low
    if floor is not None:
        committed = _better_of(committed, floor, sign)
    if policy is None:
        return Proposal(committed, None)
    further = committed + sign * max(change, improvement or 0.0)
    if limits is not None:
        further = _better_of(further, limits.high if better == "up" else limits.low, sign)
    stretch = policy if sign * (policy - further) <= 0 else (committed + policy) / 2
    return Proposal(committed, _better_of(stretch, committed, sign))


def _better_of(one: float, other: float, sign: int) -> float:
    return max(one, other, key=lambda value: sign * value)


def _sign(better: str) -> int:
    if better not in ("up", "down"):
        raise ValueError(f"better is {better!r}, neither 'up' nor 'down'")
    return 1 if better == "up" else -1
