"""What the last three months came to, and the smallest change of it that the next quarter would show.

What belongs here: pooling months by the kind of metric, with limits (METRICS.md A30, point 1). What is proposed from it
is `pipeline.statistics.targets`; which months there are is said by `pipeline.analyses.target_proposals`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.statistics import intervals
from pipeline.statistics.process_limits import Limits
from pipeline.statistics.targets import MONTHS, detectable_mean, detectable_share, sigma


@dataclass(frozen=True)
class Figure:
    """A metric's value in one month, and the whole numbers that it comes from where there are any."""

    value: float | None
    numerator: int | None = None
    denominator: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Baseline:
    """Value, 95 % limits and detectable change in the unit of the metric; of a quarter's sum where months are added.

    `basis` is pooled_cases, pooled_ratio, mean_of_months or sum_of_months.
    """

    basis: str
    value: float
    low: float
    high: float
    change: float
    numerator: int | None = None
    denominator: int | None = None


def baseline_of(
    figures: Sequence[Figure], interval: str, limits: Limits | None, *, is_counted: bool = False, months_added: int = 1
) -> Baseline | None:
    """The baseline of three months that have values; `interval` is the catalogue's kind.

    A share pools its cases, and expects as many in the next quarter; it needs no limits. Anything else is judged by its
    month-to-month variation (`limits`, of single months): None without. A mean, score or rate weighs the months by
    their denominators; a count or sum (`is_counted`), a median and the like take the months alike, times
    `months_added`.
    """
    cases = _total([figure.denominator for figure in figures])
    numerator = _total([figure.numerator for figure in figures])
    if interval == "wilson" and cases and numerator is not None:
        share = numerator / cases
        low, high = intervals.wilson(numerator, cases)
        change = detectable_share(share, cases, cases)
        return Baseline("pooled_cases", share, float(low), float(high), change, numerator, cases)
    if limits is None:
        return None
    half = months_added * intervals.Z * sigma(limits) / math.sqrt(MONTHS)
    change = months_added * detectable_mean(limits)
    if interval in ("mean_t", "nps", "poisson_rate") and cases:
        value = math.fsum((figure.value or 0.0) * (figure.denominator or 0) for figure in figures) / cases
        return Baseline("pooled_ratio", value, value - half, value + half, change, numerator, cases)
    value = months_added * math.fsum(figure.value or 0.0 for figure in figures) / MONTHS
    basis = "mean_of_months" if months_added == 1 else "sum_of_months"
    return Baseline(basis, value, value - half, value + half, change, numerator if is_counted else None)


def _total(numbers: Sequence[int | None]) -> int | None:
    """The sum, when every month has its number."""
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
