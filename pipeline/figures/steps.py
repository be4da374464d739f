"""Whether a figure stepped between two periods, by a test of two samples, with a correction where many are tested.

What belongs here: the tests and their corrections. What a period is held against besides, the limits of those before
it, is `noise.py`'s; wording is `wording.py`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from pipeline.figures.published import Published, Value

LARGEST_P = 0.05
#: Cases; METRICS.md 0.7. Fewer are indicative only, and not tested.
INDICATIVE_BELOW = 30
INTERVAL_Z = 1.959964  # the half width of a 95 % interval, in standard errors


def steps_beyond_noise(now: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, tuple[Value, Value]]:
    """Those whose value stepped: an adjusted p below 5 %. In the order of `now`."""
    return {key: (now[key], before[key]) for key, p in adjusted_chances(now, before).items() if p < LARGEST_P}


def adjusted_chances(now: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, float]:
    """The two-sided p of each step, adjusted for all that are tested (Benjamini & Hochberg), in the order of `now`.

    Tested are those with at least 30 cases in both periods: shares by a two-proportion test, others by their
    difference against the errors that their intervals imply.
    """
    from pipeline.statistics.trends import adjusted_for_many  # SciPy, which a monthly needs not load

    chances = {
        key: chance(value, before[key])
        for key, value in now.items()
        if key in before and min(cases(value), cases(before[key])) >= INDICATIVE_BELOW
    }
    tested = {key: p for key, p in chances.items() if p is not None}
    adjusted = adjusted_for_many(list(tested.values())) if tested else ()
    return {key: float(p) for key, p in zip(tested, adjusted, strict=True)}


def chance(now: Value, before: Value) -> float | None:
    """The two-sided p of the step; None where it cannot be tested."""
    if _is_proportion(now) and _is_proportion(before):
        return chance_of_shares(now, before)
    errors = [_error(now), _error(before)]
    if now.value is None or before.value is None or 0.0 in errors:
        return None
    return math.erfc(abs(now.value - before.value) / math.hypot(*errors) / math.sqrt(2))


def steps_of_shares(published: Published, metric: str, scope: str, fewest: int) -> list[tuple[str, Value, Value]]:
    """Entities whose share stepped from the period before, by a two-proportion test held to 5 % over all of them.

    Each period needs at least `fewest` cases; Bonferroni's correction, since among many entities some always step. The
    largest step first.
    """
    now, before = published.entities(metric, scope), published.entities(metric, scope, published.period.previous.id)
    pairs = [
        (entity, value, before[entity])
        for entity, value in now.items()
        if entity in before and min(value.denominator or 0, before[entity].denominator or 0) >= fewest
    ]
    found = [pair for pair in pairs if len(pairs) * chance_of_shares(pair[1], pair[2]) < LARGEST_P]
    return sorted(found, key=lambda pair: (-abs((pair[1].value or 0.0) - (pair[2].value or 0.0)), pair[0]))


def chance_of_shares(one: Value, other: Value) -> float:
    """The two-sided p of a pooled two-proportion z test."""
    if one.numerator is None or one.denominator is None or other.numerator is None or other.denominator is None:
        return 1.0
    pooled = (one.numerator + other.numerator) / (one.denominator + other.denominator)
    error = math.sqrt(pooled * (1 - pooled) * (1 / one.denominator + 1 / other.denominator))
    if error == 0:
        return 1.0
    return math.erfc(abs(one.numerator / one.denominator - other.numerator / other.denominator) / error / math.sqrt(2))


def cases(value: Value) -> int:
    return int(value.n or 0) if value.value is not None else 0


def _is_proportion(value: Value) -> bool:
    """A share of cases, which are a sample: a census has no interval, and a share of money is none of cases."""
    return bool(
        value.denominator
        and value.n == value.denominator
        and value.numerator is not None
        and value.value is not None
        and value.low is not None
        and math.isclose(value.value, value.numerator / value.denominator)
        and 0 <= value.numerator <= value.denominator
    )


def _error(value: Value) -> float:
    return (value.high - value.low) / 2 / INTERVAL_Z if value.low is not None and value.high is not None else 0.0
