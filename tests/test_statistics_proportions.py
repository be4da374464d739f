"""Compared proportions and those of a known population, against published and hand-worked numbers."""

import duckdb
import numpy as np
import pytest
from scipy import stats

from pipeline.statistics.intervals import Z
from pipeline.statistics.proportions import contrast, difference_in_differences
from pipeline.warehouse import prepare_schemas


def rounded(estimate, digits=7):
    return tuple(round(float(part), digits) for part in estimate)


@pytest.fixture(scope="module")
def limits():
    """Both limits of a share of a finite population, by the macro that the SQL uses."""
    with duckdb.connect() as con:
        prepare_schemas(con)
        sql = (
            "select stats.finite_population_limit($k, $n, $size, -$z), stats.finite_population_limit($k, $n, $size, $z)"
        )
        yield lambda k, n, size: con.execute(sql, {"k": k, "n": n, "size": size, "z": Z}).fetchone()


def test_a28_pub_share_of_a_finite_population(limits):
    """A28 [PUB] statpsych ci.prop.fpc(.05, 61, 75, 415): 0.7974684, s.e. 0.04097594."""
    low, high = limits(61, 75, 415)
    assert (round(low, 6), round(high, 7)) == (0.717157, 0.8777797)
    assert (round((low + high) / 2, 7), round((high - low) / 2 / Z, 8)) == (0.7974684, 0.04097594)


@pytest.mark.parametrize(
    ("successes", "trials", "population"),
    [
        pytest.param(61, 75, 75, id="a-census-has-no-error"),
        pytest.param(0, 0, 10, id="nobody-asked"),
        pytest.param(5, 11, 10, id="more-asked-than-there-are"),
    ],
)
def test_a_sample_without_error_has_no_limits(limits, successes, trials, population):
    assert limits(successes, trials, population) == (None, None)


def test_a30_pub_difference_of_two_shares():
    """A30 [PUB] statpsych ci.prop2(.05, 57, 15, 100, 100)."""
    value, _, low, high = rounded(contrast((57, 15), (100, 100), (1, -1)))
    assert (value, low, high) == (0.4117647, 0.2925215, 0.5310079)


def test_a_contrast_of_three_shares():
    """[MEM] statpsych ci.lc.prop.bs: 26, 24 and 38 of 60 with weights -1/2, -1/2, 1."""
    value, error, low, high = rounded(contrast((26, 24, 38), (60, 60, 60), (-0.5, -0.5, 1)))
    assert (value, round(error, 8), round(low, 8), high) == (0.2119565, 0.0760289, 0.0629426, 0.3609705)


def test_a_share_without_weight_adds_nothing_to_the_others():
    assert rounded(contrast((57, 15, 9), (100, 100, 10), (1, -1, 0))) == rounded(
        contrast((57, 15), (100, 100), (1, -1))
    )


def test_differences_are_vectorized_and_need_cases_on_both_sides():
    value, error, _, _ = contrast([(57, 15), (0, 5), (5, 0)], [(100, 100), (0, 10), (10, 10)], (1, -1))
    assert round(float(value[0]), 7) == 0.4117647
    assert np.isnan(value[1]) and np.isnan(error[1])
    assert value[2] == pytest.approx(6 / 12 - 1 / 12)


#: Sellers: answered and mature before, answered and mature after. The first three took part.
SELLERS = np.array([[5, 10, 9, 10], [8, 20, 15, 20], [7, 10, 9, 10], [6, 10, 7, 10], [14, 20, 12, 20], [8, 10, 8, 10]])
TRAINED = np.array([True, True, True, False, False, False])


def test_difference_in_differences_by_hand():
    """Before 20/40, after 33/40: +0.325. The others 28/40 and 27/40: -0.025. So 0.35.

    Linearised parts (times 40): participants (9 - 8.25) - (5 - 5) = 0.75, (15 - 16.5) - (8 - 10) = 0.5,
    (9 - 8.25) - (7 - 5) = -1.25; others 0.25 + 1 = 1.25, -1.5 - 0 = -1.5, 1.25 - 1 = 0.25. Sum of squares 2.375 and
    3.875, each times 3/2 over 1600. Independent cases would have a larger error, which is then taken.
    """
    estimate = difference_in_differences(*SELLERS.T, TRAINED)
    assert float(estimate.value) == pytest.approx(0.35)
    between = np.array([2.375, 3.875]) * 1.5 / 1600
    independent = contrast((20, 33, 28, 27), (40, 40, 40, 40), (-1, 1, 1, -1)).standard_error
    assert np.sqrt(between.sum()) < independent
    assert float(estimate.standard_error) == pytest.approx(float(independent))
    degrees = between.sum() ** 2 / (between**2 / 2).sum()
    half = stats.t.ppf(0.975, degrees) * float(independent)
    assert (float(estimate.low), float(estimate.high)) == (pytest.approx(0.35 - half), pytest.approx(0.35 + half))


def test_sellers_that_differ_widen_the_limits():
    """One of four participants stops answering altogether: 100 cases of one seller are not 100 independent ones."""
    sellers = np.array([[90, 100, 2, 100], [90, 100, 92, 100], [90, 100, 91, 100], [90, 100, 90, 100]])
    both = np.concatenate([sellers, [[90, 100, 90, 100], [88, 100, 90, 100], [90, 100, 89, 100]]])
    estimate = difference_in_differences(*both.T, np.arange(7) < 4)
    parts = np.array([2 - 68.75, 92 - 68.75, 91 - 68.75, 90 - 68.75]) / 400
    others = np.array([0, 2, -1]) - 1 / 3
    variance = 4 / 3 * (parts**2).sum() + 3 / 2 * ((others / 300) ** 2).sum()
    assert float(estimate.standard_error) == pytest.approx(np.sqrt(variance))
    assert float(estimate.standard_error) > 3 * float(
        contrast((360, 275, 268, 269), (400, 400, 300, 300), (-1, 1, 1, -1)).standard_error
    )


def test_sellers_that_all_do_alike_are_not_certain():
    """No variance between units: the error of independent cases stands, with the normal quantile."""
    alike = np.array([[10, 10, 10, 10]] * 6)
    estimate = difference_in_differences(*alike.T, TRAINED)
    independent = float(contrast((30, 30, 30, 30), (30, 30, 30, 30), (-1, 1, 1, -1)).standard_error)
    assert (float(estimate.value), float(estimate.high)) == (0, pytest.approx(Z * independent))
    assert independent > 0


def test_the_order_of_the_sellers_means_nothing():
    shuffled = np.random.default_rng(4).permutation(6)
    one = difference_in_differences(*SELLERS.T, TRAINED)
    other = difference_in_differences(*SELLERS[shuffled].T, TRAINED[shuffled])
    assert rounded(one, 12) == rounded(other, 12)


@pytest.mark.parametrize(
    ("sellers", "treated", "has_value"),
    [
        pytest.param(SELLERS, np.ones(6), False, id="nobody-else"),
        pytest.param(SELLERS * [0, 0, 1, 1], TRAINED, False, id="nothing-before"),
        pytest.param(SELLERS[2:], TRAINED[2:], True, id="one-participant-has-no-variance"),
    ],
)
def test_too_few_for_limits(sellers, treated, has_value):
    value, error, low, high = difference_in_differences(*sellers.T, treated)
    assert np.isfinite(value) == has_value
    assert np.isnan([error, low, high]).all()


def test_the_limits_hold_95_of_100_when_sellers_differ():
    """400 markets of 60 sellers whose own rates wander: true uplift 0. Counting cases as independent would not do."""
    random = np.random.default_rng(17)
    markets, sellers = 400, 60
    cases = random.integers(5, 60, (2, markets, sellers))
    rates = random.beta(8, 2, (2, markets, sellers))
    answered = random.binomial(cases, rates)
    treated = np.arange(sellers) < 30
    held, naive = 0, 0
    for market in range(markets):
        columns = (answered[0, market], cases[0, market], answered[1, market], cases[1, market])
        estimate = difference_in_differences(*columns, treated)
        held += bool(estimate.low <= 0 <= estimate.high)
        sums = [[column[group].sum() for group in (treated, ~treated)] for column in columns]
        counts = np.array([sums[0][0], sums[2][0], sums[0][1], sums[2][1]])
        trials = np.array([sums[1][0], sums[3][0], sums[1][1], sums[3][1]])
        independent = contrast(counts, trials, (-1, 1, 1, -1))
        naive += bool(independent.low <= 0 <= independent.high)
    assert held / markets == pytest.approx(0.95, abs=0.025)
    assert naive / markets < 0.8
