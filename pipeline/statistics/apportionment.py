"""Whole units divided in proportion to exact weights, nothing lost and nothing made.

What belongs here: the arithmetic alone. Whose weights they are, and what happens to the cents, is said in
`pipeline.analyses.royalties`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm


@dataclass(frozen=True)
class Part:
    """One part: the exact quota, the cent that rounding added (0 or 1), and the whole cents."""

    quota: Fraction
    rounding_cents: int
    cents: int
    is_capped: bool = False


def share_out(pool_cents: int, weights: Mapping[str, Fraction], cap_share: Fraction = Fraction(1)) -> dict[str, Part]:
    """Divide the pool in proportion to the weights, in whole cents that add up to it exactly.

    Largest remainder (Hamilton): each quota rounded down, the cents left over to the largest fractions; of equal ones
    to the larger quota, then to the smaller id. Nobody gets more than `cap_share` of the pool: who would is fixed
    there, and the rest is divided anew among the others (water-filling). If the cap leaves cents that nobody may take,
    all get equal parts. No positive weight: nothing is given.
    """
    common = lcm(*(weight.denominator for weight in weights.values()))
    whole = {who: int(weight * common) for who, weight in weights.items() if weight > 0}
    parts = {who: Part(Fraction(0), 0, 0) for who in weights}
    if not whole:
        return parts
    cap = int(cap_share * pool_cents)
    if cap * len(whole) < pool_cents:
        equal = _largest_remainder(pool_cents, dict.fromkeys(whole, 1), len(whole))
        return parts | {who: replace(part, is_capped=True) for who, part in equal.items()}
    left = pool_cents
    total = sum(whole.values())
    while over := [who for who, weight in whole.items() if left * weight > cap * total]:
        for who in over:
            parts[who] = Part(Fraction(cap), 0, cap, is_capped=True)
            total -= whole.pop(who)
            left -= cap
    return parts | _largest_remainder(left, whole, total)


def _largest_remainder(cents: int, weights: Mapping[str, int], total: int) -> dict[str, Part]:
    """Whole weights to whole cents; `total` is the sum of the weights, 0 only when there are none."""
    base = {who: cents * weight // total for who, weight in weights.items()}
    order = sorted(weights, key=lambda who: (-(cents * weights[who] % total), -weights[who], who))
    extra = set(order[: cents - sum(base.values())])
    return {
        who: Part(Fraction(cents * weight, total), int(who in extra), base[who] + int(who in extra))
        for who, weight in weights.items()
    }


def exact_sum(values: Iterable[Fraction]) -> Fraction:
    """Sum over one common denominator: adding fractions one by one would reduce each time."""
    known = list(values)
    common = lcm(*(value.denominator for value in known))
    return Fraction(sum(int(value * common) for value in known), common)
