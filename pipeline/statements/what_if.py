"""What a seller's part of the pool would have been with other answers or ratings, for all sellers of a period at once.

What belongs here: the arithmetic of `pipeline.analyses.royalty_why.counterfactual`, brought down from a whole
division of the pool for each seller to a few multiplications. The definition is that module's; tests hold the two
together.

A changed seller moves the marketplace's mean rating C and its share of answers r, and with them every weight. But
each weight is g (m C + p) (k r + y) with g, p and y of its seller alone, so their sum for any C and r comes from four
sums made once. Whole numbers over one common denominator; no float. The cent that the largest remainder adds is not
told: that alone would need everybody's fractions, so a result is the exact quota rounded to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from pipeline.analyses.royalty_rules import RoyaltyRules
from pipeline.analyses.royalty_weights import Market, Seller, factors
from pipeline.analyses.royalty_why import Change


class _Sums(NamedTuple):
    """Over a common denominator, the sums of g, g y, g p and g p y."""

    plain: int
    by_answers: int
    by_stars: int
    by_both: int


class WhatIf:
    """One period's pool, ready to be divided with one seller's figures changed."""

    def __init__(self, sellers: Iterable[Seller], market: Market, pool_cents: int, rules: RoyaltyRules) -> None:
        self._people = {seller.seller_id: seller for seller in sellers}
        self._market, self._pool_cents, self._rules = market, pool_cents, rules
        self._taking_part = {
            who: seller
            for who, seller in self._people.items()
            if factors(seller, market, rules).reason is None
            # Without a prior, one star from everybody is a weight of 0 in any marketplace.
            and (rules.prior_ratings or seller.rating_sum > seller.rating_count)
        }
        self._largest_first = sorted(self._taking_part.values(), key=lambda seller: -seller.base_cents)
        self._below = {who: self._denominator(seller) for who, seller in self._taking_part.items()}
        self._common = lcm(*self._below.values())
        terms = [self._terms(seller) for seller in self._taking_part.values()]
        self._sums = _Sums(*(sum(column) for column in zip(*terms, strict=True))) if terms else _Sums(0, 0, 0, 0)

    def cents(self, seller_id: str, change: Change) -> int:
        """The seller's part of the pool with the change, all other sellers' figures as they were."""
        mine, market = self._changed(self._people[seller_id], change)
        made = factors(mine, market, self._rules)
        if not made.weight or not self._pool_cents:
            return 0
        before = self._taking_part.get(seller_id)
        total = self._total(market) + made.weight
        if before:
            total -= factors(before, market, self._rules).weight
        return self._part(mine, made.weight, total, market)

    def _changed(self, mine: Seller, change: Change) -> tuple[Seller, Market]:
        more, stars = change.five_star_ratings, 5 * change.five_star_ratings
        unanswered = mine.mature - mine.answered if change.answers_all else 0
        market = self._market
        return (
            replace(
                mine,
                rating_sum=mine.rating_sum + stars,
                rating_count=mine.rating_count + more,
                answered=mine.answered + unanswered,
            ),
            Market(market.rating_sum + stars, market.rating_count + more, market.answered + unanswered, market.mature),
        )

    def _denominator(self, seller: Seller) -> int:
        answers_due = self._rules.prior_responses + seller.mature if self._market.mature else 1
        return 8 * (self._rules.prior_ratings + seller.rating_count) * answers_due

    def _terms(self, seller: Seller) -> _Sums:
        scaled = seller.base_cents * (self._common // self._below[seller.seller_id])
        stars = seller.rating_sum - self._rules.prior_ratings - seller.rating_count
        answers = self._rules.prior_responses + seller.mature + seller.answered if self._market.mature else 2
        return _Sums(scaled, scaled * answers, scaled * stars, scaled * stars * answers)

    def _total(self, market: Market) -> Fraction:
        """All weights together, the changed seller's as it was, at a marketplace's mean and share."""
        mean = self._rules.prior_ratings * Fraction(market.rating_sum, market.rating_count)
        answers = self._rules.prior_responses * Fraction(market.answered, market.mature) if market.mature else 0
        sums = self._sums
        above = mean * answers * sums.plain + mean * sums.by_answers + answers * sums.by_stars + sums.by_both
        return above / self._common

    def _part(self, mine: Seller, weight: Fraction, total: Fraction, market: Market) -> int:
        """The water-filling of `share_out` for one seller: whoever would get more than the cap is fixed there.

        A weight is never above its net sales, so that only the largest sellers need be looked at.
        """
        cap, left = int(Fraction(self._rules.cap_share) * self._pool_cents), self._pool_cents
        others = len(self._taking_part) - (mine.seller_id in self._taking_part)
        if cap * (others + 1) < left:
            return _rounded(Fraction(left, others + 1))
        fixed: set[str] = set()
        while True:
            over = []
            if left * weight > cap * total:
                return cap
            for seller in self._largest_first:
                if left * seller.base_cents <= cap * total:
                    break
                if seller.seller_id not in fixed and seller.seller_id != mine.seller_id:
                    its = factors(seller, market, self._rules).weight
                    if left * its > cap * total:
                        over.append((seller.seller_id, its))
            if not over:
                return _rounded(left * weight / total)
            fixed.update(who for who, _ in over)
            total -= sum((its for _, its in over), Fraction(0))
            left -= cap * len(over)


def _rounded(cents: Fraction) -> int:
    """To the whole cent, half up; never negative here."""
    return (2 * cents.numerator + cents.denominator) // (2 * cents.denominator)
