"""Process limits of a series (an XmR chart), and what a target can expect of a process that keeps to them.

What belongs here: the limits and the verdict on a target, over plain numbers. Whether one month's move says anything is
`pipeline.figures.noise`; what target to propose is the targets' own work.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FEWEST_VALUES = 8
#: 3 / 1.128: three sigma, where sigma is the mean moving range of two points over d2 = 1.128.
LIMIT_FACTOR = 2.66
#: D4 of ranges of two points: three sigma of the moving range itself.
CHANGE_FACTOR = 3.268

Assurance = Literal["pass", "fail", "hit_and_miss"]

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
    """The range that a series usually keeps, in its own unit: mean ± 2.66 × the mean moving range.

    `usual_change` is the mean moving range; a single step larger than `change_limit` is unusual by itself.
    """

    mean: float
    low: float
    high: float
    usual_change: float

    @property
    def change_limit(self) -> float:
        return CHANGE_FACTOR * self.usual_change

    def within(self, unit: str) -> Limits:
        """The same limits cut to what the unit can be (a share never passes 1): for printing, not for testing."""
        low, high = _BOUNDS.get(unit, (0.0, math.inf))
        return Limits(self.mean, max(self.low, low), min(self.high, high), self.usual_change)


def process_limits(values: Sequence[float | None]) -> Limits | None:
    """Limits from consecutive values, oldest first, None where one is missing; no step is taken across a gap.

    None with fewer than eight values, or when no value follows another: fewer say too little about the usual change.
    Wheeler, Understanding Variation (1993); NHS England, Making Data Count.
    """
    known = [value for value in values if value is not None]
    steps = [abs(b - a) for a, b in itertools.pairwise(values) if a is not None and b is not None]
    if len(known) < FEWEST_VALUES or not steps:
        return None
    mean, usual = math.fsum(known) / len(known), math.fsum(steps) / len(steps)
    return Limits(mean, mean - LIMIT_FACTOR * usual, mean + LIMIT_FACTOR * usual, usual)


def assurance(limits: Limits, target: float, better: str) -> Assurance:
    """Whether a process that keeps to its limits meets the target: always (`pass`), never (`fail`), or now and then.

    `better` is `up` or `down`, as the catalogue has it. A target on a limit is hit and miss. Raises ValueError for
    another direction. NHS England, Making Data Count: the assurance icons.
    """
    if better not in ("up", "down"):
        raise ValueError(f"better is {better!r}, neither 'up' nor 'down'")
    if limits.low <= target <= limits.high:
        return "hit_and_miss"
    return "pass" if (target < limits.low) == (better == "up") else "fail"
