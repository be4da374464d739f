"""The intervals against the numbers that their sources print (METRICS.md A1, A3, A6, A13, A29, A30)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics import intervals


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high", "places"),
    [
        pytest.param(74, 107, 0.5987, 0.7712, 4, id="A3-PUB-Delighted"),
        pytest.param(120, 300, 0.346165, 0.456363, 6, id="A6-PUB-statpsych-without-correction"),
        pytest.param(7, 9, 0.453, 0.937, 3, id="A13-OWN-mature-rate"),
        pytest.param(328, 400, 0.7794, 0.8545, 4, id="A30-OWN-baseline"),
    ],
)
def test_wilson(successes, trials, low, high, places):
    got_low, got_high = intervals.wilson(successes, trials)
    assert float(got_low) == pytest.approx(low, abs=0.6 * 10**-places)
    assert float(got_high) == pytest.approx(high, abs=0.6 * 10**-places)


@pytest.mark.parametrize(
    ("up", "down", "bound"),
    [pytest.param(209, 50, 0.7545, id="A6-PUB-209-50"), pytest.param(118, 25, 0.7546, id="A6-PUB-118-25")],
)
def test_wilson_lower_bound_sorts_by_rating(up, down, bound):
    low, _ = intervals.wilson(up, up + down)
    assert round(float(low), 4) == bound


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        pytest.param("wilsoncc", 0.3445577, 0.4580464, id="A6-PUB-statpsych-with-correction"),
        pytest.param("exact", 0.3441290, 0.4578664, id="A6-PUB-statpsych-exact"),
    ],
)
def test_scipy_has_the_other_intervals_of_a_proportion(method, low, high):
    """A6 [PUB]: wider than ours, as they hold 95 % at the least; no metric needs them, so there is no code of ours."""
    limits = stats.binomtest(120, 300).proportion_ci(method=method)
    assert (limits.low, limits.high) == pytest.approx((low, high), abs=1e-6)
    our_low, our_high = intervals.wilson(120, 300)
    assert limits.low < float(our_low) and float(our_high) < limits.high


def test_poisson_ratio_rests_on_the_adjusted_wald_interval():
    """A6 [PUB], statpsych's ci.prop(.05, 120, 300): adjusted Wald 0.4013158 [0.3462156, 0.4564160]. As a share of the
    whole, limits of a ratio r of two counts are r / (1 + r)."""
    low, high = (float(limit) / (1 + float(limit)) for limit in intervals.poisson_ratio(120, 180))
    assert (round(low, 7), round(high, 7), round((low + high) / 2, 7)) == (0.3462156, 0.4564160, 0.4013158)


def test_wilson_touches_the_ends_exactly_and_knows_no_trials():
    low, high = intervals.wilson([0, 5, 0], [5, 5, 0])
    assert (low[0], high[1]) == (0.0, 1.0)
    assert np.isnan(low[2]) or np.isnan(high[2])


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "low", "high"),
    [
        pytest.param(162, 108, 54, 24.945, 41.110, id="A1-OWN-324-answers"),
        # The plain Wald interval would be [100, 100] here: no width at all for ten answers.
        pytest.param(10, 0, 0, 47.50, 100.0, id="A1-OWN-clipped"),
    ],
)
def test_nps_adjusted_wald(promoters, passives, detractors, low, high):
    got_low, got_high = intervals.nps(promoters, passives, detractors)
    assert float(got_low) == pytest.approx(low, abs=0.005)
    assert float(got_high) == pytest.approx(high, abs=0.0005)


def test_nps_of_nobody_is_unknown():
    low, high = intervals.nps([0], [0], [0])
    assert np.isnan(low).all() and np.isnan(high).all()


def test_nps_standard_error_and_margin():
    """A1: variance 5/9 [PUB], SE 4.1409, margin 8.1159 and the plain Wald limits [OWN]."""
    error = float(intervals.nps_standard_error(162, 108, 54))
    assert (error / 100) ** 2 * 324 == pytest.approx(5 / 9)
    assert round(error, 4) == 4.1409
    margin = intervals.Z * error
    assert round(margin, 4) == 8.1159
    assert (round(100 / 3 - margin, 3), round(100 / 3 + margin, 3)) == (25.217, 41.449)


def test_the_change_of_two_scores_has_both_errors():
    """A1: SE_diff = sqrt(SE1² + SE2²)."""
    first, second = intervals.nps_standard_error([162, 40], [108, 30], [54, 30])
    assert float(np.hypot(first, second)) == pytest.approx((first**2 + second**2) ** 0.5)


@pytest.mark.parametrize(
    ("events", "base", "scale", "ratio", "low", "high", "tolerance"),
    [
        pytest.param(19, 5, 40.5 / 30, 5.13, 1.939576, 13.71481, 1e-5, id="A29-PUB-statpsych"),
        pytest.param(115, 100, 1.0, 1.15, 0.880, 1.502, 5e-4, id="A29-OWN-115-100"),
        pytest.param(1150, 1000, 1.0, 1.15, 1.057, 1.252, 5e-4, id="A29-OWN-1150-1000"),
    ],
)
def test_ratio_of_poisson_counts(events, base, scale, ratio, low, high, tolerance):
    got_low, got_high = (float(limit) * scale for limit in intervals.poisson_ratio(events, base))
    assert events / base * scale == pytest.approx(ratio)
    assert got_low == pytest.approx(low, abs=tolerance)
    assert got_high == pytest.approx(high, abs=tolerance)


def test_ratio_to_nothing_is_unknown():
    low, high = intervals.poisson_ratio([3], [0])
    assert np.isnan(low).all() and np.isnan(high).all()


@given(st.integers(0, 100_000))
def test_poisson_limits_leave_two_and_a_half_per_cent_on_either_side(events):
    """Garwood's definition itself: P(X >= k | low) = P(X <= k | high) = 2.5 %."""
    low, high = (float(limit) for limit in intervals.poisson(events))
    assert float(stats.poisson.cdf(events, high)) == pytest.approx(0.025, rel=1e-6)
    if events:
        assert float(stats.poisson.sf(events - 1, low)) == pytest.approx(0.025, rel=1e-6)
    else:
        assert low == 0


def test_poisson_rate_is_per_exposure():
    counts, rates = intervals.poisson(8), intervals.poisson(8, 4)
    assert [float(limit) for limit in rates] == [float(limit) / 4 for limit in counts]


def test_mean_t_is_scipys():
    sample = np.array([5, 4, 4, 1, 5, 3.0])
    low, high = intervals.mean_t(sample.mean(), sample.var(ddof=1), sample.size)
    expected = stats.t.interval(0.95, sample.size - 1, sample.mean(), stats.sem(sample))
    assert (float(low), float(high)) == pytest.approx(expected)


def test_mean_of_one_has_no_interval():
    low, high = intervals.mean_t([4.0], [np.nan], [1])
    assert np.isnan(low).all() and np.isnan(high).all()
