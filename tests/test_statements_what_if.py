"""The quick what-ifs against the whole division of the pool that they stand for."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.analyses.royalty_rules import Pool, RoyaltyRules
from pipeline.analyses.royalty_weights import Market, Seller
from pipeline.analyses.royalty_why import Change, counterfactual
from pipeline.statements.what_if import WhatIf

#: A busy machine is no defect.
unhurried = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CHANGES = [Change(five_star_ratings=10), Change(answers_all=True), Change(3, True)]


@st.composite
def sellers(draw):
    people = []
    for number in range(draw(st.integers(1, 12))):
        ratings = draw(st.integers(0, 40))
        mature = draw(st.integers(0, 30))
        people.append(
            Seller(
                f"S{number}",
                draw(st.integers(-500, 1_000_000)),
                draw(st.integers(ratings, 5 * ratings)),
                ratings,
                draw(st.integers(0, mature)),
                mature,
                draw(st.sampled_from([True, True, True, False])),
                draw(st.sampled_from([0, 0, -1000])),
            )
        )
    return people


def market_of(people):
    names = ("rating_sum", "rating_count", "answered", "mature")
    return Market(*(sum(getattr(person, name) for person in people) for name in names))


@unhurried
@given(
    people=sellers(),
    cap=st.sampled_from(["1", "0.5", "0.25", "0.1", "0.02"]),
    prior=st.sampled_from([20, 0]),
    pool=st.sampled_from([1_000_000, 997]),
)
def test_a24_every_what_if_is_the_whole_division_to_the_cent(people, cap, prior, pool):
    rules = RoyaltyRules(pool=Pool(kind="fixed", amount_cents=pool), cap_share=Decimal(cap), prior_ratings=prior)
    market = market_of(people)
    if not any(counterfactual(people, market, pool, rules, p.seller_id, Change()).from_cents for p in people):
        return  # nobody takes part: no pool is released, and there is nothing to say
    quick = WhatIf(people, market, pool, rules)
    for seller in people:
        for change in CHANGES:
            whole = counterfactual(people, market, pool, rules, seller.seller_id, change).to_cents
            assert abs(quick.cents(seller.seller_id, change) - whole) <= 1


@pytest.mark.parametrize("change", CHANGES)
def test_an_empty_pool_gives_nothing(change):
    rules = RoyaltyRules(pool=Pool(kind="fixed", amount_cents=0))
    assert WhatIf([Seller("A", 1000, 40, 10)], Market(40, 10, 0, 0), 0, rules).cents("A", change) == 0
