"""Whole units divided in proportion to exact weights, nothing lost and nothing made.

What belongs here: the arithmetic alone. Whose weights they are, and what happens to the cents, is said in
`pipeline.analyses.royalty_weights`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import NamedTuple


class Part(NamedTuple):
    """One part: the whole cents, the cent of them that rounding added (0 or 1), and the exact quota, not reduced."""

    cents: int
    rounding_cents: int
    quota_numerator: int
    quota_denominator: int
    is_capped: bool = False


def whole_weights(weights: Mapping[str, Fraction]) -> dict[str, int]:
    """The weights as whole numbers in the same proportions: over their least common denominator."""
    common = lcm(*{weight.denominator for weight in weights.values()})
    return {who: weight.numerator * (common // weight.denominator) for who, weight in weights.items()}


def share_out(pool_cents: int, weights: Mapping[str, Fraction], cap_share: Fraction = Fraction(1)) -> dict[str, Part]:
    """Divide the pool in proportion to the weights, in whole cents that add up to it exactly.

    Largest remainder (Hamilton): each quota rounded down, the cents left over to the largest fractions; of equal ones
    to the larger quota, then to the smaller id. Nobody gets more than `cap_share` of the pool: who would is fixed
    there, and the rest is divided anew among the others (water-filling). If the cap leaves cents that nobody may take,
    all get equal parts. No positive weight: nothing is given.
    """
    whole = {who: weight for who, weight in whole_weights(weights).items() if weight > 0}
    parts = {who: Part(0, 0, 0, 1) for who in weights}
    if not whole:
        return parts
    cap = int(cap_share * pool_cents)
    if cap * len(whole) < pool_cents:
        equal = _largest_remainder(pool_cents, dict.fromkeys(whole, 1), len(whole))
        return parts | {who: part._replace(is_capped=True) for who, part in equal.items()}
    left = pool_cents
    total = sum(whole.values())
    while over := [who for who, weight in whole.items() if left * weight > cap * total]:
        for who in over:
            parts[who] = Part(cap, 0, cap, 1, is_capped=True)
            total -= whole.pop(who)
            left -= cap
    return parts | _largest_remainder(left, whole, total)


def _largest_remainder(cents: int, weights: Mapping[str, int], total: int) -> dict[str, Part]:
    """Whole weights to whole cents; `total` is the sum of the weights, 0 only when there are none."""
    quotas = {who: divmod(cents * weight, total) for who, weight in weights.items()}
    order = sorted(weights, key=lambda who: (-quotas[who][1], -weights[who], who))
    extra = set(order[: cents - sum(floor for floor, _ in quotas.values())])
    return {
        who: Part(quotas[who][0] + (who in extra), int(who in extra), cents * weight, total)
        for who, weight in weights.items()
    }
