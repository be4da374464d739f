"""Spearman's rho and its intervals against statpsych's numbers and SciPy (METRICS.md A25)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics.correlation import bonett_wright, spearman

#: A25 [PUB]: the example of Bonett's ci.spear (R package statpsych).
Y = [21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19]
X = [67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51]


def random_pairs(n, tilt, seed=1):
    x = np.random.default_rng(seed).normal(size=n)
    return x, tilt * x + np.random.default_rng(seed + 1).normal(size=n)


def test_statpsych_example():
    """A25 [PUB]."""
    found = spearman(X, Y)
    assert found is not None
    assert round(found.rho, 7) == 0.8699639
    error, low, high = bonett_wright(found.rho, 15)
    assert (round(error, 8), round(low, 7), round(high, 7)) == (0.08241326, 0.5840951, 0.9638297)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=25, max_size=40))
def test_rho_is_scipys(pairs):
    """Ties included."""
    x, y = zip(*pairs, strict=True)
    found = spearman(x, y)
    if len(set(x)) > 1 < len(set(y)):
        assert found is not None
        assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic)
        assert found.low <= found.rho + 1e-12 and found.rho - 1e-12 <= found.high
    else:
        assert found is None, "what does not vary has no rank correlation"


@pytest.mark.parametrize(
    ("n", "tilt", "method"),
    [
        pytest.param(24, 0.5, "bootstrap", id="few-pairs"),
        pytest.param(25, 0.5, "bonett_wright", id="enough-pairs"),
        pytest.param(60, 9.0, "bootstrap", id="close-to-one"),
        pytest.param(60, -9.0, "bootstrap", id="close-to-minus-one"),
    ],
)
def test_which_interval(n, tilt, method):
    x, y = random_pairs(n, tilt)
    found = spearman(x, y)
    assert found is not None
    assert (found.method, found.n) == (method, n)
    if method == "bonett_wright":
        assert (found.standard_error, found.low, found.high) == bonett_wright(found.rho, n)


def test_bootstrap_is_scipys_but_for_the_dice():
    x, y = random_pairs(20, 1.0)
    found = spearman(x, y)
    scipys = stats.bootstrap(
        (x, y),
        lambda a, b: stats.spearmanr(a, b).statistic,
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="percentile",
        rng=np.random.default_rng(7),
    )
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(scipys.confidence_interval), abs=0.03)
    assert found.standard_error == pytest.approx(scipys.standard_error, abs=0.01)


def test_the_order_of_the_pairs_changes_nothing():
    x, y = random_pairs(20, 0.7)
    strata = np.arange(20) % 3
    shuffled = np.random.default_rng(9).permutation(20)
    assert spearman(x, y, strata) == spearman(x[shuffled], y[shuffled], strata[shuffled])


def test_simpsons_reversal_is_seen_within_the_strata():
    """In either stratum the more of one the less of the other; the strata differ in both."""
    x = np.concatenate([np.arange(20), np.arange(20) + 100])
    y = np.concatenate([-np.arange(20), 200 - np.arange(20)])
    whole, within = spearman(x, y), spearman(x, y, ["a"] * 20 + ["b"] * 20)
    assert whole is not None and within is not None
    assert whole.rho > 0.4
    assert within.rho == pytest.approx(-1)
    assert (within.low, within.high) == pytest.approx((-1, -1))


def test_strata_count_by_their_pairs():
    """Ranks over size + 1, pooled, by hand: in a the ranks agree (1/3 and 2/3), in b they are 1 2 3 against 1 3 2."""
    found = spearman([1, 2, 7, 8, 9], [5, 6, 1, 3, 2], ["a", "a", "b", "b", "b"])
    part_a, all_a, part_b, all_b = 2 / 36, 2 / 36, 1 / 16, 2 / 16
    assert found is not None
    assert found.rho == pytest.approx((part_a + part_b) / (all_a + all_b))


def test_strata_of_one_pair_say_nothing_and_each_stratum_costs_a_pair():
    x, y = random_pairs(40, 0.5)
    strata = np.array(["a", "b"] * 20, dtype=object)
    found = spearman([*x, 99], [*y, 99], [*strata, "alone"])
    assert found is not None
    assert found.n == 40
    assert (found.standard_error, found.low, found.high) == bonett_wright(found.rho, 40, 2)
    assert bonett_wright(0.3, 40, 2) == bonett_wright(0.3, 39)
    assert spearman([1, 2], [1, 2], ["a", "b"]) is None


def test_strata_are_resampled_apart():
    """Between strata all agrees; were pairs drawn across them, the interval would be narrow about 1."""
    x, y = random_pairs(24, 0.0)
    strata = np.arange(24) // 12
    found = spearman(x + 100 * strata, y + 100 * strata, strata)
    apart = spearman(x, y, strata)
    assert found == apart


@pytest.mark.parametrize("n", [3, 0])
def test_too_few_pairs_have_no_closed_interval(n):
    assert all(math.isnan(number) for number in bonett_wright(0.5, n))


def test_certainty_has_no_width_and_no_division_by_nought():
    assert bonett_wright(-1.0, 30) == (0.0, -1.0, -1.0)


def test_no_pairs_at_all():
    assert spearman([], []) is None
