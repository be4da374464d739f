"""Who gets how much of a pool: the weights of METRICS.md A24 as exact fractions, and the pool divided by them.

What belongs here: pure arithmetic on the figures of one period. Dividing whole cents is
`pipeline.statistics.apportionment`; what a seller is paid of it, and what is carried, is
`pipeline.analyses.royalty_books`. No float on the way: cents are integers, all else a Fraction until it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from pipeline.analyses.royalty_rules import RoyaltyRules
from pipeline.statistics.apportionment import Part, share_out, whole_weights


class Market(NamedTuple):
    """What all sellers of a period share: the marketplace's ratings of 12 months and its answers within 48 hours."""

    rating_sum: int = 0
    rating_count: int = 0
    answered: int = 0
    mature: int = 0


@dataclass(frozen=True)
class Seller:
    """One seller's figures for a period. `opening_debit_cents` (<= 0): refunds of earlier periods above their sales."""

    seller_id: str
    net_sales_cents: int = 0
    rating_sum: int = 0
    rating_count: int = 0
    answered: int = 0
    mature: int = 0
    is_in_good_standing: bool = True
    opening_debit_cents: int = 0

    @property
    def base_cents(self) -> int:
        """What the weight is reckoned from: net sales after the debit of earlier refunds, never negative."""
        return max(0, self.net_sales_cents + self.opening_debit_cents)

    @property
    def closing_debit_cents(self) -> int:
        """What is left of refunds to be set against the next period's net sales, never positive."""
        return min(0, self.net_sales_cents + self.opening_debit_cents)


class Factors(NamedTuple):
    """A seller's weight and what it is made of, exact. `reason` says why a weight is 0; None: the seller takes part.

    Kept as whole numbers, not reduced: a factor is made a Fraction only where somebody reads it.
    """

    weight: Fraction
    reason: str | None
    stars: int
    ratings: int
    answered: int
    due: int

    @property
    def bayes_mean(self) -> Fraction | None:
        """B = (m C + sum) / (m + n); None where the marketplace has no rating at all."""
        return Fraction(self.stars, self.ratings) if self.ratings else None

    @property
    def quality(self) -> Fraction | None:
        """q = (B - 1) / 4."""
        return Fraction(self.stars - self.ratings, 4 * self.ratings) if self.ratings else None

    @property
    def response_share(self) -> Fraction | None:
        """rho = (k r0 + answered) / (k + mature); None where nobody was to answer anything."""
        return Fraction(self.answered, self.due) if self.due else None

    @property
    def engagement(self) -> Fraction:
        """e = 1/2 + 1/2 rho; 1 for all where nobody was to answer anything."""
        return Fraction(self.due + self.answered, 2 * self.due) if self.due else Fraction(1)


class Shares(NamedTuple):
    """A pool divided: what was released of it, and each seller with the factors and the part, ordered by id."""

    pool_cents: int
    sellers: list[Seller]
    factors: dict[str, Factors]
    parts: dict[str, Part]


def factors(seller: Seller, market: Market, rules: RoyaltyRules) -> Factors:
    """The weight S × q × e of METRICS.md A24 and its factors; 0 with a reason for a seller who takes no part."""
    stars = ratings = answered = due = 0
    if market.rating_count:
        stars = rules.prior_ratings * market.rating_sum + seller.rating_sum * market.rating_count
        ratings = market.rating_count * (rules.prior_ratings + seller.rating_count)
    if market.mature:
        answered = rules.prior_responses * market.answered + seller.answered * market.mature
        due = market.mature * (rules.prior_responses + seller.mature)
    reason = _reason(seller, rules)
    if reason or not ratings:
        weight = Fraction(0)
    elif due:
        weight = Fraction(seller.base_cents * (stars - ratings) * (due + answered), 8 * ratings * due)
    else:
        weight = Fraction(seller.base_cents * (stars - ratings), 4 * ratings)
    return Factors(weight, reason, stars, ratings, answered, due)


def _reason(seller: Seller, rules: RoyaltyRules) -> str | None:
    if seller.base_cents == 0:
        return "no_net_sales"
    if seller.rating_count < rules.minimum_ratings:
        return "too_few_ratings"
    if not seller.is_in_good_standing:
        return "not_in_good_standing"
    return None


def divide(sellers: Iterable[Seller], market: Market, pool_cents: int, rules: RoyaltyRules) -> Shares:
    """The pool divided by the weights; the parts add up to it. When nobody takes part, no pool is released: it is
    0."""
    people = sorted(sellers, key=lambda seller: seller.seller_id)
    made = {seller.seller_id: factors(seller, market, rules) for seller in people}
    weights = {who: factor.weight for who, factor in made.items()}
    released = pool_cents if any(weights.values()) else 0
    return Shares(released, people, made, share_out(released, weights, Fraction(rules.cap_share)))


def with_debits(sellers: Iterable[Seller], debits: Mapping[str, int]) -> list[Seller]:
    """The sellers of a period with the debits that they bring into it, and those who were idle but still have one."""
    known = list(sellers)
    there = {seller.seller_id for seller in known}
    return [
        replace(seller, opening_debit_cents=debits[seller.seller_id]) if seller.seller_id in debits else seller
        for seller in known
    ] + [Seller(who, opening_debit_cents=debit) for who, debit in debits.items() if who not in there]


def closing_debits(sellers: Iterable[Seller]) -> dict[str, int]:
    """The debits that the sellers take into the next period; who has none is left out."""
    return {seller.seller_id: debit for seller in sellers if (debit := seller.closing_debit_cents)}


def explain(shares: Shares, market: Market, rules: RoyaltyRules) -> dict[str, dict[str, Any]]:
    """Each seller's part with every factor and rule that it is made of, named as the columns of `metrics.royalties`."""
    weights = whole_weights({who: factor.weight for who, factor in shares.factors.items()})
    ranked = sorted(weights, key=lambda who: (-shares.parts[who].cents, -weights[who], who))
    ranks = {who: rank for rank, who in enumerate(ranked, start=1)}
    total = sum(weights.values()) or 1
    common = {
        "market_rating_sum": market.rating_sum,
        "market_rating_count": market.rating_count,
        "prior_ratings": rules.prior_ratings,
        "market_answered": market.answered,
        "market_mature": market.mature,
        "prior_responses": rules.prior_responses,
        "minimum_ratings": rules.minimum_ratings,
        "minimum_payout_cents": rules.minimum_payout_cents,
        "cap_share": rules.cap_share,
        "pool_cents": shares.pool_cents,
    }
    return {
        seller.seller_id: common
        | _explained(seller, shares.factors[seller.seller_id], shares.parts[seller.seller_id])
        | {"rank": ranks[seller.seller_id], "share": _decimal(weights[seller.seller_id], total, 15)}
        for seller in shares.sellers
    }


def _explained(seller: Seller, factor: Factors, part: Part) -> dict[str, Any]:
    return {
        "seller_id": seller.seller_id,
        "reason": factor.reason,
        "is_in_good_standing": seller.is_in_good_standing,
        "net_sales_cents": seller.net_sales_cents,
        "opening_debit_cents": seller.opening_debit_cents,
        "base_cents": seller.base_cents,
        "rating_sum": seller.rating_sum,
        "rating_count": seller.rating_count,
        "bayes_mean": _read(factor.bayes_mean),
        "quality": _read(factor.quality),
        "answered": seller.answered,
        "mature": seller.mature,
        "response_share": _read(factor.response_share),
        "engagement": _read(factor.engagement),
        "weight": _read(factor.weight),
        "weight_fraction": f"{factor.weight.numerator}/{factor.weight.denominator}",
        "quota_cents": _decimal(part.quota_numerator, part.quota_denominator, 9),
        "is_capped": part.is_capped,
        "rounding_cents": part.rounding_cents,
        "allocation_cents": part.cents,
        "closing_debit_cents": seller.closing_debit_cents,
    }


def _read(value: Fraction | None) -> Decimal | None:
    """A factor for reading."""
    return None if value is None else _decimal(value.numerator, value.denominator, 12)


def _decimal(numerator: int, denominator: int, places: int) -> Decimal:
    """A ratio that is not negative, rounded half up to so many places."""
    units = (2 * numerator * 10**places + denominator) // (2 * denominator)
    return Decimal(f"{units // 10**places}.{units % 10**places:0{places}d}")
