"""Whole cents by the largest remainder, capped by water-filling (METRICS.md A24)."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.statistics.apportionment import share_out

#: A busy machine is no defect.
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("pool", "weights", "cents"),
    [
        pytest.param(7, {"a": 50, "b": 30, "c": 20}, [4, 2, 1], id="A24-OWN-50-30-20"),
        pytest.param(10_000, {"a": 1, "b": 1, "c": 1}, [3334, 3333, 3333], id="A24-OWN-tie-by-id"),
        pytest.param(10, {"a": 6, "b": 6, "c": 2}, [4, 4, 2], id="A24-Alabama-10"),
        pytest.param(11, {"a": 6, "b": 6, "c": 2}, [5, 5, 1], id="A24-Alabama-11"),
        pytest.param(1, {"b": 1, "a": 1}, [1, 0], id="one-cent"),
        pytest.param(0, {"a": 1, "b": 2}, [0, 0], id="empty-pool"),
        pytest.param(100, {"a": 0, "b": 0}, [0, 0], id="no-weights"),
    ],
)
def test_a24_largest_remainder(pool, weights, cents):
    parts = share_out(pool, {who: Fraction(weight) for who, weight in weights.items()})
    assert [parts[who].cents for who in sorted(parts)] == cents


def test_a24_pub_the_remainder_rule():
    """A24 [PUB]: quotas 2.67, 6.92 and 4.17 of 13 seats give 2, 7, 4: the seat left over goes to the largest fraction.

    The three as printed sum to 13.76; with 13 seats to fill after 2 + 6 + 4, the one seat goes to .92 of the second.
    """
    quotas = [Fraction("2.67"), Fraction("6.92"), Fraction("4.17")]
    left = 13 - sum(int(quota) for quota in quotas)
    fractions = sorted(range(3), key=lambda i: int(quotas[i]) - quotas[i])[:left]
    assert [int(quota) + (i in fractions) for i, quota in enumerate(quotas)] == [2, 7, 4]
    parts = share_out(13, dict(zip("abc", quotas, strict=True)))
    assert [parts[who].cents for who in "abc"] == [2, 7, 4], "also as shares of their sum: 2.52, 6.54 and 3.94"


def test_ties_go_to_the_larger_quota_then_to_the_smaller_id():
    """Quotas 2.5 and three of 0.5, two cents left over and four equal fractions: the largest quota has one, then b."""
    parts = share_out(4, {"c": Fraction(5), "b": Fraction(5), "z": Fraction(25), "y": Fraction(5)})
    assert {who: part.cents for who, part in parts.items()} == {"z": 3, "b": 1, "c": 0, "y": 0}
    assert {who: part.rounding_cents for who, part in parts.items()} == {"z": 1, "b": 1, "c": 0, "y": 0}


@pytest.mark.parametrize(
    ("cap", "weights", "cents"),
    [
        pytest.param("0.5", {"a": 90, "b": 6, "c": 4}, [500, 300, 200], id="one-capped"),
        pytest.param("0.4", {"a": 90, "b": 60, "c": 1, "d": 1}, [400, 400, 100, 100], id="one-after-the-other"),
        pytest.param("0.1", {"a": 90, "b": 6, "c": 4}, [334, 333, 333], id="too-few-for-the-cap"),
        pytest.param("1", {"a": 1}, [1000], id="alone"),
    ],
)
def test_a24_the_cap_by_water_filling(cap, weights, cents):
    parts = share_out(1000, {who: Fraction(weight) for who, weight in weights.items()}, Fraction(cap))
    assert [parts[who].cents for who in sorted(parts)] == cents


def test_whoever_comes_to_just_the_cap_is_not_capped():
    parts = share_out(1000, {who: Fraction(1) for who in "abcd"}, Fraction("0.25"))
    assert {(part.cents, part.is_capped) for part in parts.values()} == {(250, False)}


pools = st.integers(0, 10**10)
weights = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.fractions(0, 10**6), min_size=1, max_size=9)


@unhurried
@given(weights, pools, st.integers(1, 10**6))
def test_a24_scaling_all_sales_leaves_the_payouts(by_seller, pool, factor):
    scaled = {who: weight * factor for who, weight in by_seller.items()}
    parts, same = share_out(pool, by_seller), share_out(pool, scaled)
    assert {who: part[:2] for who, part in parts.items()} == {who: part[:2] for who, part in same.items()}


@unhurried
@given(weights, pools, st.data())
def test_a24_a_larger_weight_never_costs_more_than_a_cent(by_seller, pool, data):
    who = data.draw(st.sampled_from(sorted(by_seller)))
    more = by_seller | {who: by_seller[who] + data.draw(st.fractions(0, 10**6))}
    assert share_out(pool, more)[who].cents >= share_out(pool, by_seller)[who].cents - 1


@unhurried
@given(weights, pools)
def test_a24_equal_sellers_differ_by_a_cent_at_most(by_seller, pool):
    parts = share_out(pool, by_seller)
    for who, weight in by_seller.items():
        for other, same in by_seller.items():
            if weight == same:
                assert abs(parts[who].cents - parts[other].cents) <= 1
